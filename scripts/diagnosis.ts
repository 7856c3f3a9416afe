// Writes docs/diagnosis.md from the tables of the code: what it prints is what the judge says of
// each recorded state.
import type { Finding } from '../src/core/errors.ts';
import type { SignalRow } from '../src/rollout/facts/verdict.ts';
import { type JudgeRow, judges } from '../src/rollout/judge/judges.ts';
import { generic } from '../src/rollout/judge/row-of.ts';
import { signals } from '../src/rollout/judge/signals.ts';
import { replay, targetOf } from '../test/support/rollout/recording.ts';

/** Long enough for the slowest threshold. */
const longer = 700_000;
const weight = { note: 0, warning: 1, fatal: 2 } as const;

export interface Proven {
  /** The gravest finding with the row's code; undefined: the state does not prove the row. */
  readonly finding: Finding | undefined;
  readonly isFatal: boolean;
  /** Milliseconds from the write to the first sight, and to the failure. */
  readonly seenAt: number | undefined;
  readonly failedAt: number | undefined;
}

/** The judge's result for a row's state. */
export function prove([, code, , fixture]: SignalRow): Proven {
  const from = targetOf(fixture).at;
  const seen = replay(fixture, { longer, step: 1_000, skipQuiet: true }).flatMap(
    ({ at, verdict }) =>
      verdict.findings
        .filter((each) => each.code === code)
        .map((each) => ({ at: at - from, each })),
  );
  const fatal = seen.find(({ each }) => each.severity === 'fatal');
  const [gravest] = seen.toSorted((a, b) => weight[b.each.severity] - weight[a.each.severity]);
  return {
    finding: (fatal ?? gravest)?.each,
    isFatal: fatal !== undefined,
    seenAt: seen[0]?.at,
    failedAt: fatal?.at,
  };
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const link = (fixture: string): string => `[${fixture}](../test/fixtures/cluster/${fixture}.yaml)`;

function signalLine(row: SignalRow): string {
  const [signal, code, fatal, fixture] = row;
  const { finding } = prove(row);
  const first = finding?.evidence[0];
  const printed = `${finding?.what ?? ''}${first === undefined ? '' : ` — ${first}`}`;
  const short = printed.length > 220 ? `${printed.slice(0, 219)}…` : printed;
  return `| ${cell(signal)} | [${code}](errors.md#${code}) | ${cell(fatal)} | ${cell(short)} | ${link(fixture)} |`;
}

function readyLine(kind: string, { ready, shows }: JudgeRow): string {
  return `| ${kind} | ${cell(ready)} | ${shows.map(link).join(', ')} |`;
}

/** The page, from its tables. */
export function renderDiagnosis(): string {
  const tables = Object.entries(signals).flatMap(([title, rows]) => [
    `### ${title}`,
    '',
    '| signal | code | fatal | what is printed | state |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(signalLine),
    '',
  ]);
  return [
    '<!-- Written by scripts/docs.ts from the tables in src/rollout; change those instead. -->',
    '# What is diagnosed, and when it fails the run',
    '',
    'A signal is printed as a warning when it is first seen. It fails the run once it is certain: when the cause is proved, or a budget has run out without progress. Times count from when it is first seen. With `patience: strict` a signal is fatal at once, except that a read still has to prove what is missing; with `patient` only the timeout is fatal, apart from what Kubernetes itself reports as failed. The annotation `webgen-deploy/patience` sets this for one object.',
    '',
    'Only pods of the new revision count, and only after the controller has seen the new spec. Events from before the release are ignored. Time in which the API is unreachable does not count.',
    '',
    'Each row has a state that proves it: a recording of a real API server and kubelet, or, where its first line says so, one written by hand. A test replays all of them.',
    '',
    '## Signals',
    '',
    ...tables,
    '## Ready',
    '',
    'A workload whose containers have no readiness probe, and no `minReadySeconds`, is only known to have started: its verdict says so. If one of its containers dies, it counts as running again only after ten seconds, or after twice its last run up to a minute.',
    '',
    '| kind | ready | state |',
    '| --- | --- | --- |',
    ...Object.entries(judges).map(([kind, row]) => readyLine(kind, row)),
    readyLine('any other kind', generic),
    '',
  ].join('\n');
}
