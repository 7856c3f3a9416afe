// Deployments: the newest ReplicaSet and its pods decide, once the controller has seen the spec.
import { type KubeObject, nameOf } from '../../../kube/objects.ts';
import {
  conditionOf,
  type Deployment,
  type ReplicaSet,
  timeOf,
  typed,
} from '../../../kube/typed.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import { mayRemoveOlder } from '../../facts/quota-headroom.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';
import { groupFindings, podsOf, startedWords, unsteadyPods } from './pods.ts';

export const deploymentRows: readonly SignalRow[] = [
  ['Deployment: spec.paused', 'rollout-paused', 'at once', 'deployment/paused'],
  [
    'Deployment: ProgressDeadlineExceeded with a cause',
    'probe-failing',
    'at once',
    'deployment/deadline',
  ],
  [
    'Deployment: ProgressDeadlineExceeded alone',
    'rollout-failed',
    'at once',
    'deployment/deadline-alone',
  ],
];

const revisionKey = 'deployment.kubernetes.io/revision';
// Condition times have whole seconds and come from the controller's clock.
const slackMs = 2_000;

/** The ReplicaSet of the newest revision, if it is there yet. */
function newestReplicaSet(live: KubeObject, context: JudgeContext): KubeObject | undefined {
  const sets = context.snapshot.childrenOf(live.metadata.uid ?? '', 'apps/ReplicaSet');
  const revision = live.metadata.annotations?.[revisionKey];
  if (revision === undefined) return undefined;
  return sets.find((set) => set.metadata.annotations?.[revisionKey] === revision);
}

interface Counts {
  readonly want: number;
  readonly total: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** Available pods of the new revision. */
  readonly fresh: number;
}

function countsOf(live: KubeObject, newest: KubeObject | undefined): Counts {
  const { spec, status } = typed<Deployment>(live);
  const updated = status?.updatedReplicas ?? 0;
  const available = status?.availableReplicas ?? 0;
  const fresh = newest && typed<ReplicaSet>(newest).status?.availableReplicas;
  return {
    want: spec?.replicas ?? 1,
    total: status?.replicas ?? 0,
    updated,
    ready: status?.readyReplicas ?? 0,
    available,
    fresh: newest ? (fresh ?? 0) : Math.min(updated, available),
  };
}

function isComplete({ want, total, updated, ready, available }: Counts): boolean {
  return updated >= want && total <= updated && available >= want && ready >= want;
}

/** Judges a Deployment whose new spec the controller has seen. */
export function judgeDeployment(live: KubeObject, context: JudgeContext): Verdict {
  const sets = context.snapshot.childrenOf(live.metadata.uid ?? '', 'apps/ReplicaSet');
  const newest = newestReplicaSet(live, context);
  const counts = countsOf(live, newest);
  const pods = newest ? podsOf(newest.metadata.uid ?? '', context) : [];
  const unsteady = unsteadyPods(pods, context);
  const progress = [{ what: 'available', have: counts.fresh, want: counts.want }];
  const complete = isComplete(counts);
  if (complete && unsteady === 0) {
    const { template, minReadySeconds } = typed<Deployment>(live).spec ?? {};
    const words =
      counts.want === 0
        ? 'scaled to 0'
        : `${counts.available} of ${counts.want} available${startedWords(template?.spec, minReadySeconds)}`;
    return verdictOf('ready', words, { progress });
  }
  if (typed<Deployment>(live).spec?.paused) return pausedVerdict(live, progress);
  const group = {
    owner: live,
    maker: newest ?? live,
    pods,
    olderPods: Math.max(0, counts.total - counts.updated),
    olderMayGo: mayRemoveOlder(live, sets, newest),
    short: pods.length < counts.want,
  };
  const findings = withDeadline(live, groupFindings(group, context), context);
  return verdictOf('waiting', wordsOf(counts, unsteady), { progress, findings });
}

function wordsOf(counts: Counts, unsteady: number): string {
  const old = counts.total - counts.updated;
  const parts = [`${counts.fresh} of ${counts.want} available`];
  if (old > 0) parts.push(`${old} older to go`);
  if (unsteady > 0) parts.push(`${unsteady} started a moment ago`);
  return parts.join(', ');
}

function pausedVerdict(live: KubeObject, progress: Verdict['progress']): Verdict {
  const paused = findingOf(live, {
    code: 'rollout-paused',
    certain: true,
    what: 'it is paused, so its pods are not replaced',
    evidence: ['spec.paused: true'],
  });
  return verdictOf('waiting', 'paused', { progress, findings: [paused] });
}

// ProgressDeadlineExceeded may be left over from the previous release: ours can only come after its
// whole deadline. https://github.com/helm/helm/issues/12861
function deadlinePassed(live: KubeObject, context: JudgeContext): string | undefined {
  const condition = conditionOf(live, 'Progressing');
  if (condition?.status !== 'False' || condition.reason !== 'ProgressDeadlineExceeded') {
    return undefined;
  }
  const deadline = typed<Deployment>(live).spec?.progressDeadlineSeconds ?? 600;
  const at = timeOf(condition.lastUpdateTime) ?? 0;
  const { writtenAt } = context;
  const ours = writtenAt === undefined || at >= writtenAt + deadline * 1_000 - slackMs;
  return ours ? `no progress for ${deadline} s (progressDeadlineSeconds)` : undefined;
}

function withDeadline(
  live: KubeObject,
  findings: readonly LiveFinding[],
  context: JudgeContext,
): readonly LiveFinding[] {
  const passed = deadlinePassed(live, context);
  if (passed === undefined) return findings;
  const [best, ...others] = findings;
  if (!best || best.severity === 'note') {
    const alone = findingOf(live, {
      code: 'rollout-failed',
      certain: true,
      what: passed,
      evidence: [conditionOf(live, 'Progressing')?.message ?? ''],
      hint: `Look at the pods: kubectl describe ${nameOf(live).toLowerCase()}`,
    });
    return [alone, ...findings];
  }
  return [{ ...best, severity: 'fatal', evidence: [...best.evidence, passed] }, ...others];
}
