import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { pluginEnvironment, realShell } from '../../src/platform/shell.ts';

const environment = {
  PATH: process.env['PATH'],
  HOME: '/home/runner',
  https_proxy: 'http://proxy:3128',
  INPUT_KUBECONFIG: 'hidden',
  ACTIONS_RUNTIME_TOKEN: 'hidden',
  GITHUB_TOKEN: 'hidden',
  LD_PRELOAD: 'hidden',
};
const shell = realShell(environment);
const sh = (script: string, options = {}) => shell.run('sh', ['-c', script], options);

describe('a program', () => {
  test('gives its exit code and both outputs', async () => {
    const result = await sh('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('sees the minimal environment and what is added, and no input or token', async () => {
    const result = await sh('env', { env: { YC_IAM_TOKEN: new Secret('t1.secret') } });
    expect(result.stdout).toContain('HOME=/home/runner\n');
    expect(result.stdout).toContain('https_proxy=http://proxy:3128\n');
    expect(result.stdout).toContain('YC_IAM_TOKEN=t1.secret\n');
    expect(result.stdout).not.toContain('hidden');
  });

  test('reads a secret from its input', async () => {
    const result = await sh('cat', { stdin: new Secret('pass word\n') });
    expect(result.stdout).toBe('pass word\n');
  });

  test('without input sees the end of it at once', async () => {
    for (const options of [{}, { stdin: '' }]) {
      const result = await sh('cat; echo done', { ...options, timeoutMs: 2_000 });
      expect(result).toMatchObject({ code: 0, stdout: 'done\n' });
    }
  });

  test('may end without reading a large input', async () => {
    const result = await sh('exec 0<&-; sleep 0.1; exit 4', { stdin: 'x'.repeat(4 * 2 ** 20) });
    expect(result.code).toBe(4);
  });

  test('is told line by line, the last without its newline, characters whole', async () => {
    const lines: string[] = [];
    const script = "printf 'one\\n\\320'; sleep 0.2; printf '\\226 two\\r\\nthree'";
    await sh(script, { onLine: (line: string) => lines.push(line) });
    expect(lines).toEqual(['one', 'Ж two', 'three']);
  });

  test('in a folder with spaces starts with its arguments untouched', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'a shell test '));
    const program = join(folder, 'my tool');
    await writeFile(program, '#!/bin/sh\nprintf "%s|" "$@"\n');
    await chmod(program, 0o755);
    const result = await shell.run(program, ['a b', '$(id)', `"'`, '']);
    expect(result.stdout).toBe(`a b|$(id)|"'||`);
  });

  test('that is not there is an expected failure', async () => {
    await expect(shell.run('no-such-program', [])).rejects.toMatchObject({
      findings: [{ code: 'tool-unavailable' }],
    });
  });

  test('that cannot be started is an expected failure', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shell-'));
    const program = join(folder, 'foreign');
    await writeFile(program, '#!/no/such/interpreter\n');
    await chmod(program, 0o755);
    await expect(shell.run(program, [])).rejects.toMatchObject({
      findings: [{ code: 'tool-unavailable' }],
    });
  });
});

describe('a program is stopped', () => {
  test('by its time limit', async () => {
    const result = await sh('echo begun; exec sleep 30', { timeoutMs: 300 });
    expect(result).toMatchObject({ code: -1, stdout: 'begun\n' });
    expect(result.durationMs).toBeLessThan(2_000);
  });

  test('for good when it ignores the first signal', async () => {
    const script = "trap '' TERM; while :; do sleep 0.1; done";
    const result = await sh(script, { timeoutMs: 200 });
    expect(result.code).toBe(-1);
    expect(result.durationMs).toBeGreaterThan(1_000);
    expect(result.durationMs).toBeLessThan(2_000);
  });

  test('by the signal of its own run, not of another one', async () => {
    const first = new AbortController();
    const second = new AbortController();
    const runs = [
      sh('exec sleep 30', { signal: first.signal }),
      sh('sleep 1; echo lived', { signal: second.signal }),
    ];
    setTimeout(() => first.abort(), 200);
    const [stopped, lived] = await Promise.all(runs);
    expect(stopped?.code).toBe(-1);
    expect(lived).toMatchObject({ code: 0, stdout: 'lived\n' });
  });

  test('before it starts when the signal is older', async () => {
    await expect(sh('echo never', { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });

  test('by somebody else: -1, and no stop of ours', async () => {
    expect((await sh('kill -9 $$')).code).toBe(-1);
  });

  test('when our own process ends before it does', async () => {
    const module = join(import.meta.dirname, '..', '..', 'src', 'platform', 'shell.ts');
    const folder = await mkdtemp(join(tmpdir(), 'shell-'));
    const alive = join(folder, 'alive');
    const script = `
      const { realShell } = await import(${JSON.stringify(module)});
      const beat = "trap '' TERM; echo; while :; do : > alive; sleep 0.1; done";
      const onLine = () => process.exit(0);
      await realShell().run('sh', ['-c', beat], { cwd: ${JSON.stringify(folder)}, onLine });
    `;
    const own = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await new Promise((done) => own.on('close', done));
    await rm(alive, { force: true });
    await new Promise((done) => setTimeout(done, 500));
    expect(existsSync(alive)).toBe(false);
    await rm(folder, { recursive: true });
  });

  test('and does not hold us by what it left behind', async () => {
    const result = await sh('sleep 5 & echo left');
    expect(result).toMatchObject({ code: 0, stdout: 'left\n' });
    expect(result.durationMs).toBeLessThan(3_000);
  });
});

describe('which', () => {
  test('finds a program on PATH and only there', async () => {
    expect(await shell.which('sh')).toMatch(/^\/.*\/sh$/);
    expect(await realShell({ PATH: '/nowhere' }).which('sh')).toBeUndefined();
  });

  test('takes no folder, no plain file and nothing from a relative PATH entry', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'which-'));
    await writeFile(join(folder, 'plain'), 'text');
    const here = realShell({ PATH: `.:${folder}` });
    expect(await here.which('plain')).toBeUndefined();
    expect(await here.which('package.json')).toBeUndefined();
  });
});

test("a credential plugin keeps its own variables and loses the runner's secrets", () => {
  expect(pluginEnvironment({ ...environment, AWS_PROFILE: 'deploy' })).toEqual({
    PATH: environment.PATH,
    HOME: '/home/runner',
    https_proxy: 'http://proxy:3128',
    AWS_PROFILE: 'deploy',
    LD_PRELOAD: 'hidden',
  });
});

describe('a program without end', () => {
  test('is ended where its output is read as a whole', async () => {
    const error = await shell.run('yes', ['x'.repeat(1_000)]).catch((each: unknown) => each);
    expect(error).toMatchObject({
      findings: [{ code: 'tool-unavailable', what: expect.stringContaining('more than 64 MiB') }],
    });
  });

  test('that is told line by line goes on, and the end of what it said is kept', async () => {
    let told = 0;
    const script =
      'yes $(printf %01000d 0) | head -c 50000000; echo; echo last; echo no >&2; exit 7';
    const result = await sh(script, {
      onLine: () => {
        told += 1;
      },
    });
    expect(result).toMatchObject({ code: 7, stderr: 'no\n' });
    expect(told).toBeGreaterThan(49_000);
    expect(result.stdout.endsWith('last\n')).toBe(true);
    expect(result.stdout.length).toBeLessThan(4 * 2 ** 20);
  });

  test('is ended where a line has no end', async () => {
    for (const onLine of [undefined, () => undefined]) {
      const work = sh('cat /dev/zero', onLine ? { onLine } : {});
      await expect(work).rejects.toMatchObject({
        findings: [{ what: expect.stringContaining('4 MiB in one line') }],
      });
    }
  });

  test('keeps the end of its complaints alone', async () => {
    const long = 'x'.repeat(5_000);
    const { stderr } = await sh(`yes ${long} | head -c 20000000 >&2; echo; echo why >&2`);
    expect(stderr.endsWith('why\n')).toBe(true);
    expect(stderr.length).toBeLessThan(4 * 2 ** 20);
  });
});
