// What `init` finds out by itself: whose repository it is in, its default branch, the program's commit.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { project } from '../../src/core/version.ts';
import { initDoors } from '../../src/entry/init-doors.ts';
import { ownCommit } from '../../src/platform/own-commit.ts';
import { realShell } from '../../src/platform/shell.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgen-init-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shell = realShell();
const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.org'];

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' }).trim();
}

function repository(path: string, branch: string): string {
  mkdirSync(path);
  git(path, 'init', '--quiet', `--initial-branch=${branch}`);
  git(path, 'commit', '--quiet', '--allow-empty', '--message', 'First');
  return path;
}

const factsOf = async (path: string) =>
  (await initDoors(path, { shell, entry: join(folder, 'none', 'dist', 'cli.js') })).git;

describe('the repository', () => {
  test('a clone knows the default branch of its remote, whatever is checked out', async () => {
    const upstream = repository(join(folder, 'upstream'), 'trunk');
    git(folder, 'clone', '--quiet', upstream, 'clone');
    const clone = join(folder, 'clone');
    git(clone, 'checkout', '--quiet', '-b', 'main');
    git(clone, 'remote', 'set-url', 'origin', 'git@github.com:Acme/shop.git');
    expect(await factsOf(clone)).toEqual({ owner: 'Acme', defaultBranch: 'trunk' });
  });

  test('a default branch with an unusual name is known, too: who writes workflows refuses it', async () => {
    const upstream = repository(join(folder, 'upstream'), "a'b#c");
    git(folder, 'clone', '--quiet', upstream, 'clone');
    expect(await factsOf(join(folder, 'clone'))).toMatchObject({ defaultBranch: "a'b#c" });
  });

  test.each([
    ['master', { defaultBranch: 'master' }],
    ['main', { defaultBranch: 'main' }],
    ['feature', {}],
  ])('a new one on %s', async (branch, facts) => {
    expect(await factsOf(repository(join(folder, 'own'), branch))).toEqual(facts);
  });

  test('of another host has no owner on GitHub, and a folder without git has nothing', async () => {
    const own = repository(join(folder, 'own'), 'main');
    git(own, 'remote', 'add', 'origin', 'https://git.example.org/org/shop.git');
    expect(await factsOf(own)).toEqual({ defaultBranch: 'main' });
    mkdirSync(join(folder, 'plain'));
    expect(await factsOf(join(folder, 'plain'))).toEqual({});
  });
});

describe('a file to be written', () => {
  const path = '.github/workflows/deploy.yml';
  const readIn = async (root: string) => (await initDoors(root, { shell, entry: 'x' })).read(path);

  test('is in the way where a folder above it is a link or a file', async () => {
    const [root, outside] = [join(folder, 'own'), join(folder, 'outside')];
    for (const each of [root, join(outside, 'workflows')]) mkdirSync(each, { recursive: true });
    expect(await readIn(root)).toBeUndefined();
    symlinkSync(outside, join(root, '.github'));
    expect(await readIn(root)).toBe('no-file');
    rmSync(join(root, '.github'));
    writeFileSync(join(root, '.github'), '');
    expect(await readIn(root)).toBe('no-file');
    rmSync(join(root, '.github'));
    mkdirSync(join(root, '.github'));
    symlinkSync(join(outside, 'gone'), join(root, '.github', 'workflows'));
    expect(await readIn(root)).toBe('no-file');
  });

  test('may be in a repository that is reached through a link', async () => {
    mkdirSync(join(folder, 'own'));
    symlinkSync(join(folder, 'own'), join(folder, 'link'));
    expect(await readIn(join(folder, 'link'))).toBeUndefined();
  });
});

describe("the program's own commit", () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  /** As `npx github:OWNER/NAME#v1.0.0` leaves it. */
  function installed(resolved: unknown): string {
    const root = join(folder, 'node_modules', 'webgen-deploy');
    mkdirSync(join(root, 'dist'), { recursive: true });
    const packages = { 'node_modules/webgen-deploy': { version: '1.0.0', resolved } };
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    const entry = join(root, 'dist', 'cli.js');
    writeFileSync(entry, '');
    return entry;
  }

  test('is what npm noted when it installed from git', async () => {
    const entry = installed(`git+ssh://git@github.com/${project}.git#${commit}`);
    expect(await ownCommit(shell, entry)).toBe(commit);
  });

  test.each([
    ['from a registry', 'https://registry.example.net/webgen-deploy-1.0.0.tgz'],
    ['by a tag', `git+ssh://git@github.com/${project}.git#v1.0.0`],
    ['from nowhere', undefined],
    ['strangely', { commit }],
  ])('installed %s it is not known', async (_, resolved) => {
    expect(await ownCommit(shell, installed(resolved))).toBeUndefined();
  });

  test('in a clone is HEAD', async () => {
    const clone = repository(join(folder, 'clone'), 'main');
    mkdirSync(join(clone, 'dist'));
    writeFileSync(join(clone, 'dist', 'cli.js'), '');
    const entry = join(clone, 'dist', 'cli.js');
    expect(await ownCommit(shell, entry)).toBe(git(clone, 'rev-parse', 'HEAD'));
    rmSync(join(clone, '.git'), { recursive: true });
    expect(await ownCommit(shell, entry)).toBeUndefined();
  });
});
