import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { realFiles } from '../../src/platform/files.ts';
import { readIgnoreFilesOf } from '../../src/scan/read-ignore-files.ts';
import { type Running, serve } from '../support/platform/servers.ts';
import { run } from '../support/run.ts';
import { cloudPorts } from '../support/yandex/cloud.ts';

let workspace: string;
let github: Running;
let status: number;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'ignore-'));
  status = 200;
  github = await serve((request, response) => {
    const isPlain = request.url?.endsWith('/.trivyignore?ref=main') ?? false;
    response.writeHead(isPlain ? status : 404).end(isPlain ? 'CVE-BASE' : '{}');
  });
});
afterEach(() => github.close());

const ports = () => ({ files: realFiles(workspace), http: cloudPorts().http });
const token = new Secret('ghs_token');
const read = (parts: Parameters<typeof run>[0] = {}) =>
  readIgnoreFilesOf(run({ workspace, apiUrl: github.url, ...parts }), token, ports());

const proposal = { event: 'pull_request', baseRef: 'main' } as const;

describe('on a push', () => {
  test('the files of the workspace count', async () => {
    await writeFile(join(workspace, '.trivyignore'), 'CVE-1');
    await writeFile(join(workspace, '.trivyignore.yaml'), 'secrets: []');
    const found = [
      { file: '.trivyignore', text: 'CVE-1' },
      { file: '.trivyignore.yaml', text: 'secrets: []' },
    ];
    expect(await read()).toEqual({ files: found, findings: [] });
    expect(github.seen).toEqual([]);
  });

  test('a link is no ignore file', async () => {
    await writeFile(join(workspace, 'secret'), 'key');
    await symlink(join(workspace, 'secret'), join(workspace, '.trivyignore'));
    expect((await read()).files).toEqual([]);
  });
});

describe('on a pull request', () => {
  test('those of the base branch count, never those of the proposal', async () => {
    await writeFile(join(workspace, '.trivyignore'), 'CVE-HEAD');
    expect(await read(proposal)).toEqual({
      files: [{ file: '.trivyignore', text: 'CVE-BASE' }],
      findings: [],
    });
  });

  test('nothing is accepted where they cannot be read, and that is told', async () => {
    status = 403;
    await writeFile(join(workspace, '.trivyignore'), 'CVE-HEAD');
    const { files, findings } = await read(proposal);
    expect(files).toEqual([]);
    expect(findings).toEqual([expect.objectContaining({ severity: 'warning' })]);
  });

  test('nothing is accepted where there are none', async () => {
    status = 404;
    expect(await read(proposal)).toEqual({ files: [], findings: [] });
  });

  test('nothing is accepted without a token', async () => {
    const context = run({ workspace, apiUrl: github.url, ...proposal });
    expect((await readIgnoreFilesOf(context, undefined, ports())).files).toEqual([]);
  });
});
