// What every workload with pods shares: whose pods count, and what is wrong with them.
import { byGravity } from '../../../core/errors.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { isPodReady, type Pod, type PodSpec, typed } from '../../../kube/typed.ts';
import { goneSign, isGone } from '../../facts/evicted-pods.ts';
import type { JudgeContext, RevisionPods } from '../../facts/judge-context.ts';
import { refusalOf } from '../../facts/pod-creation-errors.ts';
import { steadyMs } from '../../facts/pod-memory.ts';
import { stopHookSign } from '../../facts/stop-hooks.ts';
import type { LiveFinding } from '../../facts/verdict.ts';
import { diagnosePods, findingOf } from '../symptoms/diagnose.ts';

/** Pods owned by this uid that are not on their way out. */
export function podsOf(uid: string, context: JudgeContext): readonly Pod[] {
  return context.snapshot
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
  /** Its controller may remove some of these now. */
  readonly olderMayGo?: boolean;
  /** Fewer pods than wanted: refusals matter. */
  readonly short: boolean;
}

/** How far the pods of one revision are, and how it went until now. */
function revisionPodsOf(group: Group, context: JudgeContext): RevisionPods {
  const { owner, pods, olderPods, olderMayGo = false } = group;
  const { memory, writtenAt } = context;
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
  const onTheirWay = pods.some((pod) => pod.spec?.nodeName !== undefined && !isPodReady(pod));
  return { kind: owner.kind, everReady, progressAt, olderPods, olderMayGo, onTheirWay };
}

/** Every finding about the pods of one revision and about their making. */
export function groupFindings(group: Group, context: JudgeContext): readonly LiveFinding[] {
  const revisionPods = revisionPodsOf(group, context);
  const { patience } = context;
  const gone = goneSign(group.pods.filter(isGone));
  const judged = group.pods.filter((pod) => !isGone(pod));
  const hook = stopHookSign(group.owner, context);
  const refusal = refusalOf(group.maker, { revisionPods, context, short: group.short });
  return [
    ...diagnosePods(group.owner, judged, { revisionPods, context }),
    ...(refusal ? [findingOf(group.owner, refusal, patience)] : []),
    ...(gone ? [findingOf(group.owner, gone, patience)] : []),
    ...(hook ? [findingOf(group.owner, hook, patience)] : []),
  ].sort(byGravity);
}

/**
 * A kubelet looks once a second at what runs (PLEG), so what died at once was Run for a second
 * or two to the API. Without a probe nothing else speaks for it: a start is believed after this.
 */
const startMs = 3_000;

/** Of a long run no more than this is asked again. */
const mostSteadyMs = 60_000;

/**
 * How many pods have not run for long enough to be believed, although the API server may already
 * call them available: without a readiness probe three seconds; after a crash ten, or without a
 * probe twice the last run, since a crash loop looks the same between two crashes.
 */
export function unsteadyPods(pods: readonly Pod[], context: JudgeContext): number {
  return pods.filter((pod) => {
    const past = context.memory.pods.get(pod.metadata?.uid ?? '');
    return (pod.status?.containerStatuses ?? []).some((status) => {
      const { readinessProbe: probe } =
        pod.spec?.containers.find((each) => each.name === status.name) ?? {};
      const last = past?.containers.get(status.name)?.runs.at(-1);
      const startedAt = Date.parse(status.state?.running?.startedAt ?? '');
      if (last) return !context.isPast(startedAt + enoughAfter(last.lasted, probe !== undefined));
      // Only what a container runtime runs can die; a node whose clock is ahead is believed.
      const ours = context.writtenAt !== undefined && status.containerID !== undefined;
      const isNew = ours && probe === undefined && context.isPast(startedAt);
      return isNew && !context.isPast(startedAt + startMs);
    });
  }).length;
}

function enoughAfter(lastedMs: number, probed: boolean): number {
  return Math.max(steadyMs, probed ? steadyMs : Math.min(mostSteadyMs, 2 * lastedMs));
}

/** Said of a rollout whose pods nothing but their start speaks for. */
export function startedWords(spec: PodSpec | undefined, minReadySeconds = 0): string {
  if (!spec || minReadySeconds > 0 || spec.readinessGates?.length) return '';
  const probed = spec.containers.some((each) => each.readinessProbe);
  return probed ? '' : ' (started; no readiness probe says more)';
}
