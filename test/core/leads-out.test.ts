// The one rule for "inside the workspace", over real files and links.
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leadsOut } from '../../src/core/leads-out.ts';
import { realFiles } from '../../src/platform/files.ts';

let folder: string;
let workspace: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'webgen-leads-')));
  workspace = join(folder, 'shop');
  for (const each of ['shop/app', 'shop/.git', 'other']) {
    await mkdir(join(folder, each), { recursive: true });
  }
  await writeFile(join(workspace, 'app', 'file'), '');
  await writeFile(join(workspace, '.git', 'config'), '');
  await symlink('../other', join(workspace, 'out'));
  await symlink('app', join(workspace, 'in'));
  await symlink('../not-there-yet', join(workspace, 'nowhere'));
  await symlink('.git', join(workspace, 'git'));
  await symlink(workspace, join(folder, 'link-to-shop'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['.', false],
  ['app/file', false],
  ['in/file', false],
  ['app/not-there', false],
  ['app/../app', false],
  ['..', true],
  ['../shopping', true],
  ['out', true],
  ['out/deep/not-there', true],
  ['nowhere', true],
  ['app/../../other', true],
  ['.git/config', true],
  ['git/config', true],
  ['.github', false],
  ['/etc/hostname', true],
])('%s leads out: %s', async (path, out) => {
  expect(await leadsOut(path, workspace, realFiles(folder))).toBe(out);
  expect(await leadsOut(path, join(folder, 'link-to-shop'), realFiles(folder))).toBe(out);
});
