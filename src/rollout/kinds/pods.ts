// What every workload with pods shares: whose pods count, and what is wrong with them.
import type { KubeObject } from '../../cluster/objects.ts';
import { byGravity, diagnosePods, findingOf } from '../diagnose.ts';
import { refusalOf } from '../refusals.ts';
import type { Crew, Sight } from '../sight.ts';
import { type Pod, typed } from '../typed.ts';
import type { LiveFinding } from '../verdict.ts';

/** Pods go away for reasons of the node: they are replaced and say nothing about the release. */
const goneReasons =
  /^(Evicted|Preempting|NodeLost|NodeAffinity|UnexpectedAdmissionError|Shutdown|Terminated|NodeShutdown|OutOf.*)$/;
const manyGone = 3;
/** After a crash, "Ready" without a probe is believed only when it has lasted. */
const steadyMs = 10_000;

/** Pods owned by this uid that are not on their way out. */
export function podsOf(uid: string, sight: Sight): readonly Pod[] {
  return sight.snapshot
    .childrenOf(uid, 'Pod')
    .filter((each) => each.metadata.deletionTimestamp === undefined)
    .map((each) => typed<Pod>(each));
}

export interface Group {
  /** The workload that the findings name. */
  readonly owner: KubeObject;
  /** What makes the pods: the newest ReplicaSet, or the workload itself. */
  readonly maker: KubeObject;
  /** Pods of the new revision. */
  readonly pods: readonly Pod[];
  readonly olderPods: number;
  /** Fewer pods than wanted: refusals matter. */
  readonly short: boolean;
}

/** How far the pods of one revision are, and how it went until now. */
export function crewOf({ owner, pods, olderPods }: Group, sight: Sight): Crew {
  const { memory, writtenAt } = sight;
  const everReady = pods.some((pod) => {
    const past = memory.pods.get(pod.metadata?.uid ?? '');
    const main = pod.spec?.containers ?? [];
    return main.length > 0 && main.every((each) => past?.containers.get(each.name)?.wasReady);
  });
  const marks = pods.flatMap((pod) => {
    const past = memory.pods.get(pod.metadata?.uid ?? '');
    return (past && memory.progress.get(past.owner)) ?? [];
  });
  const progressAt = Math.max(writtenAt ?? 0, ...marks.map((mark) => mark.at));
  return { kind: owner.kind, everReady, progressAt, olderPods };
}

/** Every finding about the pods of one revision and about their making. */
export function groupFindings(group: Group, sight: Sight): readonly LiveFinding[] {
  const crew = crewOf(group, sight);
  const gone = group.pods.filter((pod) => goneReasons.test(pod.status?.reason ?? ''));
  const judged = group.pods.filter((pod) => !gone.includes(pod));
  const refusal = refusalOf(group.maker, { crew, sight, short: group.short });
  return [
    ...diagnosePods(group.owner, judged, { crew, sight }),
    ...(refusal ? [findingOf(group.owner, refusal)] : []),
    ...(gone.length >= manyGone ? [goneFinding(group.owner, gone)] : []),
  ].sort(byGravity);
}

function goneFinding(owner: KubeObject, gone: readonly Pod[]): LiveFinding {
  const reasons = new Set(gone.map((pod) => pod.status?.reason ?? ''));
  return findingOf(owner, {
    code: 'rollout-failed',
    certain: false,
    what: `${gone.length} of its pods were put off their nodes`,
    cause: 'gone',
    evidence: [`reasons: ${[...reasons].join(', ')}`],
    hint: 'Look at the nodes: they are full, preempted or shutting down.',
  });
}

/**
 * How many pods died and have not run for ten seconds since: the API server may already call them
 * available, but a crash loop looks the same between two crashes.
 */
export function unsteadyPods(pods: readonly Pod[], sight: Sight): number {
  return pods.filter((pod) => {
    const past = sight.memory.pods.get(pod.metadata?.uid ?? '');
    return (pod.status?.containerStatuses ?? []).some((status) => {
      const known = past?.containers.get(status.name);
      if (!known || known.runs.length === 0) return false;
      const startedAt = Date.parse(status.state?.running?.startedAt ?? '');
      return !(sight.now - startedAt >= steadyMs);
    });
  }).length;
}
