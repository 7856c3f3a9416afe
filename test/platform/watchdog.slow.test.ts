// A process whose main thread hangs ends, and says so; one that is only slow, stopped or held does not.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Bounds, Will } from '../../src/platform/watchdog-thread.ts';

// Processes start slowly on a machine that has other work.
jest.setTimeout(30_000);

let temp = '';
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'watchdog-test-'));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

const file = join(import.meta.dirname, '..', 'support', 'platform', 'watchdog-run.ts');
// The real ones, twenty times faster; growth counts as soon as it is seen.
const bounds: Partial<Bounds> = { tickMs: 50, silent: 30, silentAfterAbort: 10 };
/** Where a process is to be ended, it is to be ended soon. */
const short: Partial<Bounds> = { silent: 12 };

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly ms: number;
}

function start(how: string, will: Partial<Will> = {}, more: Partial<Bounds> = {}) {
  const whole = {
    fd: 1,
    text: 'ended: WHY\n',
    mark: 'WHY',
    files: [],
    remove: [],
    programs: [],
    ...will,
  };
  const plan = JSON.stringify({ will: whole, bounds: { ...bounds, ...more } });
  const child = spawn(process.execPath, [file, how, plan], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let from = 0;
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      if (from === 0 && stdout.includes('begun')) {
        // Half a second later it does what it is to do.
        from = performance.now() + 500;
        resolve();
      }
    });
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout, ms: performance.now() - from }),
    );
  });
  return { child, begun, ended };
}

const killed = { code: null, signal: 'SIGKILL' } as const;

describe('a main thread that hangs is ended with what is known', () => {
  test.each(['spins', 'queues microtasks', 'waits in native code'])('%s', async (how) => {
    const result = await start(how, {}, short).ended;
    expect(result).toMatchObject(killed);
    expect(result.stdout).toContain('ended: its main thread gave no sign of life for 0.6 s');
    expect(result.ms).toBeGreaterThan(400);
    expect(result.ms).toBeLessThan(10_000);
  });

  test('sooner after an abort', async () => {
    const result = await start('spins after an abort', {}, { silent: 400 }).ended;
    expect(result).toMatchObject(killed);
    expect(result.stdout).toContain('no sign of life for 0.5 s');
  });

  test('sooner where it takes memory, before V8 aborts', async () => {
    const long = { silent: 1200, silentAfterAbort: 200, silentAndGrowing: 4, growthBytes: 3e8 };
    const result = await start('allocates', {}, long).ended;
    expect(result).toMatchObject(killed);
    expect(result.stdout).toMatch(/no sign of life for [\d.]+ s and grew by \d+ MB meanwhile/);
    expect(result.ms).toBeLessThan(10_000);
  });

  test('after a cancellation even where it does not hang', async () => {
    const result = await start('goes on after it was cancelled').ended;
    expect(result).toMatchObject(killed);
    expect(result.stdout).toMatch(/ended: it had not ended [\d.]+ s after it was cancelled/);
  });

  test('files are written, secrets removed and programs ended', async () => {
    const [outputs, secrets] = [join(temp, 'outputs'), join(temp, 'secrets')];
    writeFileSync(outputs, 'kept\n');
    mkdirSync(secrets);
    writeFileSync(join(secrets, 'kubeconfig'), 'token');
    const program = spawn('sh', ['-c', "trap '' TERM; while :; do sleep 0.1; done"]);
    const gone = new Promise((resolve) => program.on('exit', (_, signal) => resolve(signal)));
    const result = await start('spins', {
      files: [
        { path: join(temp, 'nowhere', 'x'), text: '' },
        { path: outputs, text: 'why=WHY\n' },
      ],
      remove: [join(temp, 'not-there'), secrets],
      programs: [program.pid ?? 0],
    }).ended;
    expect(result).toMatchObject(killed);
    expect(readFileSync(outputs, 'utf8')).toMatch(/^kept\nwhy=its main thread .* 1\.5 s\n$/);
    expect(existsSync(secrets)).toBe(false);
    expect(await gone).toBe('SIGKILL');
  });

  test('all the same where nobody reads what it says', async () => {
    const { child, ended, begun } = start('writes what nobody reads');
    await begun;
    child.stdout.pause();
    const exit = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    const late = sleep(8_000, 'late', { ref: false });
    expect(await Promise.race([exit, late])).toBe('SIGKILL');
    child.stdout.resume();
    await ended;
  });
});

describe('a healthy process is not ended', () => {
  const well = { code: 0, signal: null } as const;
  const stop = (child: ChildProcess, ms: number) => {
    child.kill('SIGSTOP');
    return sleep(ms).then(() => child.kill('SIGCONT'));
  };

  test('while all cores are busy', async () => {
    const busy = [1, 2, 3, 4].map(() => spawn(process.execPath, ['-e', 'for (;;);']));
    try {
      expect(await start('is well').ended).toMatchObject(well);
    } finally {
      for (const each of busy) each.kill('SIGKILL');
    }
  });

  test('by having been stopped for longer than its bound', async () => {
    const { child, begun, ended } = start('is well');
    await begun;
    await sleep(800);
    await stop(child, 3_000);
    expect(await ended).toMatchObject(well);
  });

  test('while its reader does not read', async () => {
    expect(await start('is held by its reader').ended).toMatchObject(well);
  });
});
