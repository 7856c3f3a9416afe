// PodDisruptionBudgets: never waited for; one that protects nothing is told.
import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { KubeObject, Raw } from '../../cluster/objects.ts';
import { findingOf } from '../diagnose.ts';
import { plain } from '../plain-text.ts';
import type { SignalRow } from '../row.ts';
import type { Sign } from '../sight.ts';
import { conditionOf, typed } from '../typed.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

export const budgetRows: readonly SignalRow[] = [
  [
    'PodDisruptionBudget: DisruptionAllowed=False, SyncFailed',
    'rollout-failed',
    'never',
    'poddisruptionbudget/sync-failed',
  ],
];

/** Ready by existing: a budget does not limit rollouts. */
export function judgeBudget(live: KubeObject): Verdict {
  const sign = signOf(live);
  const { status } = typed<Raw<V1PodDisruptionBudget>>(live);
  const words = status ? `${status.currentHealthy} of ${status.desiredHealthy} healthy` : 'exists';
  return verdictOf('ready', words, { findings: sign ? [findingOf(live, sign)] : [] });
}

function signOf(live: KubeObject): Sign | undefined {
  const allowed = conditionOf(live, 'DisruptionAllowed');
  if (allowed?.reason !== 'SyncFailed') return undefined;
  return {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'it cannot be computed, so it lets no pod be moved',
    evidence: [plain(allowed.message ?? '')],
    hint: 'Correct its selector: all pods it selects need a controller that tells their number.',
  };
}
