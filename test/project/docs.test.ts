// The documents: links lead somewhere, examples are right, and every page is found from the README.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { commandNames } from '../../src/core/commands.ts';
import { docsPage } from '../../src/core/version.ts';
import { terminalCommands } from '../../src/entry/commands.ts';
import { parseFlags } from '../../src/entry/flags.ts';
import { type Page, pages } from '../support/markdown.ts';

const root = join(import.meta.dirname, '..', '..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');
const byPath = new Map(pages.map((page) => [page.path, page]));
const pageAt = (path: string) => byPath.get(path) ?? byPath.get(join(path, 'README.md'));

/** Where a link of a page leads: a path from the root, and an anchor. */
function targetOf(page: Page, link: string) {
  const [path = '', anchor] = link.split('#');
  const to = path === '' ? page.path : normalize(join(dirname(page.path), decodeURI(path)));
  return { to: to.replace(/\/$/, ''), anchor };
}

const isInside = (link: string) => !/^(?:[a-z][a-z+.-]*:|\/\/)/.test(link);

test('the README is one screen', () => {
  expect(statSync(join(root, 'README.md')).size).toBeLessThanOrEqual(9 * 1024);
});

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  test('has one title, and skips no level of headings', () => {
    const levels = page.headings.map(({ level }) => level);
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    expect(levels[0]).toBe(1);
    const skips = levels.filter((level, at) => at > 0 && level > (levels[at - 1] ?? 0) + 1);
    expect(skips).toEqual([]);
  });

  test('has links that lead to files and headings', () => {
    const broken = page.links.filter(isInside).filter((link) => {
      const { to, anchor } = targetOf(page, link);
      if (!existsSync(join(root, to))) return true;
      return anchor !== undefined && pageAt(to)?.anchors.has(anchor) !== true;
    });
    expect(broken).toEqual([]);
  });

  test('has examples that are YAML or JSON where they say so', () => {
    const wrong = page.blocks.flatMap(({ language, text, line }) => {
      if (language === 'json') return parses(() => JSON.parse(text)) ? [] : [`line ${line}`];
      if (language !== 'yaml') return [];
      const errors = parseAllDocuments(text).flatMap((document) => document.errors ?? []);
      return errors.map((error) => `line ${line}: ${error.message}`);
    });
    expect(wrong).toEqual([]);
  });

  test('names inputs that exist', () => {
    const unknown = page.blocks
      .filter(({ language }) => language === 'yaml')
      .flatMap(({ text }) => usesIn(text))
      .flatMap(({ inputs, given }) => given.filter((name) => !inputs.includes(name)));
    expect(unknown).toEqual([]);
  });

  test('names commands and flags that exist', () => {
    expect(shellLines(page).flatMap(wrongUse)).toEqual([]);
  });
});

function parses(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

interface Use {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** Steps and jobs anywhere in an example that use this project, with the inputs that they give. */
function usesIn(text: string) {
  const found: { inputs: readonly string[]; given: readonly string[] }[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    if (typeof value !== 'object' || value === null) return;
    const { uses, with: given = {} } = value as Use;
    const workflow = /webgen-deploy\/(\.github\/workflows\/[a-z-]+\.yml)@/.exec(String(uses))?.[1];
    if (workflow) found.push({ inputs: inputsOfWorkflow(workflow), given: Object.keys(given) });
    else if (/\/webgen-deploy@/.test(String(uses))) {
      found.push({ inputs: Object.keys(action.inputs), given: Object.keys(given) });
    }
    Object.values(value).forEach(look);
  };
  if (!/uses:.*webgen-deploy/.test(text)) return found;
  look(parse(text));
  return found;
}

const action = parse(file('action.yml')) as { readonly inputs: Readonly<Record<string, unknown>> };

function inputsOfWorkflow(path: string): readonly string[] {
  const { on } = parse(file(path)) as { on: { workflow_call: { inputs: object } } };
  return Object.keys(on.workflow_call.inputs);
}

const commands = [...commandNames, ...Object.keys(terminalCommands)];
/** The example has a Makefile of its own, and pages of both name targets of either. */
const targets = ['Makefile', 'example/Makefile'].flatMap((makefile) =>
  [...file(makefile).matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name),
);
const scripts = Object.keys(JSON.parse(file('package.json')).scripts);

/** Lines of shell in blocks without a language or with `sh`, and in code marks. */
function shellLines({ path, blocks, text }: Page): readonly { path: string; line: string }[] {
  const inBlocks = blocks
    .filter(({ language }) => ['', 'sh', 'bash', 'console'].includes(language))
    .flatMap((block) => block.text.replaceAll('\\\n', ' ').split('\n'));
  const marked = [...text.matchAll(/`((?:make|npm run|webgen-deploy) [^`\n]+)`/g)].map(
    ([, line = '']) => line,
  );
  return [...inBlocks, ...marked].map((line) => ({ path, line: line.replace(/^\$ /, '').trim() }));
}

/** What a line says wrong of this project's own commands. */
function wrongUse({ path, line }: { path: string; line: string }): readonly string[] {
  const make = /^make ([a-z][a-z0-9-]*)/.exec(line)?.[1];
  const own = path.startsWith('example/');
  if (make && !targets.includes(make)) return [line];
  const run = /^npm run ([a-z-]+)/.exec(line)?.[1];
  if (run && !own && !scripts.includes(run)) return [line];
  const called = /(?:^|\| )(?:npx github:org\/)?webgen-deploy ([a-z].*)$/.exec(line)?.[1];
  if (called === undefined) return [];
  const words = called
    .replace(/ +#.*$/, '')
    .replaceAll(/"[^"]*"|'[^']*'|<[^>]*>/g, 'x')
    .split(/ +/);
  if (!commands.includes(words[0] ?? '')) return [line];
  const unknown = parseFlags(words.filter((word) => word !== '…')).findings.filter(({ what }) =>
    /not known|does not apply|belongs to/.test(what),
  );
  return unknown.map(({ what }) => `${line}: ${what}`);
}

test('every page is two clicks from the README', () => {
  const clicked = (from: readonly string[]) =>
    from.flatMap((path) => {
      const page = pageAt(path);
      return page
        ? page.links.filter(isInside).map((link) => pageAt(targetOf(page, link).to)?.path ?? '')
        : [];
    });
  const one = clicked(['README.md']);
  const near = new Set(['README.md', ...one, ...clicked(one)]);
  expect(pages.map(({ path }) => path).filter((path) => !near.has(path))).toEqual([]);
});

test('the decisions are numbered in order, each once, and listed', () => {
  const files = globSync('docs/architecture/decisions/[0-9]*.md', { cwd: root }).sort();
  expect(files.length).toBeGreaterThan(20);
  const numbers = files.map((path) => Number(/(\d+)-/.exec(path)?.[1]));
  expect(numbers).toEqual(files.map((_, at) => at + 1));
  const index = byPath.get('docs/architecture/decisions/README.md');
  expect(index?.links).toEqual(files.map((path) => path.split('/').at(-1)));
  const titles = files.map((path) => byPath.get(path)?.headings[0]?.text ?? '');
  expect(titles.map((title) => Number.parseInt(title, 10))).toEqual(numbers);
});

test('the program names pages that exist', () => {
  const named = file('src/core/version.ts').matchAll(/^ {2}\| '(.+)'/gm);
  const missing = [...named]
    .map(([, page = '']) => page)
    .filter((page) => !byPath.has(`docs/${page}.md`));
  expect(missing).toEqual([]);
  expect(docsPage('errors')).toMatch(/\/docs\/errors\.md$/);
});
