import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const dist = join(root, 'dist');
let temp = '';

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'webgen-deploy-bundle-'));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

/** The bundle as a process in a runner's environment, with nothing else in it. */
function start(file: string, args: readonly string[], inputs: Readonly<Record<string, string>>) {
  const output = join(temp, 'output');
  const event = join(temp, 'event.json');
  for (const path of [output, join(temp, 'summary'), join(temp, 'state')]) writeFileSync(path, '');
  writeFileSync(event, '{}');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: temp,
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: join(temp, 'summary'),
    GITHUB_STATE: join(temp, 'state'),
    GITHUB_EVENT_PATH: event,
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REPOSITORY: 'team/shop',
    GITHUB_WORKSPACE: temp,
    RUNNER_TEMP: temp,
    ...inputs,
  };
  return spawnSync(process.execPath, [join(dist, file), ...args], { env, encoding: 'utf8' });
}

describe('where the runner itself is broken', () => {
  const kubeconfig = '{clusters: [], users: [{name: u, user: {token: a-token-of-the-cluster}}]}';
  const inputs = { INPUT_COMMAND: 'depoy', INPUT_APP: 'shop', INPUT_KUBECONFIG: kubeconfig };

  test.each([
    ['outputs cannot be written', () => ({ GITHUB_OUTPUT: temp })],
    ['the file of outputs is not there', () => ({ GITHUB_OUTPUT: join(temp, 'none/output') })],
    ['the disk of outputs is full', () => ({ GITHUB_OUTPUT: '/dev/full' })],
    ['its state cannot be saved', () => ({ GITHUB_STATE: temp })],
    ['the summary cannot be written', () => ({ GITHUB_STEP_SUMMARY: join(temp, 'none/summary') })],
    ['its temporary folder is a file', () => ({ RUNNER_TEMP: join(temp, 'event.json') })],
    ['the workspace is not there', () => ({ GITHUB_WORKSPACE: join(temp, 'none') })],
    ['the event is not there', () => ({ GITHUB_EVENT_PATH: join(temp, 'none.json') })],
    ['the event is a folder', () => ({ GITHUB_EVENT_PATH: temp })],
  ])('%s: exit 1 with a finding, no stack', (_name, broken) => {
    const { status, stdout, stderr } = start('index.js', [], { ...inputs, ...broken() });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^::error/m);
    expect(stdout).not.toMatch(/^\s+at .+:\d+:\d+/m);
    expect(stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('a-token-of-the-cluster');
    expect(readdirSync(temp).filter((name) => /^webgen-deploy-(?!report)/.test(name))).toEqual([]);
  });
});

describe('the committed bundle', () => {
  test('is under 7 MB, all files together', () => {
    const bytes = readdirSync(dist).map((name) => statSync(join(dist, name)).size);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(7_000_000);
  });

  test('starts, reaches its own validation and fails with every problem', () => {
    const result = start('index.js', [], { INPUT_COMMAND: 'depoy', INPUT_TIMEOUT: '10' });
    expect(result.stderr).toBe('');
    expect(result.stdout).toContain('input-invalid');
    expect(result.stdout).toContain('command');
    expect(result.stdout).toContain('timeout');
    expect(result.status).toBe(1);
  });

  test('is a command on a terminal', () => {
    const help = start('cli.js', ['--help'], {});
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('webgen-deploy');
    expect(start('cli.js', ['deploy', '--help'], {}).stdout).toContain('--kubeconfig');
    expect(start('cli.js', ['deploy', '--no-such-flag'], {}).status).toBe(2);
  });

  test('prints its first line within 10 times a bare start of node', () => {
    // The best of several: other work on the machine only ever adds.
    const best = (run: () => void) => {
      const times = Array.from({ length: 5 }, () => {
        const from = performance.now();
        run();
        return performance.now() - from;
      });
      return Math.min(...times);
    };
    const bare = best(() => spawnSync(process.execPath, ['-e', '0']));
    // Input errors end the run after the first lines: the whole run bounds the first line.
    const whole = best(() => start('index.js', [], { INPUT_COMMAND: 'none' }));
    expect(whole / bare).toBeLessThan(10);
  });
});
