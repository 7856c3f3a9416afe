// Finds what an application has in the cluster now, by the name under which every deploy writes.
import type { Api } from '../../cluster/api.ts';
import { listAll } from '../../cluster/list.ts';
import { whereAllowed } from '../../cluster/live-objects.ts';
import { servedKinds } from '../../cluster/served-kinds.ts';
import { ActionError, finding } from '../../core/errors.ts';
import { isPlainGroup, kindsWhere } from '../../kube/kinds.ts';
import { managerOf } from '../../kube/managed-fields.ts';
import { groupOf, type KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';

const kinds = kindsWhere(({ status }) => status === 'always');
const moreKinds = kindsWhere(({ status }) => status === 'where-allowed');

/** A list of a custom kind, whose API may be broken, gets no longer than this. */
const customMs = 5_000;

export interface Deployed {
  readonly api: Api;
  readonly app: string;
  readonly namespace: string | undefined;
  readonly signal?: AbortSignal;
  /** Told what could not be looked at. */
  onLine?(line: string): void;
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
    findCustom(options, manager),
  ]);
  return lists.flatMap((each) => each ?? []);
}

function isWrittenBy({ metadata }: KubeObject, manager: string): boolean {
  return metadata.managedFields?.some((each) => each.manager === manager) ?? false;
}

/** Of kinds that the user's own controllers bring. What may not be listed is not ours to see. */
async function findCustom(options: Deployed, manager: string): Promise<readonly KubeObject[]> {
  const { api, signal } = options;
  const isCustom = (group: string): boolean => !isPlainGroup(group);
  const served = await whereAllowed(servedKinds(api, isCustom, signal), () => undefined);
  const lists = await Promise.all((served ?? []).map((each) => headsOf(each, options)));
  return lists.flat().filter((each) => isWrittenBy(each, manager));
}

async function headsOf(resource: Resource, options: Deployed): Promise<readonly KubeObject[]> {
  const { api, namespace, signal, onLine } = options;
  const late = AbortSignal.timeout(customMs);
  const selection = {
    headsOnly: true,
    signal: signal ? AbortSignal.any([signal, late]) : late,
    ...(namespace !== undefined && resource.namespaced ? { namespace } : {}),
  };
  try {
    const list = await whereAllowed(listAll(api, resource, selection), () => undefined);
    return list?.objects ?? [];
  } catch (error) {
    if (signal?.aborted || !(late.aborted || error instanceof ActionError)) throw error;
    onLine?.(`${resource.plural}.${groupOf(resource.apiVersion)} could not be listed.`);
    return [];
  }
}
