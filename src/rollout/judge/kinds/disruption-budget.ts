// PodDisruptionBudgets: never waited for; one that protects nothing is reported.
import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject, Raw } from '../../../kube/objects.ts';
import { conditionOf, typed } from '../../../kube/typed.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import type { Diagnosis, SignalRow } from '../../facts/verdict.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const budgetRows: readonly SignalRow[] = [
  [
    'PodDisruptionBudget: DisruptionAllowed=False, SyncFailed',
    'rollout-failed',
    'never',
    'poddisruptionbudget/sync-failed',
  ],
  [
    'PodDisruptionBudget: it selects no pod',
    'rollout-failed',
    'never',
    'poddisruptionbudget/selects-nothing',
  ],
];

/** Pods of the same run are created a moment later. */
const podsMs = 15_000;

/** Ready as soon as it exists: a budget does not limit rollouts. */
export function judgeBudget(live: KubeObject, context: JudgeContext): Verdict {
  const sign = diagnosisOf(live) ?? emptySign(live, context);
  const { status } = typed<Raw<V1PodDisruptionBudget>>(live);
  const words = status ? `${status.currentHealthy} of ${status.desiredHealthy} healthy` : 'exists';
  return verdictOf('ready', words, { findings: sign ? [findingOf(live, sign)] : [] });
}

function emptySign(live: KubeObject, context: JudgeContext): Diagnosis | undefined {
  const { status } = typed<Raw<V1PodDisruptionBudget>>(live);
  const isSeen = status?.observedGeneration === live.metadata.generation;
  if (!isSeen || status?.expectedPods !== 0) return undefined;
  if (!context.isPast((context.writtenAt ?? 0) + podsMs)) return undefined;
  return {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'it selects no pod, so it protects nothing',
    evidence: ['status.expectedPods: 0'],
    hint: 'Correct its selector, unless the workload is scaled to zero.',
  };
}

function diagnosisOf(live: KubeObject): Diagnosis | undefined {
  const allowed = conditionOf(live, 'DisruptionAllowed');
  if (allowed?.reason !== 'SyncFailed') return undefined;
  return {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'it cannot be computed, so it blocks every eviction',
    evidence: [plain(allowed.message ?? '')],
    hint: 'Correct its selector: every pod that it selects needs a controller with a replica count.',
  };
}
