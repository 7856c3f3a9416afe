// The last block in the log and on a terminal: what is visible without scrolling.

import type { Change, ChangeKind, UndoneObject } from '../apply/planned/change.ts';
import type { ReportedFinding } from '../core/errors.ts';
import { severityMarks } from '../core/errors.ts';
import { clip, counted, oneLine, safeLines, spell } from '../core/text.ts';
import { errorPage } from '../core/version.ts';
import type { WorkloadResult } from '../rollout/facts/verdict.ts';
import { causesLast, causesOf, evidenceOf, named, placeOf, podOf } from './findings.ts';
import { headline, moodOf, nextStep, numbers } from './headline.ts';
import type { Outcome } from './outcome.ts';
import { liveLines, releaseLines } from './release-lines.ts';

/** Enough to see the shape; the report has all of them. */
const mostObjects = 20;
const mostFindings = 20;

const moodMarks = { good: '✓', open: '·', bad: '✗', stopped: '■' } as const;

/** Longer lists are not read; a Role for everything that a deploy needs has 90 lines. */
const mostLines = 200;

function withinScreens(lines: readonly string[]): readonly string[] {
  const more = lines.length - mostLines;
  return more > 0 ? [...lines.slice(0, mostLines), `… and ${more} more lines`] : lines;
}

function field(name: string, value: string | undefined): string[] {
  if (value === undefined) return [];
  const [first = '', ...rest] = withinScreens(safeLines(value));
  return [`  ${name.padEnd(10)}${first}`, ...rest.map((line) => `${' '.repeat(12)}${line}`)];
}

function logLines(finding: ReportedFinding): string[] {
  return (finding.logs ?? []).flatMap((log) => {
    const own = log.pod === finding.pod && log.container === finding.container;
    const name = own ? '' : `${log.pod}/${log.container} `;
    const title = `${name}(${log.previous ? 'previous' : 'current'} container)`;
    const lines = log.lines.flatMap(safeLines).map((line) => `  │ ${clip(line, 500)}`);
    return lines.length > 0 ? [...field('log', title), ...lines] : field('log', `${title}: empty`);
  });
}

function findingLines(finding: ReportedFinding, withFix: boolean): string[] {
  const [what = '', ...more] = withinScreens(safeLines(finding.what));
  const evidence = evidenceOf(finding);
  const { object, namespace } = finding;
  const known = object === undefined || (what.includes(object) && namespace === undefined);
  return [
    `${severityMarks[finding.severity]} ${finding.code}  ${what}`,
    ...more.map((line) => `  ${line}`),
    ...(known ? [] : field('object', named(object, namespace))),
    ...field('file', placeOf(finding)),
    ...field('pod', podOf(finding)),
    ...field('container', finding.container),
    ...(evidence.length > 0 ? field('why', evidence.join('\n')) : []),
    ...logLines(finding),
    ...(withFix ? field('fix', finding.hint) : []),
  ];
}

/**
 * The most significant one last, nearest to the prompt, with the page of its code; a shared hint is printed
 * once.
 */
export function allFindings(outcome: Pick<Outcome, 'findings'>): string[] {
  const all = causesOf(outcome.findings);
  const causes = causesLast(all.slice(0, mostFindings));
  const left = all.length - causes.length;
  const more = left > 0 ? [`… and ${counted(left, 'more finding')} in the report`, ''] : [];
  const lines = causes.flatMap((each, at) => {
    const next = causes[at + 1];
    const lines = findingLines(each, next?.hint !== each.hint || next.code !== each.code);
    const page = next || each.severity !== 'fatal' ? [] : field('more', errorPage(each.code));
    return [...(at === 0 ? [] : ['']), ...lines, ...page];
  });
  return [...more, ...lines];
}

const changeMarks: Readonly<Record<ChangeKind, string>> = {
  created: '+',
  configured: '~',
  recreated: '±',
  deleted: '-',
  unchanged: '=',
};

const undoMarks: Readonly<Record<UndoneObject['did'], string>> = {
  'put back': '↺',
  'made again': '±',
  deleted: '-',
  left: '·',
};

function changeLine(change: Change): string {
  const fields = change.fields?.slice(0, 8).join(', ') ?? '';
  const more = (change.fields?.length ?? 0) - 8;
  const list = more > 0 ? `${fields} and ${more} more` : fields;
  const head = `${changeMarks[change.change]} ${named(change.object, change.namespace)}`;
  return oneLine(`${head} ${change.change}${list && `: ${list}`}`);
}

function patchLines(change: Change): string[] {
  return safeLines(change.patch ?? '').map((line) => `    ${clip(line, 500)}`);
}

function restartLines(outcome: Outcome): string[] {
  const verb = outcome.command === 'diff' ? 'would restart' : 'restarted';
  return outcome.restarts.map((each) => {
    const because = each.because.join(', ');
    return `↻ ${verb} ${named(each.object, each.namespace)}, because ${because} changed`;
  });
}

function keptLines({ kept = [] }: Outcome): string[] {
  return kept.map(({ object, namespace, why }) =>
    oneLine(`· not pruned: ${named(object, namespace)}: ${why}`),
  );
}

function unverifiedLines(outcome: Outcome): string[] {
  return outcome.unverified.map((each) => `· not checked before: ${each.object}: ${each.why}`);
}

/** What the cluster contains now, when the run did not end well. */
function appliedLines(outcome: Outcome): string[] {
  const applied = outcome.changes.filter((each) => each.change !== 'unchanged');
  if (applied.length === 0) return ['Nothing was changed in the cluster.'];
  const more = applied.length - mostObjects;
  const word = outcome.undone ? 'Applied' : 'Applied, and not undone';
  return [
    `${word}: ${counted(applied.length, 'object')}`,
    ...applied.slice(0, mostObjects).map((each) => `  ${changeLine(each)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

/** What was undone, and with what result. */
function undoneLines({ undone }: Outcome): string[] {
  if (!undone) return [];
  const more = undone.objects.length - mostObjects;
  const took = spell(undone.to - undone.from);
  return [
    `Undone in ${took}: ${counted(undone.objects.length, 'object')}`,
    ...undone.objects.slice(0, mostObjects).map((each) => {
      const why = each.why === undefined ? '' : `: ${each.why}`;
      return oneLine(
        `  ${undoMarks[each.did]} ${named(each.object, each.namespace)} ${each.did}${why}`,
      );
    }),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    ...workloadLines(undone).map((line) => `  ${line}`),
  ];
}

// For a run that was cancelled or failed internally, the finding's evidence already lists it.
function saysWhatWasApplied({ findings }: Outcome): boolean {
  const isEnd = (code: string) => code === 'cancelled' || code === 'internal-error';
  return findings.some(({ code, evidence }) => isEnd(code) && evidence.length > 0);
}

/** One row per workload, in columns. */
export function workloadLines(outcome: {
  readonly workloads: readonly Omit<WorkloadResult, 'from' | 'to'>[];
}): string[] {
  const rows = outcome.workloads.map((each) =>
    [named(each.object, each.namespace), each.verdict.state, each.verdict.words].map(oneLine),
  );
  const width = (column: number): number =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const [first, second] = [width(0), width(1)];
  return rows.map(([object = '', state = '', words = '']) =>
    `${object.padEnd(first)}  ${state.padEnd(second)}  ${words}`.trimEnd(),
  );
}

function verdictLines(outcome: Outcome): string[] {
  return [`${moodMarks[moodOf(outcome)]} ${headline(outcome)}`, `  ${numbers(outcome)}`];
}

function body(outcome: Outcome): string[] {
  switch (outcome.command) {
    case 'diff':
      return [
        ...outcome.changes
          .filter((each) => each.change !== 'unchanged')
          .flatMap((each) => [changeLine(each), ...patchLines(each)]),
        ...restartLines(outcome),
        ...keptLines(outcome),
        ...unverifiedLines(outcome),
      ];
    case 'status':
      return [...liveLines(outcome), ...workloadLines(outcome)];
    case 'history':
      return releaseLines(outcome);
    case 'rollback':
    case 'deploy':
      if (moodOf(outcome) === 'good') return restartLines(outcome);
      if (saysWhatWasApplied(outcome)) return [];
      return [...appliedLines(outcome), ...waitingLines(outcome), ...undoneLines(outcome)];
    case 'build':
    case 'scan':
      return imageLines(outcome);
    case 'setup':
      return outcome.kubeconfigPath ? [`KUBECONFIG=${outcome.kubeconfigPath}`] : [];
  }
}

function imageLines({ images }: Outcome): string[] {
  return Object.entries(images).map(([name, reference]) => oneLine(`${name}  ${reference}`));
}

/** Which workloads are not where they should be. */
function waitingLines(outcome: Outcome): string[] {
  const open = outcome.workloads.filter((each) => each.verdict.state !== 'ready');
  return workloadLines({ ...outcome, workloads: open }).map((line) => `  ${line}`);
}

function joined(...parts: readonly (readonly string[])[]): readonly string[] {
  const full = parts.filter((part) => part.length > 0);
  return full.flatMap((part, at) => (at === 0 ? part : ['', ...part]));
}

/**
 * The last block, line by line. Good news ends with the verdict; bad news with the finding that
 * explains it and its fix.
 */
export function lastBlock(outcome: Outcome): readonly string[] {
  const mood = moodOf(outcome);
  const well = mood === 'good' || mood === 'open';
  if (well) return joined(allFindings(outcome), body(outcome), verdictLines(outcome));
  const findings = allFindings(outcome);
  const ending = findings.length > 0 ? findings : field('next', nextStep(outcome));
  return joined(body(outcome), verdictLines(outcome), ending);
}
