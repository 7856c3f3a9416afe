import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { defaultKubeconfig } from '../../src/entry/default-kubeconfig.ts';
import { realFiles } from '../../src/platform/files.ts';

let home = '';
const made: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'home-'));
  made.length = 0;
});

const find = (named: string | undefined) =>
  defaultKubeconfig({
    named,
    home,
    files: realFiles(home),
    onSecretFile: (path) => made.push(path),
  });

const at = (name: string) => join(home, name);
const config = (name: string) => JSON.stringify({ clusters: [{ name }], 'current-context': name });

describe('a terminal without a cluster flag', () => {
  test('takes KUBECONFIG, then the file in the home folder, else nothing', async () => {
    expect(await find(undefined)).toBeUndefined();
    await mkdir(at('.kube'));
    await writeFile(at('.kube/config'), config('home'));
    expect(await find(undefined)).toBe(at('.kube/config'));
    expect(await find('')).toBe(at('.kube/config'));
    expect(await find('/no/such/file')).toBe('/no/such/file');
    expect(made).toEqual([]);
  });

  test('a list: empty and missing entries are passed over', async () => {
    await writeFile(at('a'), config('a'));
    expect(await find(`:/no/such/file:${at('a')}:`)).toBe(at('a'));
    expect(made).toEqual([]);
  });

  test('a list of several: one file for the owner alone, removed afterwards', async () => {
    await writeFile(at('a'), config('a'));
    await writeFile(at('b'), config('b'));
    const path = (await find(`${at('a')}:${at('b')}`)) ?? '';
    expect(made).toEqual([path]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const merged = JSON.parse(await readFile(path, 'utf8'));
    expect(merged).toMatchObject({ 'current-context': 'a' });
    expect(merged.clusters).toHaveLength(2);
  });

  test('a list with a broken file names that file', async () => {
    await writeFile(at('a'), config('a'));
    await writeFile(at('b'), 'token: [');
    expect(await find(`${at('a')}:${at('b')}`)).toBe(at('b'));
  });
});
