// The example's own tests, as its workflow runs them: pytest with a real Postgres, npm.
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { exec } from '../../support/cluster/exec.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'example');
const made = ['node_modules', '.next', '.venv', '.pytest_cache', '__pycache__'];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgen-example-'));
  const wanted = (source: string) => !made.includes(basename(source));
  await cp(EXAMPLE, folder, { recursive: true, filter: wanted });
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Standard output and error of a script in a folder of the example; it has to succeed. */
async function run(script: string, where: string, path = ''): Promise<string> {
  const env = {
    PATH: `${path}:${process.env['PATH']}`,
    PIP_ROOT_USER_ACTION: 'ignore',
    NO_COLOR: '1',
  };
  const done = await exec('bash', ['-euo', 'pipefail', '-c', script], { cwd: where, env });
  const text = done.stdout + done.stderr;
  expect({ code: done.code, text: done.code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
  return text;
}

test('pytest, by the script of its workflow', async () => {
  const where = join(folder, 'backend');
  const workflow = parse(await readFile(join(folder, '.github/workflows/deploy.yml'), 'utf8'));
  await run('python3 -m venv .venv', where);
  const text = await run(
    workflow.jobs.deploy.with['backend-test'],
    where,
    join(where, '.venv/bin'),
  );
  const [, passed = '0'] = /(\d+) passed/.exec(text) ?? [];
  console.log(text.trim().split('\n').at(-1));
  // Without one on this machine, what needs Postgres skips itself and says so.
  expect(Number(passed)).toBeGreaterThan(existsSync('/usr/lib/postgresql') ? 15 : 0);
}, 600_000);

test('npm: types and tests', async () => {
  const text = await run(
    'npm ci --no-audit --no-fund && npm run types && npm test',
    join(folder, 'frontend'),
  );
  const [, passed = '0'] = /Tests +(\d+) passed/.exec(text) ?? [];
  expect(Number(passed)).toBeGreaterThan(7);
}, 600_000);
