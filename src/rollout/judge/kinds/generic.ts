// Any other kind: the conditions that most controllers agree on.

import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Condition, conditionOf, conditionsOf } from '../../../kube/typed.ts';
import { isOfThisRelease } from '../../facts/freshness.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const genericRows: readonly SignalRow[] = [
  ['any kind: Stalled=True', 'rollout-failed', 'at once', 'kustomization/stalled'],
];

/** A controller that has not written a status by then is assumed to write none. */
const firstStatusMs = 8_000;
/** The first one present decides. */
const alike = [
  'Ready',
  'Available',
  'Succeeded',
  'Healthy',
  'Established',
  'Programmed',
  'Accepted',
  'Synced',
  'Complete',
  'Completed',
];
/** When True these mean trouble, but their controllers may retry. */
const troubles = ['Failed', 'Degraded', 'Error'];
const goodPhases =
  /^(ready|active|bound|running|available|succeeded|completed?|healthy|synced|issued|deployed|ok)$/i;
const badPhases = /^(failed|failure|error|degraded|unhealthy|invalid|rejected)$/i;

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

/** What looks bad and may still pass: reported, so that nobody waits without knowing. */
function troubleOf(live: KubeObject, evidence: string): LiveFinding {
  return findingOf(live, {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'its status reports a failure',
    evidence: [evidence],
    hint: 'Correct what it names; webgen-deploy/failed says when such a status is final.',
  });
}

function withoutStatus(live: KubeObject, context: JudgeContext): Verdict {
  const { writtenAt, now, memory } = context;
  const from = writtenAt ?? memory.seen.get(live.metadata.uid ?? '') ?? now;
  return writtenAt !== undefined && !context.isPast(from + firstStatusMs)
    ? verdictOf('waiting', 'no status yet')
    : verdictOf('ready', 'exists; it has no status to judge');
}

// Gateway API and others have a generation in each condition; 0 means that they do not count it.
function isOld(live: KubeObject, condition: Condition): boolean {
  const { observedGeneration: seen } = condition as { readonly observedGeneration?: unknown };
  return typeof seen === 'number' && seen > 0 && seen < (live.metadata.generation ?? 0);
}

/** `observedGeneration` is present and stayed at 0 or -1: then it is not maintained. */
function uncounted(live: KubeObject): string {
  const { status } = live as { readonly status?: { readonly observedGeneration?: unknown } };
  const observed = status?.observedGeneration;
  return typeof observed === 'number' && observed <= 0
    ? ' (its controller keeps no observedGeneration)'
    : '';
}

/** Stalled, Reconciling, then Ready or its equivalent, then the phase; without any status it is ready. */
export function judgeGeneric(live: KubeObject, context: JudgeContext): Verdict {
  const stall = conditionOf(live, 'Stalled');
  if (stall?.status === 'True' && !isOld(live, stall)) return stalled(live, stall);
  const reconciling = conditionOf(live, 'Reconciling');
  if (reconciling?.status === 'True') return verdictOf('waiting', reasonOf(reconciling));
  const bad = conditionsOf(live).find(
    ({ type, status }) => troubles.includes(type) && status === 'True',
  );
  const findings = bad && !isOld(live, bad) ? [troubleOf(live, reasonOf(bad))] : [];
  const type = alike.find((each) => conditionOf(live, each));
  const condition = type === undefined ? undefined : conditionOf(live, type);
  if (condition) return byCondition(live, context, { condition, findings });
  return byPhase(live, context, findings);
}

interface Judgeable {
  readonly condition: Condition;
  readonly findings: readonly LiveFinding[];
}

function byCondition(
  live: KubeObject,
  context: JudgeContext,
  { condition, findings }: Judgeable,
): Verdict {
  if (isOld(live, condition)) return verdictOf('waiting', 'not yet seen by its controller');
  if (condition.status !== 'True') return verdictOf('waiting', reasonOf(condition), { findings });
  if (!isOfThisRelease(live, context, condition)) return verdictOf('waiting', older);
  const words = `${plain(condition.type, 60).toLowerCase()}${uncounted(live)}`;
  return verdictOf('ready', words, { findings });
}

const older = 'its status may be of the previous release';

function byPhase(
  live: KubeObject,
  context: JudgeContext,
  findings: readonly LiveFinding[],
): Verdict {
  const { status } = live as { readonly status?: Readonly<Record<string, unknown>> };
  const said = status?.['phase'] ?? status?.['state'] ?? status?.['health'];
  if (typeof said === 'string' && said !== '') {
    const words = `phase ${plain(said, 60)}`;
    const bad = badPhases.test(said) ? [troubleOf(live, `status: ${words}`)] : [];
    const isGood = goodPhases.test(said);
    if (isGood && !isOfThisRelease(live, context)) return verdictOf('waiting', older);
    return verdictOf(isGood ? 'ready' : 'waiting', words, { findings: [...findings, ...bad] });
  }
  if (findings.length > 0)
    return verdictOf('waiting', 'its status reports a failure', { findings });
  const isEmpty = typeof status !== 'object' || status === null || Object.keys(status).length === 0;
  return isEmpty ? withoutStatus(live, context) : verdictOf('ready', 'exists');
}
