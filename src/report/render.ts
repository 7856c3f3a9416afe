// What happened, as text: outputs, job summary, annotations, report files and the last block.

import type { Finding } from '../core/errors.ts';
import { neutralise } from '../core/text.ts';
import { digestsOf } from '../images/built.ts';
import { digestLines } from '../images/request.ts';
import type { WorkloadResult } from '../rollout/facts/verdict.ts';
import { causesOf, errorCode, recordOf } from './findings.ts';
import { lastBlock } from './lines.ts';
import { within } from './markdown.ts';
import type { Outcome } from './outcome.ts';
import { rollbackBlock } from './rollback-link.ts';
import { scanBlocks, scanRecord } from './scans.ts';
import {
  changeBlocks,
  findingBlocks,
  imageBlocks,
  originBlock,
  patchBlocks,
  pruneBlocks,
  type RunFacts,
  releaseBlocks,
  restartBlocks,
  timelineBlocks,
  undoneBlocks,
  unverifiedBlocks,
  verdictBlock,
  workloadBlocks,
} from './sections.ts';

// GitHub drops a whole summary above 1 MiB. Neither many findings nor many differences may push out
// the rest, so each has its share.
const summaryBytes = 900 * 1024;
const findingBytes = 400 * 1024;
const changeBytes = 200 * 1024;
const scanBytes = 200 * 1024;

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
    images: jsonOf(outcome.images),
    digests: jsonOf(digestsOf(outcome.images)),
    'digest-lines': digestLines(outcome.images),
    changes: jsonOf(changeRecords(outcome)),
    findings: jsonOf(outcome.findings.map(recordOf)),
    revision: String(outcome.release?.number ?? ''),
    'previous-revision': String(outcome.release?.previous ?? ''),
    'rolled-back': String(outcome.status === 'rolled-back'),
    'duration-seconds': String(seconds(outcome)),
    'kubeconfig-path': outcome.kubeconfigPath ?? '',
    'sarif-paths': jsonOf(scanPaths(outcome, 'sarif')),
    'sbom-paths': jsonOf(scanPaths(outcome, 'sbom')),
  };
}

function scanPaths({ scans }: Outcome, kind: 'sarif' | 'sbom'): Readonly<Record<string, string>> {
  return Object.fromEntries(
    scans.flatMap(({ name, files }) => (files[kind] === undefined ? [] : [[name, files[kind]]])),
  );
}

// The headline names the run's namespace once; only others are repeated.
function inOwnNamespace(outcome: Outcome): Outcome {
  const local = <T extends { readonly namespace?: string }>(all: readonly T[]): readonly T[] =>
    all.map((each) => {
      const { namespace, ...rest } = each;
      return namespace === outcome.namespace ? (rest as T) : each;
    });
  const { undone } = outcome;
  return {
    ...outcome,
    changes: local(outcome.changes),
    restarts: local(outcome.restarts),
    ...(outcome.kept && { kept: local(outcome.kept) }),
    workloads: local(outcome.workloads),
    findings: local(outcome.findings),
    ...(undone && {
      undone: { ...undone, objects: local(undone.objects), workloads: local(undone.workloads) },
    }),
  };
}

/**
 * The job summary: GitHub Markdown below its limit of 1 MiB, in every case. `brief` is for a
 * comment, which may have a sixteenth of that: scan results are shortened.
 */
export function renderSummary(full: Outcome, run?: RunFacts, brief = false): string {
  const outcome = inOwnNamespace(full);
  const blocks = [
    verdictBlock(outcome),
    ...originBlock(outcome, run),
    ...rollbackBlock(outcome, run),
    ...within(findingBytes, findingBlocks(outcome)),
    ...releaseBlocks(outcome, run),
    ...undoneBlocks(outcome),
    ...changeBlocks(outcome),
    ...restartBlocks(outcome),
    ...pruneBlocks(outcome),
    ...unverifiedBlocks(outcome),
    ...within(scanBytes, scanBlocks(outcome, brief)),
    // The longest part comes after everything that a shortened comment must keep.
    ...within(changeBytes, patchBlocks(outcome)),
    ...workloadBlocks(outcome),
    ...imageBlocks(outcome),
    ...timelineBlocks(outcome),
  ];
  const kept = within(summaryBytes, blocks).map((block) => block.text);
  return `${kept.join('\n\n')}\n`;
}

function workloadOf(each: WorkloadResult): Readonly<Record<string, unknown>> {
  return {
    object: each.object,
    namespace: each.namespace,
    verdict: each.verdict.state,
    words: each.verdict.words,
    progress: each.verdict.progress,
    seconds: (each.to - each.from) / 1000,
  };
}

function reportOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  const { undone } = outcome;
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
    release: outcome.release,
    overtaken: outcome.overtaken,
    releases: outcome.releases,
    images: outcome.images,
    changes: outcome.changes,
    restarts: outcome.restarts,
    kept: outcome.kept,
    unverified: outcome.unverified,
    workloads: outcome.workloads.map(workloadOf),
    undone: undone && {
      state: undone.state,
      seconds: (undone.to - undone.from) / 1000,
      objects: undone.objects,
      workloads: undone.workloads.map(workloadOf),
    },
    ...(outcome.scans.length > 0 ? { scans: outcome.scans.map(scanRecord) } : {}),
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

// A job may print this file: `##[` is escaped so that only JSON reads it as before.
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll('##[', '#\\u0023[');
}

/** The report files: JSON with stable keys (`timings` are milliseconds since the start). */
export function renderReport(outcome: Outcome): { json: string; markdown: string } {
  return { json: `${jsonOf(reportOf(outcome), 2)}\n`, markdown: renderSummary(outcome) };
}

/** What to annotate: one per cause, the most significant first, as many as GitHub shows. */
export function annotationsOf(outcome: Outcome): readonly Finding[] {
  const causes = causesOf(outcome.findings);
  const top = (severity: Finding['severity']): readonly Finding[] =>
    causes.filter((each) => each.severity === severity).slice(0, mostAnnotations);
  return [...top('fatal'), ...top('warning')];
}

/** The last block in the log and on a terminal. */
export function renderText(outcome: Outcome): readonly string[] {
  return lastBlock(inOwnNamespace(outcome)).map(neutralise);
}
