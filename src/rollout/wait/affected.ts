// Which workloads a change concerns: up the owner references, from a pod or an event to the awaited ones.
import { identityOf, type KubeObject, kindKey } from '../../kube/objects.ts';
import { type KubeEvent, typed } from '../../kube/typed.ts';
import type { Snapshot } from '../facts/snapshot.ts';

/** These only concern their owner (or the object they are about). */
const owned: ReadonlySet<string> = new Set([
  'Pod',
  'Event',
  'apps/ReplicaSet',
  'apps/ControllerRevision',
]);
/** Pod, Job, CronJob: nothing is deeper, and hostile references may be circular. */
const mostOwners = 4;

/**
 * Identities of the awaited objects whose verdict this object may change; `all` where it may be any
 * of them: a node, say. An owner that is not known yet brings what it owns along when it arrives.
 */
export function affectedBy(
  object: KubeObject,
  snapshot: Snapshot,
  awaited: Pick<ReadonlySet<string>, 'has'>,
): readonly string[] | 'all' {
  const found = new Set<string>();
  const climb = (each: KubeObject | undefined, left: number): void => {
    if (!each) return;
    const key = identityOf(each);
    if (awaited.has(key)) found.add(key);
    if (left === 0) return;
    for (const { uid } of each.metadata.ownerReferences ?? []) climb(snapshot.byUid(uid), left - 1);
  };
  climb(subjectOf(object, snapshot), mostOwners);
  return found.size > 0 || owned.has(kindKey(object)) ? [...found] : 'all';
}

function subjectOf(object: KubeObject, snapshot: Snapshot): KubeObject | undefined {
  if (object.kind !== 'Event') return object;
  return snapshot.byUid(typed<KubeEvent>(object).involvedObject?.uid ?? '');
}
