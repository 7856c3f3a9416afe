// Markdown from untrusted text: nothing from outside may become markup, a link or a mention.
import { clip, oneLine, safeLines } from '../core/text.ts';

const special = /[&<>|`*_~#[\]\\"'$!]/g;

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

// GitHub turns bare addresses into links, so their colon or dot is escaped too.
function entities(text: string): string {
  return oneLine(text)
    .replaceAll(special, entity)
    .replaceAll('://', '&#58;//')
    .replaceAll(/\bwww\./gi, (match) => `${match.slice(0, 3)}&#46;`);
}

/** A sentence. A zero-width character follows each `@`, so that nobody is notified. */
export function prose(text: string): string {
  return entities(clip(text, 2000)).replaceAll('@', '&#64;&#8203;');
}

/** A name or value as code: every character is kept, also inside a table. */
export function code(text: string): string {
  return `<code>${entities(clip(text, 500)).replaceAll('@', '&#64;')}</code>`;
}

/** A link, if it is an address that our own code would build; otherwise the text alone. */
export function link(text: string, url: string): string {
  return /^https?:\/\/[\w.:/?#&=%~+-]+$/.test(url) ? `[${prose(text)}](${url})` : prose(text);
}

// A whole summary may have 900 KiB, so many logs of this size fit.
const fenceBudget = 32_000;

/** A fenced block that its content cannot close. Where it is too long its last lines are kept. */
export function fence(text: readonly string[], language = ''): string {
  const kept: string[] = [];
  let size = 0;
  const lines = text.flatMap(safeLines).map((line) => clip(line, 1000));
  for (const line of lines.toReversed()) {
    size += line.length + 1;
    if (size > fenceBudget) break;
    kept.unshift(line);
  }
  const cut = lines.length - kept.length;
  if (cut > 0) kept.unshift(`… ${cut} earlier lines left out`);
  const runs = kept.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length);
  const marks = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return [`${marks}${language}`, ...kept, marks].join('\n');
}

/** A table; its cells are already Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A collapsed section; the title is HTML that contains no Markdown. */
export function fold(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/** A piece of the page that is kept or omitted as a whole, and its name in that case. */
export interface Block {
  readonly text: string;
  readonly what: string;
}

const encoder = new TextEncoder();

/** As many blocks as fit into a number of bytes, and one that lists what was omitted. */
export function within(bytes: number, blocks: readonly Block[]): readonly Block[] {
  const kept: Block[] = [];
  const left = new Map<string, number>();
  let size = 0;
  for (const block of blocks) {
    const next = encoder.encode(block.text).length + 2;
    if (size + next > bytes) left.set(block.what, (left.get(block.what) ?? 0) + 1);
    else {
      size += next;
      kept.push(block);
    }
  }
  if (left.size === 0) return kept;
  const what = [...left].map(([name, count]) => `${count} × ${name}`).join(', ');
  const text = `_Left out, since GitHub drops summaries above 1 MiB: ${what}._`;
  return [...kept, { what: 'note', text }];
}
