import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { removeSecretFiles } from '../../src/entry/post.ts';
import { realFiles } from '../../src/platform/files.ts';
import { recordingLog } from '../support/yandex/cloud.ts';

let root: string;
let temp: string;
let ours: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'post-')));
  temp = join(root, 'temp');
  ours = join(temp, 'webgen-deploy-x');
  await mkdir(ours, { recursive: true });
  await writeFile(join(ours, 'kubeconfig'), 'secret');
  await writeFile(join(root, 'outside'), 'kept');
});

async function clean(state: unknown) {
  const log = recordingLog();
  const text = typeof state === 'string' ? state : JSON.stringify(state);
  await removeSecretFiles(text, temp, { files: realFiles(temp), log });
  return log.lines;
}

describe('the post step removes', () => {
  test('what was recorded, with the folder that we made and what is left in it', async () => {
    await writeFile(join(ours, 'kubeconfig.half-written'), 'secret');
    await writeFile(join(temp, 'other-step'), 'kept');
    expect(await clean([join(ours, 'kubeconfig')])).toEqual([]);
    expect(await readdir(temp)).toEqual(['other-step']);
  });

  test('what a killed run left half-written, where the file itself never came', async () => {
    await rename(join(ours, 'kubeconfig'), join(ours, 'kubeconfig.half-written'));
    await clean([join(ours, 'kubeconfig')]);
    expect(await readdir(temp)).toEqual([]);
  });

  test('one file of somebody else’s folder, not the folder', async () => {
    await mkdir(join(temp, 'theirs'));
    await writeFile(join(temp, 'theirs/a'), '');
    await writeFile(join(temp, 'theirs/b'), '');
    await clean([join(temp, 'theirs/a')]);
    expect(await readdir(join(temp, 'theirs'))).toEqual(['b']);
  });

  test('nothing twice, and nothing that is gone already', async () => {
    const path = join(ours, 'kubeconfig');
    expect(await clean([path, path, join(temp, 'gone/kubeconfig')])).toEqual([]);
  });
});

describe('the post step leaves alone', () => {
  test('a link, and what it leads to', async () => {
    await symlink(join(root, 'outside'), join(ours, 'link'));
    expect(await clean([join(ours, 'link')])).toEqual([expect.stringContaining('Not removed')]);
    expect(await readFile(join(root, 'outside'), 'utf8')).toBe('kept');
    expect(await readdir(ours)).toContain('link');
  });

  test.each(['../outside', 'webgen-deploy-x/../../outside', '.'])('%s', async (path) => {
    expect(await clean([`${temp}/${path}`])).toHaveLength(1);
    expect(await readFile(join(root, 'outside'), 'utf8')).toBe('kept');
    expect(await readdir(temp)).toEqual(['webgen-deploy-x']);
  });

  test('what a linked folder leads to', async () => {
    await mkdir(join(root, 'home'));
    await writeFile(join(root, 'home/kubeconfig'), 'kept');
    await symlink(join(root, 'home'), join(temp, 'webgen-deploy-link'));
    expect(await clean([join(temp, 'webgen-deploy-link/kubeconfig')])).toHaveLength(1);
    expect(await readFile(join(root, 'home/kubeconfig'), 'utf8')).toBe('kept');
  });

  test('a folder with a name that only begins like the temporary one', async () => {
    await mkdir(`${temp}-2`);
    await writeFile(`${temp}-2/file`, 'kept');
    expect(await clean([`${temp}-2/file`])).toHaveLength(1);
    expect(await readdir(`${temp}-2`)).toEqual(['file']);
  });
});

test.each(['', 'no json', '{}', '[1, null]', '"text"'])(
  'state %j is no reason to fail',
  async (state) => {
    expect(await clean(state)).toEqual([]);
  },
);

test('a file that cannot be removed is told and fails nothing', async () => {
  const log = recordingLog();
  const files = {
    ...realFiles(temp),
    remove: async () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    },
  };
  await removeSecretFiles(JSON.stringify([join(ours, 'kubeconfig')]), temp, { files, log });
  expect(log.lines).toEqual([expect.stringContaining('EACCES')]);
});
