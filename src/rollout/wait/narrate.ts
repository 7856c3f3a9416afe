// What a person reads while it waits: a line when something changed, and now and then a reminder.
import { byGravity, severityMarks } from '../../core/errors.ts';
import { spell } from '../../core/text.ts';
import type { LiveFinding, Verdict } from '../facts/verdict.ts';

export interface Subject {
  /** `Deployment/backend`, with its namespace where there are several. */
  readonly label: string;
  readonly verdict: Verdict;
  /** Nothing is awaited of it: only its findings are told. */
  readonly quiet?: boolean;
}

/** What was told already. */
export interface Told {
  /** By label. */
  readonly subjects: ReadonlyMap<string, Subject>;
  /** label and cause → the gravest severity told. */
  readonly findings: ReadonlyMap<string, LiveFinding['severity']>;
  readonly startedAt: number;
  /** When a line was last written. */
  readonly lastAt: number;
}

export interface Telling {
  readonly lines: readonly string[];
  /** Findings not told before, or graver than told. */
  readonly news: readonly LiveFinding[];
  readonly told: Told;
}

const reminderMs = 30_000;
const namedInReminder = 5;
/** More that are ready at the first look are only counted. */
const namedAtFirst = 3;

/** Nothing told yet. `now` in milliseconds. */
export function nothingTold(now: number): Told {
  return { subjects: new Map(), findings: new Map(), startedAt: now, lastAt: now };
}

/**
 * The lines for what changed since; when nothing did for 30 s, what is still awaited. `anew`: those
 * that were judged anew, so that what stands still costs nothing.
 */
export function narrate(told: Told, anew: readonly Subject[], now: number): Telling {
  const lines = changeLines(told, anew);
  const fresh = anew.flatMap((subject) => newsOf(subject, told));
  const all = [...lines, ...fresh.map(({ finding }) => findingLine(finding))];
  const subjects = merged(
    told.subjects,
    anew.map((each) => [each.label, each]),
  );
  const silent = all.length === 0 && now - told.lastAt >= reminderMs;
  const shown = silent ? reminder([...subjects.values()], now - told.startedAt) : all;
  const graver = fresh.map(({ key, finding }) => [key, finding.severity] as const);
  return {
    lines: shown,
    news: fresh.map(({ finding }) => finding),
    told: {
      ...told,
      subjects,
      findings: merged(told.findings, graver),
      lastAt: shown.length > 0 ? now : told.lastAt,
    },
  };
}

function merged<V>(
  map: ReadonlyMap<string, V>,
  entries: readonly (readonly [string, V])[],
): ReadonlyMap<string, V> {
  return entries.length === 0 ? map : new Map([...map, ...entries]);
}

function changeLines(told: Told, all: readonly Subject[]): readonly string[] {
  const subjects = all.filter(({ quiet }) => !quiet);
  const isFirst = told.subjects.size === 0;
  const already = isFirst ? subjects.filter(({ verdict }) => verdict.state === 'ready') : [];
  const isMany = already.length > namedAtFirst;
  const rest = isMany ? subjects.filter((each) => !already.includes(each)) : subjects;
  return [
    ...(isMany ? [`${already.length} of ${subjects.length} workloads are ready already`] : []),
    ...rest.flatMap(({ label, verdict }) =>
      changeLine(label, told.subjects.get(label)?.verdict, verdict),
    ),
  ];
}

/** `available 1 → 3 of 3` where a count changed. */
function progressWords(before: Verdict | undefined, verdict: Verdict): readonly string[] {
  return verdict.progress.flatMap(({ what, have, want }) => {
    const old = before?.progress.find((each) => each.what === what);
    if (!old) return have > 0 ? [`${what} ${have} of ${want}`] : [];
    return old.have === have ? [] : [`${what} ${old.have} → ${have} of ${want}`];
  });
}

function stateWords(before: Verdict | undefined, verdict: Verdict): readonly string[] {
  if (before?.state === verdict.state) return [];
  if (verdict.state === 'waiting') return before?.state === 'ready' ? ['no longer ready'] : [];
  if (verdict.state === 'absent') return before ? ['is gone'] : [];
  // From the start it was nothing to wait for.
  if (verdict.state === 'suspended' && !before) return [];
  return verdict.progress.length > 0 && verdict.state === 'ready' && verdict.words.includes(' of ')
    ? [verdict.state]
    : [`${verdict.state}: ${verdict.words}`];
}

function changeLine(
  label: string,
  before: Verdict | undefined,
  verdict: Verdict,
): readonly string[] {
  const words = [...progressWords(before, verdict), ...stateWords(before, verdict)];
  return words.length > 0 ? [`${label}: ${words.join(', ')}`] : [];
}

interface News {
  readonly key: string;
  readonly finding: LiveFinding;
}

function newsOf({ label, verdict }: Subject, told: Told): readonly News[] {
  return verdict.findings.flatMap((finding) => {
    const key = `${label}|${finding.cause ?? finding.what}`;
    const before = told.findings.get(key);
    return before !== undefined && byGravity({ severity: before }, finding) <= 0
      ? []
      : [{ key, finding }];
  });
}

function findingLine({ severity, code, what, pod, node, count, evidence }: LiveFinding): string {
  const where =
    pod === undefined
      ? ''
      : ` (${pod}${node === undefined ? '' : ` on ${node}`}${
          count !== undefined && count > 1 ? `, ${count} pods` : ''
        })`;
  const why = evidence[0] === undefined ? '' : `: ${evidence[0]}`;
  return `${severityMarks[severity]} ${code}  ${what}${where}${why}`;
}

function reminder(subjects: readonly Subject[], elapsed: number): readonly string[] {
  const open = subjects.filter(({ verdict }) => !isSettled(verdict));
  if (open.length === 0) return [];
  const named = open.slice(0, namedInReminder).map(({ label, verdict }) => {
    const why = verdict.findings.find((each) => each.severity !== 'note');
    return `${label} (${verdict.words}${why ? `; ${why.code}` : ''})`;
  });
  const more = open.length - named.length;
  const rest = more > 0 ? ` and ${more} more` : '';
  return [`still waiting after ${spell(elapsed)}: ${named.join(', ')}${rest}`];
}

/** Nothing more is awaited of it. */
export function isSettled({ state }: Verdict): boolean {
  return state === 'ready' || state === 'suspended' || state === 'failed';
}
