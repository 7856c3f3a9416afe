// The example's documents: the tree is the truth, and both languages say the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const made = ['node_modules', '.next', '.venv', '.env', '__pycache__', '.pytest_cache'];

const entries = (path: string) =>
  readdirSync(join(root, path)).filter((name) => !made.includes(name));

/** Names in a folder as the tree says them: without endings, without what only ties them together. */
const namesIn = (path: string) =>
  entries(path)
    .filter((name) => !/^kustomization\.yaml$|^scripts$/.test(name) || path === 'example')
    .map((name) => name.replace(/\.(yaml|yml|sh)$/, ''))
    .sort();

const tree = /```\n(\.dockerignore[\s\S]*?)```/.exec(text('example/INFRASTRUCTURE.md'))?.[1] ?? '';
// A line that only goes on begins with more than an indent.
const lines = tree
  .replaceAll(/\n {10,}/g, ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => /^( *)(\S+) +(.*)$/.exec(line) ?? [])
  .map(([, indent = '', name = '', words = '']) => ({ inside: indent !== '', name, words }));

describe('the tree of INFRASTRUCTURE.md', () => {
  test('names everything at the top of an application', () => {
    const top = lines.filter(({ inside }) => !inside).map(({ name }) => name.split('/')[0]);
    expect(top.sort()).toEqual([...entries('example'), 'manifests'].sort());
  });

  const listed = lines.filter(({ inside, name }) => inside || /^(scripts|\.github)/.test(name));
  test.each(listed)('$name holds what it says', ({ inside, name, words }) => {
    const path = join(inside ? 'manifests' : 'example', name);
    expect(words.split(/, +/)).toEqual(namesIn(path));
  });

  test('leaves no folder of manifests/ out', () => {
    const said = lines.filter(({ inside }) => inside).map(({ name }) => name.split('/')[0]);
    const real = readdirSync(join(root, 'manifests'), { withFileTypes: true });
    const folders = real.filter((each) => each.isDirectory()).map(({ name }) => name);
    expect([...new Set(said)].sort()).toEqual(folders.sort());
  });
});

const pairs = ['README', 'DEPLOYMENT', 'INFRASTRUCTURE'].map((name) => `example/${name}`);

describe.each([...pairs, 'manifests/README'])('%s', (name) => {
  const english = text(`${name}.md`);
  const russian = text(`${name}.ru.md`);
  const both = (of: (document: string) => unknown) => [of(english), of(russian)] as const;

  test('has the same sections in both languages', () => {
    const [one, other] = both((document) => document.match(/^#+(?= )/gm));
    expect(other).toEqual(one);
  });

  test('has the same commands and listings', () => {
    const [one, other] = both((document) => document.match(/^```[\s\S]*?^```$/gm));
    const plain = (blocks: unknown) =>
      (blocks as string[]).map((each) => each.replaceAll(/ +#.*/g, ''));
    expect(plain(other)).toEqual(plain(one));
  });

  test('has the same rows, and names the same things', () => {
    const prose = (document: string) => document.replaceAll(/^```[\s\S]*?^```$/gm, '');
    const [rows, others] = both((document) => prose(document).match(/^\|/gm)?.length ?? 0);
    expect(others).toBe(rows);
    const named = (document: string) => {
      const spans = prose(document).match(/`[^`\n]+`/g) ?? [];
      return [...new Set(spans.map((each) => each.replace('.ru.md', '.md')))].sort();
    };
    expect(named(russian)).toEqual(named(english));
  });

  test('gives the same figures', () => {
    const figures = (document: string) => [
      ...new Set(document.match(/\b\d+(?:[.–]\d+)*(?= ?(?:MiB|Mi|Gi|%|requests|запрос))/g) ?? []),
    ];
    expect(figures(russian).sort()).toEqual(figures(english).sort());
  });
});
