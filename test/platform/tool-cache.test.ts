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
