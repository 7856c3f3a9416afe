// Jobs: their own conditions decide; pods only explain why, or show what no retry can fix.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import {
  type Condition,
  conditionOf,
  type Job,
  type Pod,
  timeOf,
  typed,
} from '../../../kube/typed.ts';
import { exitWords } from '../../facts/exit-words.ts';
import { eventsSince, type JudgeContext } from '../../facts/judge-context.ts';
import { statusesOf } from '../../facts/pod-memory.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';
import { lastLog } from './pod.ts';
import { groupFindings, podsOf } from './pods.ts';

export const jobRows: readonly SignalRow[] = [
  ['Job: Failed or FailureTarget, BackoffLimitExceeded', 'job-failed', 'at once', 'job/retries'],
  ['Job: FailureTarget before Failed', 'job-failed', 'at once', 'job/failure-target'],
  ['Job: DeadlineExceeded', 'job-failed', 'at once', 'job/deadline'],
  ['Job: PodFailurePolicy', 'job-failed', 'at once', 'job/pod-failure-policy'],
  ['Job: FailedIndexes, MaxFailedIndexesExceeded', 'job-failed', 'at once', 'job/failed-indexes'],
  [
    'CronJob: event UnknownTimeZone, InvalidSchedule',
    'rollout-failed',
    'at once',
    'cronjob/time-zone',
  ],
  ['CronJob: event TooManyMissedTimes', 'rollout-failed', 'never', 'cronjob/missed-many'],
  ['CronJob: event MissSchedule', 'rollout-failed', 'never', 'cronjob/missed'],
];

/** Judges a Job. FailureTarget precedes Failed, SuccessCriteriaMet precedes Complete. */
export function judgeJob(live: KubeObject, context: JudgeContext): Verdict {
  const { spec, status } = typed<Job>(live);
  const is = (type: string): boolean => conditionOf(live, type)?.status === 'True';
  const want = spec?.completions ?? 1;
  const have = status?.succeeded ?? 0;
  const progress = [{ what: 'succeeded', have, want }];
  if (is('Complete') || is('SuccessCriteriaMet'))
    return verdictOf('ready', 'complete', { progress });
  if (failureOf(live)) {
    return verdictOf('waiting', failureOf(live)?.reason ?? 'failed', {
      progress,
      findings: [failedJob(live, context)],
    });
  }
  if (spec?.suspend) return verdictOf('suspended', 'suspended (spec.suspend)', { progress });
  const pods = context.snapshot
    .childrenOf(live.metadata.uid ?? '', 'Pod')
    .map((each) => typed<Pod>(each));
  const group = {
    owner: live,
    maker: live,
    pods: podsOf(live.metadata.uid ?? '', context),
    olderPods: 0,
    short: pods.length === 0,
  };
  const failed = status?.failed ?? 0;
  const tries = failed > 0 ? `, ${failed} failed of ${(spec?.backoffLimit ?? 6) + 1} tries` : '';
  const words = `${have} of ${want} succeeded${tries}`;
  return verdictOf('waiting', words, { progress, findings: groupFindings(group, context) });
}

/** FailureTarget precedes Failed, which follows once the last pods have ended. */
function failureOf(live: KubeObject): Condition | undefined {
  const both = [conditionOf(live, 'FailureTarget'), conditionOf(live, 'Failed')];
  return both.find((each) => each?.status === 'True');
}

function indexWords(live: KubeObject): readonly string[] {
  const { failedIndexes } = typed<Job>(live).status ?? {};
  return failedIndexes ? [plain(`failed indexes: ${failedIndexes}`, 200)] : [];
}

function endOf(pod: Pod): number {
  const ends = statusesOf(pod).map((each) => timeOf(each.state?.terminated?.finishedAt) ?? 0);
  return Math.max(timeOf(pod.metadata?.creationTimestamp) ?? 0, ...ends);
}

function failedJob(live: KubeObject, context: JudgeContext): LiveFinding {
  const condition = failureOf(live);
  const pods = context.snapshot
    .childrenOf(live.metadata.uid ?? '', 'Pod')
    .map((each) => typed<Pod>(each));
  const [last] = [...pods].sort((a, b) => endOf(b) - endOf(a));
  const culprit =
    last && statusesOf(last).find((each) => (each.state?.terminated?.exitCode ?? 0) !== 0);
  const code = culprit?.state?.terminated?.exitCode;
  const reason = condition?.reason ?? 'Failed';
  const base = findingOf(live, {
    code: 'job-failed',
    certain: true,
    what: code === undefined ? `it failed (${reason})` : `it failed: ${exitWords(code)}`,
    evidence: [plain(`${reason}: ${condition?.message ?? ''}`), ...indexWords(live)],
    ...(reason === 'DeadlineExceeded'
      ? { hint: 'Raise activeDeadlineSeconds, or make the Job faster.' }
      : {}),
  });
  const shown = culprit?.name ?? last?.spec?.containers[0]?.name;
  if (!last || shown === undefined) return base;
  return {
    ...base,
    pod: last.metadata?.name ?? '',
    container: shown,
    ...(last.spec?.nodeName ? { node: last.spec.nodeName } : {}),
    logs: lastLog(last, shown),
  };
}

/** A CronJob is ready when it is accepted; only an invalid schedule fails it. */
export function judgeCronJob(live: KubeObject, context: JudgeContext): Verdict {
  const spec = live['spec'] as
    | { readonly suspend?: boolean; readonly schedule?: string }
    | undefined;
  const bad = eventsSince(context, live.metadata.uid)
    .filter((event) =>
      /^(UnknownTimeZone|InvalidSchedule|UnparseableSchedule)$/.test(event.reason ?? ''),
    )
    .at(-1);
  if (bad) {
    const finding = findingOf(live, {
      code: 'rollout-failed',
      certain: true,
      what: 'its schedule or time zone is invalid',
      evidence: [plain(bad.message ?? '')],
      hint: 'Correct spec.schedule or spec.timeZone.',
    });
    return verdictOf('waiting', 'schedule rejected', { findings: [finding] });
  }
  if (spec?.suspend) return verdictOf('suspended', 'suspended (spec.suspend)');
  const words = plain(`scheduled ${spec?.schedule ?? ''}`, 80);
  return verdictOf('ready', words, { findings: missedFindings(live, context) });
}

/** A missed start cannot be made up for: it is only reported. */
function missedFindings(live: KubeObject, context: JudgeContext): readonly LiveFinding[] {
  const missed = eventsSince(context, live.metadata.uid)
    .filter((event) => /^(TooManyMissedTimes|MissSchedule)$/.test(event.reason ?? ''))
    .at(-1);
  if (!missed) return [];
  const found = findingOf(live, {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'it missed scheduled starts',
    evidence: [plain(missed.message ?? '')],
    hint: 'Set or raise spec.startingDeadlineSeconds; with Forbid a long run makes the next one miss.',
  });
  return [found];
}
