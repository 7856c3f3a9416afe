// The project's version and name: package.json has them, and every other place follows.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { nameHolders, otherNames, projectOf, renamed } from '../../scripts/project.ts';
import { project, version } from '../../src/core/version.ts';

const root = join(import.meta.dirname, '..', '..');
const packageText = readFileSync(join(root, 'package.json'), 'utf8');

test("the program's version and name are package.json's", () => {
  expect(version).toBe((JSON.parse(packageText) as { version: string }).version);
  expect(project).toBe(projectOf(packageText));
});

test.each([
  ['github:acme/rollouts', 'acme/rollouts'],
  [{ type: 'git', url: 'git+https://github.com/acme/rollouts.git' }, 'acme/rollouts'],
  [{ type: 'git', url: 'https://github.com/acme/roll.outs' }, 'acme/roll.outs'],
])('reads the repository %j', (repository, wanted) => {
  expect(projectOf(JSON.stringify({ repository }))).toBe(wanted);
});

test.each([
  undefined,
  'acme/rollouts/x',
  'gitlab:acme/rollouts',
  { url: 'https://example.com/acme/rollouts' },
  'github:acme/..',
  'github:-acme/x',
])('refuses the repository %j', (repository) => {
  expect(() => projectOf(JSON.stringify({ repository }))).toThrow('"github:OWNER/NAME"');
});

test('renames the whole name alone', () => {
  const text = 'uses: a/b@v1, github.com/a/b/x, xa/b, a/b-c, ~/.a/b, github:a/b. a/b';
  expect(renamed(text, 'a/b', 'c/d')).toBe(
    'uses: c/d@v1, github.com/c/d/x, xa/b, a/b-c, ~/.a/b, github:c/d. c/d',
  );
});

test('sees another owner where a name is used, not where a path has it', () => {
  const text = 'uses: x/b@v1\nhttps://github.com/y/b/\nnpx github:z/b\nuses: a/b@v1\n~/.cache/b';
  expect(otherNames(text, 'a/b')).toEqual(['x/b', 'y/b', 'z/b']);
});

test('nothing else in the code spells it', () => {
  const code = globSync(['{src,e2e,test,scripts}/**/*.{ts,js,sh}'], { cwd: root });
  const spelling = code.filter((path) => readFileSync(join(root, path), 'utf8').includes(project));
  expect(spelling).toEqual(['src/core/version.ts']);
});

test('no file that users read names it under another owner', () => {
  const others = nameHolders(root).flatMap((path) =>
    otherNames(readFileSync(join(root, path), 'utf8'), project).map((name) => [path, name]),
  );
  expect(others).toEqual([]);
});

const copies: string[] = [];
afterEach(() => {
  for (const folder of copies.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A copy of the project with its dependencies. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webgen-name-'));
  copies.push(folder);
  const left = new Set(
    ['node_modules', '.git', '.tmp', 'dist', 'build'].map((each) => join(root, each)),
  );
  cpSync(root, folder, { recursive: true, filter: (path) => !left.has(path) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function docs(folder: string, ...args: readonly string[]) {
  const done = spawnSync(process.execPath, ['scripts/docs.ts', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: done.status, text: done.stdout + done.stderr };
}

test('a renamed package.json makes every place follow', () => {
  const folder = copy();
  const other = ['acme', 'renamed'].join('/');
  const holds = (name: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path, 'latin1').includes(name));
  const before = holds(project).map((path) => path.slice(folder.length + 1));
  expect(before).toEqual(expect.arrayContaining(['README.md', '.github/zizmor.yml']));
  writeFileSync(join(folder, 'package.json'), packageText.replace(project, other));

  const told = docs(folder, '--check');
  expect(told.code).toBe(1);
  for (const path of before.filter((each) => each !== 'package.json')) {
    expect(told.text).toContain(path);
  }
  expect(docs(folder)).toEqual({ code: 0, text: '' });
  expect(holds(project)).toEqual([]);
  const after = holds(other).map((path) => path.slice(folder.length + 1));
  expect(after.sort()).toEqual([...before].sort());
  expect(docs(folder, '--check')).toEqual({ code: 0, text: '' });
}, 120_000);
