// Progressive delivery: kinds whose phase decides, each with its own vocabulary.

import { plain } from '../../../core/plain-text.ts';
import { valueAt } from '../../../kube/json.ts';
import { type KubeObject, kindKey } from '../../../kube/objects.ts';
import { conditionsOf, timeOf } from '../../../kube/typed.ts';
import { isOfThisRelease } from '../../facts/freshness.ts';
import { byTime, type JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const phasedRows: readonly SignalRow[] = [
  ['Argo Rollout: phase Degraded', 'rollout-failed', '60 s', 'rollout/degraded'],
  ['Flagger Canary: phase Failed', 'rollout-failed', '60 s', 'canary/failed'],
];

interface Phases {
  readonly good: RegExp;
  readonly bad: RegExp;
  readonly what: string;
}

const phases: Readonly<Record<string, Phases>> = {
  'argoproj.io/Rollout': { good: /^Healthy$/, bad: /^Degraded$/, what: 'it is degraded' },
  'flagger.app/Canary': {
    good: /^(Initialized|Succeeded)$/,
    bad: /^Failed$/,
    what: 'its analysis failed, and it went back to the previous release',
  },
};

/** A phase left from the previous release is corrected sooner than this. */
const badMs = 60_000;

/** By the phase alone: a Rollout is `Available=True` while it is still rolling. */
export function judgePhased(live: KubeObject, context: JudgeContext): Verdict {
  const phase = textAt(live, 'status', 'phase');
  const known = phases[kindKey(live)];
  if (!known || phase === '') return verdictOf('waiting', 'no phase yet');
  const words = `phase ${plain(phase, 60)}`;
  if (known.good.test(phase)) {
    return isOfThisRelease(live, context)
      ? verdictOf('ready', words)
      : verdictOf('waiting', 'its status may be of the previous release');
  }
  if (phase === 'Paused' && waitsForSomebody(live)) {
    return verdictOf('suspended', 'paused until somebody promotes it');
  }
  if (!known.bad.test(phase)) return verdictOf('waiting', words);
  const changed = timeOf(textAt(live, 'status', 'lastTransitionTime'));
  const from = Math.max(changed ?? 0, context.writtenAt ?? 0);
  const why = textAt(live, 'status', 'message') || messageOf(live);
  const failed = findingOf(live, {
    code: 'rollout-failed',
    ...byTime(from + badMs, context),
    what: known.what,
    evidence: [plain(`status.phase: ${phase}`), ...(why ? [plain(why)] : [])],
    hint: 'Read why its controller stopped, correct it, and deploy again.',
  });
  return verdictOf('waiting', words, { findings: [failed] });
}

function textAt(live: KubeObject, ...path: readonly string[]): string {
  const found = valueAt(live, path);
  return typeof found === 'string' ? found : '';
}

function messageOf(live: KubeObject): string {
  const off = conditionsOf(live).find(({ status, message }) => status === 'False' && message);
  return off?.message ?? '';
}

/** A canary step may pause for a fixed time, and then continues by itself. */
function waitsForSomebody(live: KubeObject): boolean {
  const index = valueAt(live, ['status', 'currentStepIndex']);
  const step = ['spec', 'strategy', 'canary', 'steps', typeof index === 'number' ? index : -1];
  const timed = valueAt(live, [...step, 'pause', 'duration']);
  const later = valueAt(live, ['spec', 'strategy', 'blueGreen', 'autoPromotionSeconds']);
  return timed === undefined && later === undefined;
}
