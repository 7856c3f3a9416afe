// `diagnose FILE…`: files in, text or JSON out, and the exit code.

import { type Finding, finding, severityMarks } from '../../core/errors.ts';
import { clip, neutralise, oneLine } from '../../core/text.ts';
import { type Patience, patiences } from '../../kube/annotations.ts';
import { placeOf } from '../../report/findings.ts';
import { jsonOf } from '../../report/render.ts';
import { diagnose } from './diagnose.ts';
import { diagnosisLines, diagnosisRecords } from './report.ts';
import type { SavedFile } from './saved-objects.ts';

/** What a terminal asks for. */
export interface Asked {
  /** What it reads; `-` is standard input. */
  readonly files?: readonly string[];
  /** RFC 3339, as written. */
  readonly now?: string;
  readonly output: 'text' | 'json';
  readonly raw: { readonly patience?: string };
}

export interface Done {
  /** 0 nothing failed, 1 a failed verdict, 2 wrong use or unreadable input. */
  readonly code: number;
  /** For standard error: about the files themselves. */
  readonly errors: readonly string[];
  readonly lines: readonly string[];
  /** For standard output as it is; empty where text is asked for. */
  readonly json: string;
}

/** `read` gives a file's bytes and throws what the system says. */
export async function diagnoseFiles(
  { files = [], now, output, raw }: Asked,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Done> {
  const at = now === undefined ? undefined : timeIn(now);
  const patience = patiences.find((each) => each === (raw.patience ?? 'normal'));
  const wrong = [
    ...(Number.isNaN(at)
      ? [wrongUse('--now is no time', 'Write it as 2026-11-24T12:00:00Z.')]
      : []),
    ...(patience ? [] : [wrongUse('--patience is no choice', `Use ${patiences.join(', ')}.`)]),
  ];
  if (wrong.length > 0) return { code: 2, errors: wrong.flatMap(errorLines), lines: [], json: '' };
  const opened = await Promise.all([...new Set(files)].map((path) => open(path, read)));
  const texts = opened.flatMap((each) => ('text' in each ? [each] : []));
  const { rows, problems } = diagnose(texts, {
    ...(at === undefined ? {} : { now: at }),
    patience: patience as Patience,
  });
  const findings = [...opened.flatMap((each) => ('text' in each ? [] : [each])), ...problems];
  const unreadable = findings.some(({ severity }) => severity === 'fatal');
  const failed = rows.some(({ verdict }) => verdict === 'failed');
  const asJson = output === 'json';
  return {
    code: unreadable ? 2 : failed ? 1 : 0,
    errors: findings.flatMap(errorLines),
    lines: asJson || (unreadable && rows.length === 0) ? [] : diagnosisLines(rows),
    json: asJson ? `${jsonOf(diagnosisRecords(rows), 2)}\n` : '',
  };
}

function wrongUse(what: string, hint: string): Finding {
  return finding('input-invalid', `The flag ${what}.`, { hint });
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function timeIn(text: string): number {
  return rfc3339.test(text) ? Date.parse(text) : Number.NaN;
}

function errorLines(problem: Finding): readonly string[] {
  const mark = severityMarks[problem.severity];
  const place = placeOf(problem);
  const why = problem.evidence.map((line) => `  ${line}`);
  return [
    `${mark} ${problem.code}  ${place === undefined ? '' : `${place}: `}${problem.what}`,
    ...why,
    `  ${problem.hint}`,
  ].map(neutralise);
}

async function open(
  path: string,
  read: (path: string) => Promise<Uint8Array>,
): Promise<SavedFile | Finding> {
  const name = path === '-' ? 'standard input' : clip(oneLine(path), 300);
  try {
    return { name, text: textOf(await read(path)) };
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    // The system's own failures have a code; anything else is a defect of ours.
    if (typeof code !== 'string') throw error;
    return finding('manifest-invalid', `${name} cannot be read.`, {
      evidence: [clip(oneLine(String(message)), 300)],
      hint: 'Name files that kubectl get … -o yaml has written, or - for standard input.',
    });
  }
}

/** UTF-8; or UTF-16, which is what `>` of PowerShell writes. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(wide).decode(bytes);
}
