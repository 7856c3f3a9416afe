// Whom a change concerns: up the owners, from a pod or an event to the workloads that are awaited.
import { kindRow } from '../../kube/kinds.ts';
import { identityOf, type KubeObject } from '../../kube/objects.ts';
import { type KubeEvent, typed } from '../../kube/typed.ts';
import type { Snapshot } from '../facts/snapshot.ts';

/** Pod, Job, CronJob: nothing is deeper, and hostile references may go in circles. */
const mostOwners = 4;

/**
 * Identities of the awaited objects whose verdict this object may change; `all` where it may be any
 * of them: a node, say. An owner that is not known yet brings what it owns along when it comes.
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
  return found.size > 0 || kindRow(object).concernsOwner ? [...found] : 'all';
}

function subjectOf(object: KubeObject, snapshot: Snapshot): KubeObject | undefined {
  if (object.kind !== 'Event') return object;
  return snapshot.byUid(typed<KubeEvent>(object).involvedObject?.uid ?? '');
}
