// What happened, as text: outputs, job summary, annotations, report files and the last block.
import type { Finding } from './errors.ts';
import type { Outcome } from './outcome.ts';
import { causesOf, errorCode, recordOf } from './report/findings.ts';
import { lastBlock } from './report/lines.ts';
import { withinBytes } from './report/markdown.ts';
import {
  changeBlocks,
  findingBlocks,
  imageBlocks,
  originBlock,
  type RunFacts,
  restartBlocks,
  timelineBlocks,
  unverifiedBlocks,
  verdictBlock,
  workloadBlocks,
} from './report/sections.ts';
import { neutralise } from './text.ts';

/** GitHub drops a whole summary above 1 MiB; other steps of the job share nothing with ours. */
const summaryBytes = 900 * 1024;

/** GitHub shows ten errors and ten warnings of a step. */
const mostAnnotations = 10;

function seconds(outcome: Outcome): number {
  return Math.round((outcome.endedAt - outcome.startedAt) / 1000);
}

function changeRecords(outcome: Outcome): readonly Readonly<Record<string, unknown>>[] {
  return outcome.changes.map(({ object, namespace, change }) => ({ object, namespace, change }));
}

/** The step's outputs; the caller adds `report-path`. */
export function outputsOf(outcome: Outcome): Readonly<Record<string, string>> {
  return {
    status: outcome.status,
    'error-code': errorCode(outcome),
    app: outcome.app,
    environment: outcome.environment,
    namespace: outcome.namespace,
    images: JSON.stringify(outcome.images),
    changes: JSON.stringify(changeRecords(outcome)),
    findings: JSON.stringify(outcome.findings.map(recordOf)),
    'duration-seconds': String(seconds(outcome)),
    'kubeconfig-path': outcome.kubeconfigPath ?? '',
  };
}

/** The job summary: GitHub Markdown below its limit of 1 MiB, whatever happened. */
export function renderSummary(outcome: Outcome, run?: RunFacts): string {
  const blocks = [
    verdictBlock(outcome),
    ...originBlock(outcome, run),
    ...findingBlocks(outcome),
    ...changeBlocks(outcome),
    ...restartBlocks(outcome),
    ...unverifiedBlocks(outcome),
    ...workloadBlocks(outcome),
    ...imageBlocks(outcome),
    ...timelineBlocks(outcome),
  ];
  return withinBytes(blocks, summaryBytes);
}

function reportOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  return {
    schema: 1,
    command: outcome.command,
    status: outcome.status,
    errorCode: errorCode(outcome),
    app: outcome.app,
    environment: outcome.environment,
    namespace: outcome.namespace,
    startedAt: new Date(outcome.startedAt).toISOString(),
    durationSeconds: seconds(outcome),
    apiRequests: outcome.apiRequests,
    images: outcome.images,
    changes: outcome.changes,
    restarts: outcome.restarts,
    unverified: outcome.unverified,
    workloads: outcome.workloads.map((each) => ({
      object: each.object,
      namespace: each.namespace,
      verdict: each.verdict.state,
      words: each.verdict.words,
      progress: each.verdict.progress,
      seconds: (each.to - each.from) / 1000,
    })),
    findings: outcome.findings.map((each) => ({
      ...recordOf(each),
      node: each.node,
      count: each.count,
      logs: each.logs,
    })),
    timings: outcome.timings.map(({ from, to, ...rest }) => ({
      ...rest,
      from: from - outcome.startedAt,
      to: to - outcome.startedAt,
    })),
  };
}

// Somebody will print this file in a job, so its texts may not be commands either.
function safeText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.split('\n').map(neutralise).join('\n') : value;
}

/** The report files: JSON with stable keys (milliseconds in `timings` count from the start). */
export function renderReport(outcome: Outcome): { json: string; markdown: string } {
  const json = JSON.stringify(reportOf(outcome), safeText, 2);
  return { json: `${json}\n`, markdown: renderSummary(outcome) };
}

/** What to annotate: one per cause, the most telling first, as many as GitHub shows. */
export function annotationsOf(outcome: Outcome): readonly Finding[] {
  const causes = causesOf(outcome.findings);
  const top = (severity: Finding['severity']): readonly Finding[] =>
    causes.filter((each) => each.severity === severity).slice(0, mostAnnotations);
  return [...top('fatal'), ...top('warning')];
}

/** The last block in the log and on a terminal. */
export function renderText(outcome: Outcome): readonly string[] {
  return lastBlock(outcome).map(neutralise);
}
