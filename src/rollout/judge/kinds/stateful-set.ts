// StatefulSets: no server signal ever says "failed", so their pods are judged.
import { byGravity } from '../../../core/errors.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Pod, type StatefulSet, typed } from '../../../kube/typed.ts';
import { byTime, type JudgeContext } from '../../facts/judge-context.ts';
import { statusesOf } from '../../facts/pod-memory.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';
import { groupFindings, podsOf, startedWords, unsteadyPods } from './pods.ts';

export const statefulSetRows: readonly SignalRow[] = [
  [
    'StatefulSet: a broken pod of the release before',
    'rollout-failed',
    '30 s',
    'statefulset/stuck-old',
  ],
  [
    'StatefulSet or DaemonSet: updateStrategy OnDelete',
    'rollout-paused',
    'never',
    'statefulset/on-delete',
  ],
];

const hashKey = 'controller-revision-hash';
const stuckMs = 30_000;
const broken = /BackOff|^Err|Error$|InvalidImageName/;

interface Counts {
  readonly want: number;
  readonly total: number;
  readonly updated: number;
  /** Pods that the partition lets be updated. */
  readonly due: number;
  readonly available: number;
}

function countsOf({ spec, status }: StatefulSet): Counts {
  const want = spec?.replicas ?? 1;
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  return {
    want,
    total: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    due: Math.max(0, want - partition),
    // Older servers leave availableReplicas out while it equals readyReplicas.
    available: status?.availableReplicas ?? status?.readyReplicas ?? 0,
  };
}

function isOnDelete({ spec }: StatefulSet): boolean {
  return spec?.updateStrategy?.type === 'OnDelete';
}

function isComplete(set: StatefulSet, counts: Counts): boolean {
  const { want, total, updated, due, available } = counts;
  if (available < want || total !== want) return false;
  if (isOnDelete(set)) return true;
  const { currentRevision, updateRevision } = set.status ?? {};
  return updated >= due && (due < want || currentRevision === updateRevision);
}

/** Judges a StatefulSet whose new spec the controller has seen. */
export function judgeStatefulSet(live: KubeObject, context: JudgeContext): Verdict {
  const set = typed<StatefulSet>(live);
  const counts = countsOf(set);
  const all = podsOf(live.metadata.uid ?? '', context);
  const revision = set.status?.updateRevision;
  const pods = all.filter((pod) => pod.metadata?.labels?.[hashKey] === revision);
  const have = isOnDelete(set) ? counts.available : Math.min(counts.updated, counts.available);
  const progress = [{ what: 'available', have, want: counts.want }];
  const words = `${have} of ${counts.want} available`;
  if (isComplete(set, counts) && unsteadyPods(pods, context) === 0) {
    return readyVerdict(live, counts, progress);
  }
  const group = {
    owner: live,
    maker: live,
    pods,
    olderPods: all.length - pods.length,
    short: all.length < counts.want,
  };
  const findings = [
    ...groupFindings(group, context).map((each) => inOrder(each, set)),
    ...stuckFindings(live, all, context),
  ].sort(byGravity);
  return verdictOf('waiting', words, { progress, findings });
}

function readyVerdict(live: KubeObject, counts: Counts, progress: Verdict['progress']): Verdict {
  const set = typed<StatefulSet>(live);
  const words =
    counts.want === 0 ? 'scaled to 0' : `${counts.available} of ${counts.want} available`;
  if (!isOnDelete(set) || counts.updated >= counts.want) {
    const held =
      counts.due < counts.want ? `, ${counts.want - counts.due} held by the partition` : '';
    const { template, minReadySeconds } = set.spec ?? {};
    const started = counts.want === 0 ? '' : startedWords(template?.spec, minReadySeconds);
    return verdictOf('ready', `${words}${held}${started}`, { progress });
  }
  const findings = [onDeleteFinding(live)];
  return verdictOf('ready', `${words}, not replaced (OnDelete)`, { progress, findings });
}

/** With OnDelete nothing is rolled: the old pods go on. */
export function onDeleteFinding(live: KubeObject): LiveFinding {
  return findingOf(live, {
    code: 'rollout-paused',
    severity: 'warning',
    certain: false,
    what: 'its update strategy is OnDelete, so its pods stay as they are until they are deleted',
    evidence: ['spec.updateStrategy.type: OnDelete'],
    hint: 'Delete the pods one by one, or use RollingUpdate.',
  });
}

function inOrder(found: LiveFinding, { spec }: StatefulSet): LiveFinding {
  if (spec?.podManagementPolicy === 'Parallel' || found.pod === undefined) return found;
  const note = 'pods are updated in order, so the others wait for this one';
  return { ...found, evidence: [...found.evidence, note] };
}

// A pod of the revision before that never became Ready holds the update back for ever.
// https://github.com/kubernetes/kubernetes/issues/67250
function stuckFindings(
  live: KubeObject,
  all: readonly Pod[],
  context: JudgeContext,
): readonly LiveFinding[] {
  const { spec, status } = typed<StatefulSet>(live);
  if (spec?.podManagementPolicy === 'Parallel' || isOnDelete(typed(live))) return [];
  return all.flatMap((pod) => {
    if (pod.metadata?.labels?.[hashKey] === status?.updateRevision) return [];
    const why = statusesOf(pod).flatMap((each) => each.state?.waiting?.reason ?? []);
    const reason = why.find((each) => broken.test(each));
    const name = pod.metadata?.name;
    if (reason === undefined || name === undefined) return [];
    const from = Math.max(
      context.writtenAt ?? 0,
      context.memory.seen.get(live.metadata.uid ?? '') ?? context.now,
    );
    const found = findingOf(live, {
      code: 'rollout-failed',
      ...byTime(from + stuckMs, context),
      what: `its pod ${name} of the release before is broken, and Kubernetes does not replace it`,
      evidence: [`${name}: ${reason}`, 'https://github.com/kubernetes/kubernetes/issues/67250'],
      hint: `Delete that pod: kubectl delete pod ${name}`,
    });
    return [{ ...found, pod: name }];
  });
}
