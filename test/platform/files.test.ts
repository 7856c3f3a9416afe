import { mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { realFiles } from '../../src/platform/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
});
const files = () => realFiles(folder);

describe('writing', () => {
  test('makes parents and keeps a secret for its owner, also over an open file', async () => {
    const path = join(folder, 'a/b/kubeconfig');
    await files().write(path, 'old', 0o644);
    await files().write(path, new Secret('token'), 0o600);
    expect(await readFile(path, 'utf8')).toBe('token');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['kubeconfig']);
  });

  test('never goes through a link', async () => {
    const target = join(folder, 'target');
    await writeFile(target, 'untouched');
    await symlink(target, join(folder, 'link'));
    await expect(files().write(join(folder, 'link'), 'x')).rejects.toThrow('not a regular file');
    expect(await readFile(target, 'utf8')).toBe('untouched');
  });

  test('fails on a folder and leaves nothing beside it', async () => {
    await files().write(join(folder, 'sub/file'), 'x');
    await expect(files().write(join(folder, 'sub'), 'x')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['sub']);
  });
});

test('kinds, links not followed', async () => {
  await writeFile(join(folder, 'file'), '');
  await symlink('nowhere', join(folder, 'link'));
  const kinds = ['file', 'link', '.', 'none', 'file/below'];
  expect(await Promise.all(kinds.map((each) => files().kind(join(folder, each))))).toEqual([
    'file',
    'link',
    'folder',
    undefined,
    undefined,
  ]);
});

test('patterns give sorted absolute paths', async () => {
  await files().write(join(folder, 'b/2.yaml'), '');
  await files().write(join(folder, 'a/1.yaml'), '');
  await files().write(join(folder, 'a/readme.md'), '');
  expect(await files().glob('**/*.yaml', folder)).toEqual([
    join(folder, 'a/1.yaml'),
    join(folder, 'b/2.yaml'),
  ]);
});

test('temporary folders are the owner’s alone, and go with all that is in them', async () => {
  const made = await files().makeTemp('webgen-deploy-');
  expect((await stat(made)).mode & 0o777).toBe(0o700);
  await files().write(join(made, 'x'), 'y');
  await files().remove(made);
  await files().remove(made);
  expect(await readdir(folder)).toEqual([]);
});

test('a file without an end is not read', async () => {
  await symlink('/dev/zero', join(folder, 'endless'));
  await expect(files().read(join(folder, 'endless'))).rejects.toMatchObject({
    findings: [{ code: 'input-invalid', what: expect.stringContaining('larger than 128 MiB') }],
  });
});
