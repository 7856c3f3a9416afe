// Whether capacity is still being freed: a rejection that resolves itself must not fail a rollout.
import type { KubeObject } from '../../kube/objects.ts';
import { type Deployment, type Pod, type ReplicaSet, timeOf, typed } from '../../kube/typed.ts';
import type { JudgeContext, RevisionPods } from './judge-context.ts';

/** Allowance for a slow kubelet and API server. */
const lateMs = 30_000;

/** Pods that are terminating, new ones that let older ones go once Ready, older ones that may go now. */
export function isCapacityBeingFreed(
  namespace: string,
  revisionPods: RevisionPods,
  context: JudgeContext,
): boolean {
  const mayGo = revisionPods.olderPods > 0 && (revisionPods.olderMayGo || revisionPods.onTheirWay);
  return mayGo || isAnyTerminating(namespace, context);
}

/** When capacity was last freed in this namespace; 0: never. Milliseconds since the epoch. */
export function capacityFreedAt(namespace: string, { memory }: JudgeContext): number {
  return memory.seen.get(`${namespace}/leaving`) ?? 0;
}

function isAnyTerminating(namespace: string, context: JudgeContext): boolean {
  const going = context.snapshot.all('Pod', namespace).filter((each) => {
    const { status } = typed<Pod>(each);
    return !/^(Succeeded|Failed)$/.test(status?.phase ?? '');
  });
  // The deletion timestamp includes the grace period: it says when the pod is killed.
  const ends = going.flatMap(({ metadata }) => timeOf(metadata.deletionTimestamp) ?? []);
  return ends.length > 0 && !context.isPast(Math.max(...ends) + lateMs);
}

/** By the controller's own arithmetic, so that a slow controller is not mistaken for a deadlock. */
export function mayRemoveOlder(
  live: KubeObject,
  sets: readonly KubeObject[],
  newest: KubeObject | undefined,
): boolean {
  const { spec } = typed<Deployment>(live);
  if (spec?.strategy?.type === 'Recreate') return true;
  if (!newest) return false;
  const want = spec?.replicas ?? 1;
  const wanted = sets.map((each) => typed<ReplicaSet>(each).spec?.replicas ?? 0);
  const all = wanted.reduce((sum, each) => sum + each, 0);
  const own = typed<ReplicaSet>(newest);
  const unready = (own.spec?.replicas ?? 0) - (own.status?.availableReplicas ?? 0);
  return all - (want - unavailableOf(live)) - unready > 0;
}

/** `maxUnavailable` as a number of pods; 1 where it and `maxSurge` both come to 0. */
function unavailableOf(live: KubeObject): number {
  const { spec } = typed<Deployment>(live);
  const { maxUnavailable = '25%', maxSurge = '25%' } = spec?.strategy?.rollingUpdate ?? {};
  const part = (value: string | number, round: (share: number) => number): number =>
    typeof value === 'number'
      ? value
      : round(((spec?.replicas ?? 1) * Number.parseInt(value, 10)) / 100);
  const most = part(maxUnavailable as string | number, Math.floor);
  return most === 0 && part(maxSurge as string | number, Math.ceil) === 0 ? 1 : most;
}
