// What must hold of everything that leaves a run, whatever came in.

import { canaries } from '../support/canaries.ts';
import { commandIn } from '../support/platform/runner-commands.ts';
import { mark } from './arbitraries.ts';
import { tellingForms } from './forms.ts';
import type { Published } from './publish.ts';

export type Kind =
  /** Neither a result nor an expected failure: a defect's stack. */
  | 'exception'
  /** It does not come to an end, or too late. */
  | 'hang'
  | 'memory'
  | 'leak'
  /** A line that the runner carries out. */
  | 'command'
  /** Hostile text became Markdown or HTML of the report, or a control sequence. */
  | 'markup';

export interface Fault {
  readonly kind: Kind;
  /** The same for the same fault: where it is thrown, or in which text it stands. */
  readonly where: string;
  readonly detail: string;
}

const forms = canaries.map(tellingForms);

/**
 * The first property that does not hold; undefined where all do. `secrets` are the numbers of those
 * that came in, in whatever form.
 */
export function faultIn(published: Published, secrets: readonly number[]): Fault | undefined {
  return (
    commandFault(published) ??
    markupFault(published) ??
    controlFault(published) ??
    leakFault(published, secrets)
  );
}

function commandFault({ lines, annotations }: Published): Fault | undefined {
  const bad = linesOf(lines).find((line) => commandIn(line) !== undefined);
  if (bad !== undefined) return { kind: 'command', where: 'a line', detail: excerpt(bad, 0) };
  const odd = linesOf(annotations).find((line) => !/^::(?:error|warning|notice)[ :]/.test(line));
  if (odd === undefined) return undefined;
  return { kind: 'command', where: 'an annotation', detail: excerpt(odd, 0) };
}

/** The runner reads a line up to any line break. */
const linesOf = (written: string): readonly string[] =>
  written.split(/\r\n|[\r\n]/).filter((line) => line !== '');

/** What the attacks would be, had they become markup. */
const live: readonly RegExp[] = [
  new RegExp(`<(?:!-- )?${mark}`),
  new RegExp(`=${mark}>`),
  new RegExp(`\\]\\(https://${mark}`),
  new RegExp(`://${mark}`),
  // GitHub makes links of these only at the beginning of a word.
  new RegExp(`(?:^|[\\s*_~(])www\\.${mark}`),
  new RegExp(`@${mark}`),
  new RegExp(`x\\*\\*${mark}\\*\\*x`),
  new RegExp(`\\$\\\\${mark}`),
  new RegExp(`^#+ ${mark}`, 'm'),
];

/** A mark that acts on a reader, where it stands outside of fenced text. */
function markupFault({ markdown }: Published): Fault | undefined {
  for (const page of markdown) {
    const shown = outsideFences(page);
    const escaped = live.map((each) => each.exec(shown)).find((found) => found !== null);
    if (!escaped) continue;
    return { kind: 'markup', where: escaped[0].trim(), detail: excerpt(shown, escaped.index) };
  }
  return undefined;
}

/** By CommonMark's rules: a fence ends with a line of at least as many marks and nothing else. */
function outsideFences(page: string): string {
  const kept: string[] = [];
  let open: string | undefined;
  for (const line of page.split('\n')) {
    const [, marks = '', info = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined && marks !== '' && !(marks[0] === '`' && info.includes('`'))) {
      open = marks;
    } else if (open === undefined) kept.push(line);
    else if (marks[0] === open[0] && marks.length >= open.length && info.trim() === '') {
      open = undefined;
    }
  }
  return kept.join('\n');
}

// Tab and line feed only; invisible ones but the companion of `@`.
const control = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function controlFault({ lines, terminal, markdown }: Published): Fault | undefined {
  const pages = markdown.map((page) => page.replaceAll('&#8203;', ''));
  for (const [where, text] of [
    ['a line', lines],
    ['the terminal', terminal],
    ...pages.map((page) => ['the summary', page]),
  ]) {
    const bare = (text ?? '').replaceAll(/[\t\n]/g, '');
    const at = bare.search(control);
    if (at >= 0) {
      const code = `U+${bare.codePointAt(at)?.toString(16)}`;
      return { kind: 'markup', where: `${code} in ${where}`, detail: excerpt(bare, at) };
    }
  }
  return undefined;
}

function leakFault(published: Published, secrets: readonly number[]): Fault | undefined {
  const texts: readonly (readonly [string, string])[] = [
    ['the log', published.lines],
    ['an annotation', published.annotations.replaceAll('%25', '%').replaceAll('%0A', '\n')],
    ['the terminal', published.terminal],
    ...published.markdown.map((page) => ['the summary', withoutEntities(page)] as const),
    ['the report', published.report],
    ['the report', stringsIn(JSON.parse(published.report)).join('\n')],
    ...Object.entries(published.outputs).flatMap(([name, text]) => [
      [`output ${name}`, text] as const,
      [`output ${name}`, jsonStrings(text)] as const,
    ]),
    ...published.files.flatMap((text) => [
      ['a file', text] as const,
      ['a file', jsonStrings(text)] as const,
    ]),
  ];
  for (const secret of secrets) {
    for (const form of forms[secret] ?? []) {
      const [where, text] = texts.find(([, each]) => each.includes(form)) ?? [];
      if (where === undefined || text === undefined) continue;
      const shown = excerpt(text, text.indexOf(form));
      return {
        kind: 'leak',
        where,
        detail: `secret ${secret} as ${JSON.stringify(form)}: ${shown}`,
      };
    }
  }
  return undefined;
}

const withoutEntities = (page: string): string =>
  page.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...stringsIn(item)]);
}

function jsonStrings(text: string): string {
  try {
    return stringsIn(JSON.parse(text)).join('\n');
  } catch {
    return '';
  }
}

function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(Math.max(0, at - 40), at + 120));
}
