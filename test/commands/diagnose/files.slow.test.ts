// `diagnose FILE…` from bytes to the exit code.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { diagnoseFiles } from '../../../src/commands/diagnose/files.ts';
import { errorPage } from '../../../src/core/version.ts';
import { parseFlags } from '../../../src/entry/flags.ts';
import { lastState, saved } from '../../support/rollout/saved.ts';

const texts: Readonly<Record<string, string>> = {
  'crash.yaml': saved(lastState('deployment/crash-loop')),
  'ready.json': saved(lastState('statefulset/ready'), 'json'),
  'young.yaml': saved(lastState('deployment/crash-once')),
  'broken.yaml': 'kind: List\n\titems: []\n',
};

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
}

async function run(words: string) {
  return diagnoseFiles(parseFlags(words.split(' ')), async (path) => {
    const text = texts[path];
    if (text === undefined) throw missing(path);
    return Buffer.from(text);
  });
}

describe('the exit code', () => {
  test.each([
    ['diagnose ready.json', 0],
    ['diagnose young.yaml', 0],
    ['diagnose crash.yaml', 1],
    ['diagnose ready.json crash.yaml', 1],
    ['diagnose broken.yaml', 2],
    ['diagnose nowhere.yaml crash.yaml', 2],
    ['diagnose ready.json --now yesterday', 2],
    ['diagnose ready.json --now 2026-02-30', 2],
    ['diagnose ready.json --now 2026-11-24T12:00:00+03:00', 0],
    ['diagnose ready.json --patience much', 2],
    ['diagnose crash.yaml --patience patient', 0],
  ])('%s → %d', async (words, code) => {
    expect((await run(words)).code).toBe(code);
  });
});

test('as text: the table, the sum, and the blocks of a failed deploy', async () => {
  const { lines, json } = await run('diagnose crash.yaml ready.json');
  expect(json).toBe('');
  expect(lines.join('\n')).toBe(`\
Deployment/backend (namespace deployment-crash-loop)  failed  0 of 1 available, 1 started a moment ago
StatefulSet/backend (namespace statefulset-ready)     ready   2 of 2 available (started; no readiness probe says more)

✗ 2 objects: 1 failed, 1 ready

✗ crash-loop  Deployment/backend: container backend starts and dies: exit code 1
  object    Deployment/backend (namespace deployment-crash-loop)
  pod       backend-757c44df6-bjr4g on node lab-node
  container backend
  why       last run: exit code 1, ran under a second
            restarts: 3
  fix       Read the last log lines; run the image locally with the same environment.
  more      ${errorPage('crash-loop')}`);
});

test('as JSON: the contract’s keys and no others', async () => {
  const { lines, json } = await run('diagnose crash.yaml ready.json --output json');
  expect(lines).toEqual([]);
  expect(JSON.parse(json)).toEqual([
    {
      object: 'Deployment/backend',
      namespace: 'deployment-crash-loop',
      verdict: 'failed',
      findings: [
        {
          code: 'crash-loop',
          severity: 'fatal',
          object: 'Deployment/backend',
          namespace: 'deployment-crash-loop',
          pod: 'backend-757c44df6-bjr4g',
          container: 'backend',
          what: 'Deployment/backend: container backend starts and dies: exit code 1',
          evidence: ['last run: exit code 1, ran under a second', 'restarts: 3'],
          hint: expect.any(String),
        },
      ],
    },
    {
      object: 'StatefulSet/backend',
      namespace: 'statefulset-ready',
      verdict: 'ready',
      findings: [],
    },
  ]);
});

test('what is wrong with a file is said with file and line, beside the verdicts of the others', async () => {
  const { errors, json } = await run('diagnose broken.yaml crash.yaml --output=json');
  expect(errors[0]).toMatch(/^✗ manifest-invalid {2}broken.yaml:2: The YAML cannot be read/);
  expect(JSON.parse(json)).toHaveLength(1);
});

test('UTF-16, as PowerShell writes it', async () => {
  const text = `\uFEFF${texts['crash.yaml']}`;
  const wide = Buffer.from(text, 'utf16le');
  for (const bytes of [wide, Buffer.from(wide).swap16(), Buffer.from(text)]) {
    const done = await diagnoseFiles(parseFlags(['diagnose', 'x']), async () => bytes);
    expect(done.code).toBe(1);
  }
});

test('nothing in a file can act on the terminal or the runner', async () => {
  const hostile = '\u001b]0;title\u0007\u001b[31m::error::x\n##[group]';
  const objects = lastState('deployment/crash-loop').map((each) =>
    JSON.parse(JSON.stringify(each).replaceAll('"Error"', JSON.stringify(hostile))),
  );
  const read = async () => Buffer.from(saved(objects, 'json'));
  const text = await diagnoseFiles(parseFlags(['diagnose', 'x']), read);
  const json = await diagnoseFiles(parseFlags(['diagnose', 'x', '--output=json']), read);
  expect(text.code).toBe(1);
  const all = [...text.lines, ...text.errors, json.json].join('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what we look for.
  expect(all).not.toMatch(/\u001b|^\s*::|##\[/m);
});

describe('from a real command line', () => {
  let folder = '';
  const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', KUBECONFIG: '/nowhere' };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'diagnose-'));
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('files, without any cluster', async () => {
    const args = [cli, 'diagnose', 'ready.json', '--output', 'json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    expect(JSON.parse(stdout)).toMatchObject([{ object: 'StatefulSet/backend', verdict: 'ready' }]);
  }, 60_000);

  test('standard input', async () => {
    const child = spawn(process.execPath, [cli, 'diagnose', '-'], { cwd: folder, env });
    child.stdin.end(texts['crash.yaml']);
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const code = await new Promise((done) => child.on('close', done));
    expect(code).toBe(1);
    expect(out).toContain('✗ crash-loop');
  }, 60_000);

  test('a folder and a missing file are 2', async () => {
    for (const name of ['.', 'nowhere.yaml']) {
      const args = [cli, 'diagnose', name];
      const done = promisify(execFile)(process.execPath, args, { cwd: folder, env });
      await expect(done).rejects.toMatchObject({ code: 2, stdout: '' });
    }
  }, 60_000);
});
