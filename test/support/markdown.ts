// Markdown pages of the project, read as far as the checks of documents need it.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Block {
  /** As written after the fence: `yaml`, or empty. */
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export interface Page {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  readonly headings: readonly { readonly level: number; readonly text: string }[];
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
  readonly blocks: readonly Block[];
  /** Without code, links' targets and markup. */
  readonly prose: string;
}

const fence = /^( *)(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)^\1\2 *$/gm;

/** GitHub's own anchors: lower case, no punctuation, hyphens for spaces, `-1` for a repetition. */
function anchorsOf(headings: readonly { readonly text: string }[]): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = headings.map(({ text }) => {
    const plain = text
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const count = seen.get(plain) ?? 0;
    seen.set(plain, count + 1);
    return count === 0 ? plain : `${plain}-${count}`;
  });
  return new Set(anchors);
}

export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks = [...text.matchAll(fence)].map((match) => ({
    language: (match[3] ?? '').trim(),
    text: (match[4] ?? '').replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
    line: text.slice(0, match.index).split('\n').length,
  }));
  const outside = text.replaceAll(fence, '');
  const headings = [...outside.matchAll(/^(#{1,6}) +(.+?)\s*$/gm)].map(
    ([, marks = '', title = '']) => ({ level: marks.length, text: title }),
  );
  const uncoded = outside.replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, ' ');
  const links = [...uncoded.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, to = '']) => to);
  const prose = uncoded
    .replaceAll(/<!--[\s\S]*?-->|<[^>]+>|&[a-z]+;/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, '] ')
    .replaceAll(/https?:\/\/\S+/g, ' ');
  return { path, text, headings, anchors: anchorsOf(headings), links, blocks, prose };
}

/** What users and contributors read. */
export const pages: readonly Page[] = globSync(
  ['*.md', 'docs/**/*.md', 'example/*.md', 'manifests/*.md'],
  { cwd: root },
)
  .sort()
  .map(readPage);
