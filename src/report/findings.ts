// Findings in the order a person needs them: causes before consequences, one per cause.

import type { Code } from '../core/codes.ts';
import { byGravity, type Finding } from '../core/errors.ts';
import { clip, counted, neutralise, oneLine, safeLines } from '../core/text.ts';
import { secretsInput } from '../manifests/secrets.ts';
import type { ReportedFinding } from '../rollout/wait/result.ts';
import type { Outcome } from './outcome.ts';

/** What follows from something else: shown after the causes. */
const consequences: ReadonlySet<Code> = new Set([
  'api-error',
  'cancelled',
  'rollback-failed',
  'rollout-failed',
  'timed-out',
]);

/** To sort by: the gravest first, and causes before what follows from them. */
function byRank(a: Finding, b: Finding): number {
  const follows = ({ code }: Finding): number => Number(consequences.has(code));
  return byGravity(a, b) || follows(a) - follows(b);
}

/** Pods of one workload share a cause; what has no pod is told apart by its words. */
function causeOf(finding: Finding): string {
  const { code, namespace, object, container, file, line, pod, what } = finding;
  const shared = pod !== undefined && object !== undefined;
  return JSON.stringify([code, namespace, object, container, file, line, shared ? '' : what]);
}

function merge(first: ReportedFinding, next: ReportedFinding): ReportedFinding {
  const logs = first.logs ?? next.logs;
  return {
    ...first,
    ...(logs && { logs }),
    evidence: [...new Set([...first.evidence, ...next.evidence])],
    count: (first.count ?? 1) + (next.count ?? 1),
  };
}

/** What was late says in its evidence what it was late for; that need not be told twice. */
function isToldByAnother(finding: Finding, all: readonly Finding[]): boolean {
  const said = `${finding.code}: ${finding.what}`;
  const { object, namespace, severity } = finding;
  if (severity === 'fatal') return false;
  return all.some(
    (each) =>
      each.code === 'timed-out' &&
      each.object === object &&
      each.namespace === namespace &&
      each.evidence.includes(said),
  );
}

/** One finding per cause with the number of its pods, the most telling first. */
export function causesOf(findings: readonly ReportedFinding[]): readonly ReportedFinding[] {
  const causes = new Map<string, ReportedFinding>();
  const told = findings.filter((each) => !isToldByAnother(each, findings));
  for (const each of told.sort(byRank)) {
    const cause = causeOf(each);
    const known = causes.get(cause);
    causes.set(cause, known ? merge(known, each) : each);
  }
  return [...causes.values()];
}

/** The same, but with the most telling ones last, nearest to the prompt. */
export function causesLast(findings: readonly ReportedFinding[]): readonly ReportedFinding[] {
  return [...causesOf(findings)].sort((a, b) => byRank(b, a));
}

/** The finding that the headline names: the first fatal one. */
export function leadOf(outcome: Outcome): ReportedFinding | undefined {
  return causesOf(outcome.findings).find((each) => each.severity === 'fatal');
}

/** The code that automation reads: of a cancelled run always `cancelled`. */
export function errorCode(outcome: Outcome): Code | '' {
  return outcome.status === 'cancelled' ? 'cancelled' : (leadOf(outcome)?.code ?? '');
}

/** `manifests/web.yaml:12`, or undefined where no file is known. */
export function placeOf(finding: Finding): string | undefined {
  if (finding.file === undefined) return undefined;
  const line = finding.file === secretsInput ? undefined : finding.line;
  return oneLine(line ? `${finding.file}:${line}` : finding.file);
}

/** What the finding is about: the object with its namespace, else the place, else nothing. */
export function subjectOf(finding: Finding): string {
  if (finding.object === undefined) return placeOf(finding) ?? '';
  return named(finding.object, finding.namespace);
}

/** `Deployment/backend (namespace web)`. */
export function named(object: string, namespace: string | undefined): string {
  return oneLine(clip(namespace ? `${object} (namespace ${namespace})` : object, 300));
}

/** `backend-7d9f on node worker-1 (and 2 more pods)`; undefined where no pod is known. */
export function podOf(finding: ReportedFinding): string | undefined {
  if (finding.pod === undefined) return undefined;
  const others = (finding.count ?? 1) - 1;
  const more = others > 0 ? ` (and ${counted(others, 'more pod')})` : '';
  return oneLine(`${finding.pod}${finding.node ? ` on node ${finding.node}` : ''}${more}`);
}

/** A quarter of a screen; an API message can be a whole object. */
const evidenceLines = 20;

/** What the API itself said, as safe lines. */
export function evidenceOf(finding: Finding): readonly string[] {
  const lines = finding.evidence.flatMap(safeLines).map((line) => clip(line, 1000));
  if (lines.length <= evidenceLines) return lines;
  return [...lines.slice(0, evidenceLines), `… and ${lines.length - evidenceLines} more lines`];
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : neutralise(value);
}

/** The machine form: the contract's keys in their order, absent ones left out by JSON. */
export function recordOf(finding: Finding): Readonly<Record<string, unknown>> {
  return {
    code: finding.code,
    severity: finding.severity,
    object: text(finding.object),
    namespace: text(finding.namespace),
    pod: text(finding.pod),
    container: text(finding.container),
    file: text(finding.file),
    line: finding.line,
    what: neutralise(finding.what),
    evidence: finding.evidence.map((each) => clip(safeLines(each).join('\n'), 4000)),
    hint: safeLines(finding.hint).join('\n'),
  };
}
