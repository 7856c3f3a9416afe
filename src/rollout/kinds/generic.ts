// Any other kind: the conditions that most controllers agree on.
import type { KubeObject } from '../../cluster/objects.ts';
import { findingOf } from '../diagnose.ts';
import { plain } from '../plain-text.ts';
import type { SignalRow } from '../row.ts';
import type { Sight } from '../sight.ts';
import { type Condition, conditionOf, conditionsOf } from '../typed.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

export const genericRows: readonly SignalRow[] = [
  ['any kind: Stalled=True', 'rollout-failed', 'at once', 'kustomization/stalled'],
];

/** A controller that has not written any status by then writes none. */
const firstStatusMs = 8_000;
const alike = ['Ready', 'Available', 'Succeeded', 'Healthy', 'Established', 'Accepted'];
const goodPhases =
  /^(ready|active|bound|running|available|succeeded|completed?|healthy|synced|issued)$/i;

function reasonOf(condition: Condition): string {
  const parts = [condition.reason, condition.message].filter((part) => part);
  return plain(
    `${condition.type}=${condition.status}${parts.length ? `: ${parts.join(': ')}` : ''}`,
    300,
  );
}

function stalled(live: KubeObject, condition: Condition): Verdict {
  const finding = findingOf(live, {
    code: 'rollout-failed',
    certain: true,
    what: 'its controller has given up (Stalled)',
    evidence: [reasonOf(condition)],
    hint: 'Correct what the message names.',
  });
  return verdictOf('waiting', 'stalled', { findings: [finding] });
}

function withoutStatus(live: KubeObject, sight: Sight): Verdict {
  const { writtenAt, now, memory } = sight;
  const from = writtenAt ?? memory.seen.get(live.metadata.uid ?? '') ?? now;
  return writtenAt !== undefined && now < from + firstStatusMs
    ? verdictOf('waiting', 'no status yet')
    : verdictOf('ready', 'exists; it has no status to judge');
}

/** Stalled, Reconciling, then Ready or its like, then the phase; no status at all is ready. */
export function judgeGeneric(live: KubeObject, sight: Sight): Verdict {
  const stall = conditionOf(live, 'Stalled');
  if (stall?.status === 'True') return stalled(live, stall);
  const reconciling = conditionOf(live, 'Reconciling');
  if (reconciling?.status === 'True') return verdictOf('waiting', reasonOf(reconciling));
  const type = alike.find((each) => conditionOf(live, each));
  const condition = type === undefined ? undefined : conditionOf(live, type);
  if (condition?.status === 'True') return verdictOf('ready', condition.type.toLowerCase());
  if (condition) return verdictOf('waiting', reasonOf(condition));
  const { status } = live as { readonly status?: { readonly phase?: unknown } };
  const phase = typeof status?.phase === 'string' ? plain(status.phase, 60) : undefined;
  if (phase !== undefined) {
    return verdictOf(goodPhases.test(phase) ? 'ready' : 'waiting', `phase ${phase}`);
  }
  if (conditionsOf(live).length > 0 || status) return verdictOf('ready', 'exists');
  return withoutStatus(live, sight);
}
