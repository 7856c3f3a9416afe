// The step that act runs last in a job, as a program: what it lets out.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { exec } from '../../../e2e/support/cluster/exec.ts';
import { readPairs } from '../../../e2e/support/runner/files.ts';
import { fileNames } from '../../../e2e/support/runner/rules/filter.ts';
import type { RuleName } from '../../../e2e/support/runner/rules/table.ts';

const program = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'e2e',
  'support',
  'runner',
  'rules',
  'filter.ts',
);
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgen-filter-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(without: readonly RuleName[]) {
  const output = join(folder, 'output');
  await writeFile(output, '');
  const keep = (name: string, text: string) => writeFile(join(folder, name), text);
  await keep(fileNames.without, JSON.stringify(without));
  await keep(fileNames.secrets('HUB_DEPLOY__BUILD'), JSON.stringify(['{\n "a": 1\n}']));
  await keep(fileNames.masks('build'), '"a token of the cloud"\n');
  const env = {
    ...{ WEBGEN_RULES: folder, WEBGEN_RULES_PLACE: 'HUB_DEPLOY__BUILD', GITHUB_JOB: 'build' },
    ...{ GITHUB_OUTPUT: output, WEBGEN_RULES_OUTPUTS: 'json lines said none' },
    ...{ WEBGEN_RULES_0: '{"b":"c"}', WEBGEN_RULES_1: 'b=c\nd=e' },
    WEBGEN_RULES_2: 'with a token of the cloud',
  };
  const { code, stdout } = await exec(process.execPath, ['--no-warnings', program], { env });
  expect(code).toBe(0);
  return { stdout, kept: readPairs(await readFile(output, 'utf8')) };
}

test('what holds no mask leaves the job; the rest is named in the runner’s words', async () => {
  const { stdout, kept } = await run([]);
  expect(kept).toEqual({ lines: 'b=c\nd=e' });
  expect(stdout).toBe(
    ['json', 'said']
      .map((name) => `::warning::Skip output '${name}' since it may contain secret.\n`)
      .join(''),
  );
});

test('a rule that is left out is left out here, too', async () => {
  expect(Object.keys((await run(['mask-lines'])).kept)).toEqual(['json', 'lines']);
  expect(Object.keys((await run(['mask-added'])).kept)).toEqual(['lines', 'said']);
  expect(Object.keys((await run(['output-dropped'])).kept)).toEqual(['json', 'lines', 'said']);
});
