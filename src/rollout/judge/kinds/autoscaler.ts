// HorizontalPodAutoscalers: never waited for; what can never work is reported.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Condition, conditionOf, timeOf } from '../../../kube/typed.ts';
import { byTime, type JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type Diagnosis, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const autoscalerRows: readonly SignalRow[] = [
  [
    'HPA ScalingActive=False: InvalidSelector, AmbiguousSelector, InvalidMetricSourceType',
    'rollout-failed',
    'at once',
    'horizontalpodautoscaler/ambiguous',
  ],
  [
    'HPA AbleToScale=False: FailedGetScale',
    'rollout-failed',
    '60 s',
    'horizontalpodautoscaler/no-target',
  ],
  [
    'HPA ScalingActive=False: FailedGet…Metric',
    'rollout-failed',
    'never',
    'horizontalpodautoscaler/no-metrics',
  ],
  [
    'HPA ScalingLimited=True: TooManyReplicas',
    'rollout-failed',
    'never',
    'horizontalpodautoscaler/at-maximum',
  ],
];

const never = /^(InvalidSelector|AmbiguousSelector|InvalidMetricSourceType)$/;
/** Metrics of new pods arrive late. */
const metricsMs = 180_000;
const targetMs = 60_000;

function certainOf(condition: Condition): Diagnosis {
  return {
    code: 'rollout-failed',
    certain: true,
    what: 'it can never scale',
    evidence: [plain(`${condition.reason}: ${condition.message ?? ''}`)],
    hint: 'Correct its metrics or the selector of its target.',
  };
}

function targetSign(condition: Condition, context: JudgeContext): Diagnosis {
  const from = Math.max(
    timeOf(condition.lastTransitionTime) ?? context.now,
    context.writtenAt ?? 0,
  );
  return {
    code: 'rollout-failed',
    ...byTime(from + targetMs, context),
    what: 'its scale target cannot be read',
    evidence: [plain(condition.message ?? '')],
    hint: 'Correct scaleTargetRef: kind, name and apiVersion of an object in its namespace.',
  };
}

function metricsSign(condition: Condition, context: JudgeContext): Diagnosis | undefined {
  const from = Math.max(
    timeOf(condition.lastTransitionTime) ?? context.now,
    context.writtenAt ?? 0,
  );
  if (!context.isPast(from + metricsMs)) return undefined;
  return {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'it cannot read its metrics',
    evidence: [plain(condition.message ?? '')],
    hint: 'Check that metrics-server runs and that the pods have resource requests.',
  };
}

function fullSign(condition: Condition): Diagnosis {
  return {
    code: 'rollout-failed',
    severity: 'note',
    certain: false,
    what: 'it is at its maximum of replicas',
    evidence: [plain(condition.message ?? '')],
    hint: 'Raise maxReplicas if the load is real.',
  };
}

function diagnosisOf(live: KubeObject, context: JudgeContext): Diagnosis | undefined {
  const active = conditionOf(live, 'ScalingActive');
  const able = conditionOf(live, 'AbleToScale');
  if (active?.status === 'False' && never.test(active.reason ?? '')) return certainOf(active);
  if (able?.status === 'False' && able.reason === 'FailedGetScale')
    return targetSign(able, context);
  const limited = conditionOf(live, 'ScalingLimited');
  if (limited?.status === 'True' && limited.reason === 'TooManyReplicas') return fullSign(limited);
  const blind = active?.status === 'False' && active.reason !== 'ScalingDisabled';
  return blind ? metricsSign(active, context) : undefined;
}

/** Ready as soon as it exists, unless it can never work. */
export function judgeAutoscaler(live: KubeObject, context: JudgeContext): Verdict {
  const sign = diagnosisOf(live, context);
  const state = sign?.certain ? 'waiting' : 'ready';
  return verdictOf(state, sign ? sign.what : 'exists', {
    findings: sign ? [findingOf(live, sign)] : [],
  });
}
