// Which workloads an autoscaler scales, so that their `spec.replicas` is left alone.
import type { Api } from '../../cluster/api.ts';
import { listAll } from '../../cluster/list.ts';
import { whereAllowed } from '../../cluster/live-objects.ts';
import { fieldsAt, textAt } from '../../kube/json.ts';
import { kindRow, resourceOfKind } from '../../kube/kinds.ts';
import { groupOf, type KubeObject } from '../../kube/objects.ts';

const horizontal = resourceOfKind('autoscaling/HorizontalPodAutoscaler');

/** Tells whether one of these autoscalers targets an object. */
export function autoscaledBy(scalers: readonly KubeObject[]): (object: KubeObject) => boolean {
  const targets = new Set(scalers.flatMap((each) => targetOf(each) ?? []));
  return (object) => targets.has(keyOf(object, object.metadata.namespace));
}

/** The live autoscalers of the namespaces; empty, and said once, where they may not be listed. */
export async function liveAutoscalers(
  namespaces: ReadonlySet<string>,
  api: Api,
  onForbidden: (hint: string) => void,
): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(
    [...namespaces].map((namespace) =>
      whereAllowed(listAll(api, horizontal, { namespace }), ({ hint }) => onForbidden(hint)),
    ),
  );
  return lists.flatMap((each) => each?.objects ?? []);
}

/** Whether the object has a number of replicas that an autoscaler could own. */
export function isScalable(object: KubeObject): boolean {
  return kindRow(object).scalable || typeof fieldsAt(object, 'spec')['replicas'] === 'number';
}

function targetOf(scaler: KubeObject): string | undefined {
  if (!kindRow(scaler).scales) return;
  const name = textAt(scaler, 'spec', 'scaleTargetRef', 'name');
  if (!name) return;
  // KEDA's defaults: https://keda.sh/docs/latest/reference/scaledobject-spec/
  const kind = textAt(scaler, 'spec', 'scaleTargetRef', 'kind') ?? 'Deployment';
  const apiVersion = textAt(scaler, 'spec', 'scaleTargetRef', 'apiVersion') ?? 'apps/v1';
  return keyOf({ apiVersion, kind, metadata: { name } }, scaler.metadata.namespace);
}

function keyOf(object: KubeObject, namespace: string | undefined): string {
  const { apiVersion, kind, metadata } = object;
  return [groupOf(apiVersion), kind, namespace ?? '', metadata.name].join('/');
}
