// A StatefulSet whose template was put back waits for ever for its broken pod: that one is deleted.
// https://github.com/kubernetes/kubernetes/issues/67250

import { deleteByUid } from '../apply/write/delete-object.ts';
import { until } from '../apply/write/gates.ts';
import type { Api } from '../cluster/api.ts';
import { listAll } from '../cluster/list.ts';
import { readOne } from '../cluster/live-objects.ts';
import type { Clock } from '../core/ports.ts';
import { fieldsAt, textAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resource.ts';
import { isPodReady, type Pod, typed } from '../kube/typed.ts';

export interface PodReplacer {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  onLine(line: string): void;
}

const observedMs = 30_000;
const pods = resourceOfKind('Pod');

/**
 * Deletes, once and by uid, each pod of another revision that is not ready. Ready ones are replaced
 * by the controller, one by one. Throws ActionError where pods may not be listed or deleted.
 */
export async function replaceStuckPods(
  resource: Resource,
  set: KubeObject,
  replacer: PodReplacer,
): Promise<void> {
  if (textAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete') return;
  const { api, signal, onLine } = replacer;
  let live: KubeObject | undefined = set;
  const observed = async (): Promise<boolean> => {
    live = await readOne({ resource, object: set, api, signal });
    const seen = fieldsAt(live, 'status')['observedGeneration'];
    return !live || (typeof seen === 'number' && seen >= (live.metadata.generation ?? 0));
  };
  if (!(await until(observed, observedMs, replacer)) || !live) return;
  const { namespace, uid } = set.metadata;
  const selection = { ...(namespace ? { namespace } : {}), ...(signal ? { signal } : {}) };
  const { objects } = await listAll(api, pods, selection);
  const revision = textAt(live, 'status', 'updateRevision');
  const stuck = objects.filter((pod) => isOwnedBy(pod, uid) && isStuck(pod, revision));
  for (const pod of stuck) {
    const gone = await deleteByUid(pods, pod, 'Background', { api, signal });
    if (gone) onLine(`Pod/${pod.metadata.name} of the failed release was not ready: replaced`);
  }
}

function isOwnedBy({ metadata }: KubeObject, uid: string | undefined): boolean {
  return metadata.ownerReferences?.some((each) => each.controller && each.uid === uid) ?? false;
}

function isStuck(pod: KubeObject, revision: string | undefined): boolean {
  const { labels = {}, deletionTimestamp } = pod.metadata;
  const ready = isPodReady(typed<Pod>(pod));
  return !deletionTimestamp && !ready && labels['controller-revision-hash'] !== revision;
}
