import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { realToolCache } from '../../src/platform/tool-cache.ts';

const { write } = process.stdout;
const onRunner = process.env['GITHUB_ACTIONS'];
afterEach(() => {
  process.stdout.write = write;
  if (onRunner === undefined) delete process.env['GITHUB_ACTIONS'];
  else process.env['GITHUB_ACTIONS'] = onRunner;
});

function written(github: string): readonly string[] {
  const lines: string[] = [];
  process.stdout.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
  process.env['GITHUB_ACTIONS'] = github;
  realToolCache('/tmp/none');
  realToolCache('/tmp/none');
  process.stdout.write('::debug::Downloading x\n');
  process.stdout.write('{"status": "deployed"}\n');
  return lines;
}

test('on a terminal the library’s workflow commands stay away from the output', () => {
  expect(written('')).toEqual(['{"status": "deployed"}\n']);
});

test('on a runner they reach it', () => {
  expect(written('true')).toHaveLength(2);
});

test('a download whose body has stalled is given up by the signal', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-download-'));
  const abort = new AbortController();
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('some');
    setTimeout(() => abort.abort(), 50);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool`;
  const cache = realToolCache(folder, abort.signal);
  await expect(cache.download(url, join(folder, 'tool'))).rejects.toThrow('given up');
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});
