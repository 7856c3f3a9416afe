// Which files of `.github/workflows` are read: whatever somebody put there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { workflowsOf } from '../../src/entry/workflow-files.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'webgen-workflows-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a device, a pipe, a loop, a folder and a giant are left out, and never waited for', async () => {
  const path = (name: string) => join(root, '.github', 'workflows', name);
  mkdirSync(path('folder.yml'), { recursive: true });
  writeFileSync(path('deploy.yml'), 'on: push\n');
  writeFileSync(path('large.yml'), Buffer.alloc(2 ** 20 + 1, '#'));
  symlinkSync('/dev/zero', path('endless.yml'));
  symlinkSync('loop.yml', path('loop.yml'));
  symlinkSync('deploy.yml', path('link.yaml'));
  execFileSync('mkfifo', [path('pipe.yml')]);
  expect(await workflowsOf(root)).toEqual([
    { path: '.github/workflows/deploy.yml', text: 'on: push\n' },
    { path: '.github/workflows/link.yaml', text: 'on: push\n' },
  ]);
}, 10_000);
