// Finds what an application has in the cluster now, by the name under which every deploy writes.
import type { Api } from '../cluster/api.ts';
import { listAll } from '../cluster/list.ts';
import { whereAllowed } from '../cluster/live-objects.ts';
import { managerOf } from '../cluster/managed-fields.ts';
import type { KubeObject } from '../cluster/objects.ts';
import { ActionError, finding } from '../errors.ts';

// The kinds of the standard library that have a verdict of their own.
const kinds = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Service'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['networking.k8s.io/v1', 'Ingress'],
] as const;

// The same, but an account that may not list them can do without.
const moreKinds = [
  ['v1', 'Pod'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
] as const;

export interface Deployed {
  readonly api: Api;
  readonly app: string;
  readonly namespace: string | undefined;
  readonly signal?: AbortSignal;
}

/** Throws ActionError `input-invalid` without a namespace, `forbidden` where listing is not allowed. */
export async function findDeployed(options: Deployed): Promise<readonly KubeObject[]> {
  const { api, app, namespace, signal } = options;
  if (namespace === undefined) {
    const what = 'Input `namespace` is missing, and the context names none.';
    throw new ActionError(finding('input-invalid', what, { hint: 'Give `namespace`.' }));
  }
  const manager = managerOf(app);
  const listed = async ([apiVersion, kind]: readonly [string, string]) => {
    const resource = await api.resourceOf(apiVersion, kind);
    if (!resource) return [];
    const selection = { namespace, ...(signal ? { signal } : {}) };
    // Not by labels: an object that brings its own keeps them.
    const { objects } = await listAll(api, resource, selection);
    return objects.filter((each) => isWrittenBy(each, manager));
  };
  const lists = await Promise.all([
    ...kinds.map(listed),
    ...moreKinds.map((kind) => whereAllowed(listed(kind), () => undefined)),
  ]);
  return lists.flatMap((each) => each ?? []);
}

function isWrittenBy({ metadata }: KubeObject, manager: string): boolean {
  return metadata.managedFields?.some((each) => each.manager === manager) ?? false;
}
