// A process that runs cases, watched from outside: a loop without an end cannot be stopped from within.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Job } from './child.ts';
import type { Fault } from './properties.ts';

export interface Found {
  readonly index: number;
  readonly fault: Fault;
}

export interface Ran {
  readonly found: readonly Found[];
  /** The case at which the process ended, if it did: what comes after it has not run. */
  readonly endedAt?: number;
}

export interface Worker {
  run(job: Job): Promise<Ran>;
  stop(): void;
}

export interface WorkerOptions {
  /** The module with the targets, absolute. */
  readonly targets: string;
  /** Of the wall clock, for one case, milliseconds; the case's own bound is of the processor. */
  readonly killMs: number;
  /** Of JavaScript's heap. */
  readonly heapMb: number;
}

/** Cases after which a new process is begun, so that what one leaves behind does not add up. */
const mostCases = 4_000;
const lookMs = 100;
const startMs = 60_000;
/** Its modules are the same each time it begins. */
const compiled = join(import.meta.dirname, '..', '..', '.tmp', 'compiled');

/** Starts its process when there is something to do, and again after it was killed. */
export function createWorker(options: WorkerOptions): Worker {
  let running: Running | undefined;
  let cases = 0;
  const stop = (): void => {
    running?.child.kill('SIGKILL');
    running = undefined;
  };
  return {
    stop,
    async run(job) {
      if (cases > mostCases) stop();
      if (!running) cases = 0;
      running ??= begin(options);
      cases += 'to' in job ? job.to - job.from : 1;
      const ran = await watch(running, job, options.killMs);
      if (ran.endedAt !== undefined) stop();
      return ran;
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  stderr: string;
}

function begin({ targets, heapMb }: WorkerOptions): Running {
  const flags = ['--no-warnings', `--max-old-space-size=${heapMb}`, '--stack-size=984'];
  const args = [...flags, join(import.meta.dirname, 'child.ts'), targets];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
    // No proxy, no token, no colour of whoever started it may change what a case does.
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      TZ: 'UTC',
      NODE_COMPILE_CACHE: compiled,
    },
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const running: Running = { child, ready, stderr: '' };
  child.stderr?.on('data', (chunk: Buffer) => {
    running.stderr = `${running.stderr}${chunk}`.slice(-20_000);
  });
  child.once('message', () => resolve());
  child.once('exit', () => reject(new Error(`the worker did not start: ${running.stderr}`)));
  ready.catch(() => undefined);
  return running;
}

interface Message {
  readonly done?: true;
  readonly index?: number;
  readonly fault?: Fault;
}

async function watch(running: Running, job: Job, killMs: number): Promise<Ran> {
  const { child } = running;
  await Promise.race([running.ready, late(startMs)]);
  const found: Found[] = [];
  let index = 'from' in job ? job.from : 0;
  let beatAt = performance.now();
  let killed = false;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const onBeat = (chunk: Buffer): void => {
    index = Number(chunk.toString().trimEnd().split('\n').at(-1));
    beatAt = performance.now();
  };
  const onMessage = (message: Message): void => {
    beatAt = performance.now();
    if (message.fault) found.push({ index: message.index ?? index, fault: message.fault });
    if (message.done) resolve({ found });
  };
  const onExit = (code: number | null, signal: string | null): void => {
    const fault = killed ? hang(killMs) : died(running.stderr, code, signal);
    resolve({ found: [...found, { index, fault }], endedAt: index });
  };
  const timer = setInterval(() => {
    if (killed || performance.now() - beatAt < killMs) return;
    killed = true;
    child.kill('SIGKILL');
  }, lookMs);
  const beats = child.stdio[3] as Readable;
  beats.on('data', onBeat);
  child.on('message', onMessage);
  child.on('exit', onExit);
  if (child.exitCode !== null || child.signalCode !== null)
    onExit(child.exitCode, child.signalCode);
  else child.send(job);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    beats.off('data', onBeat);
    child.off('message', onMessage);
    child.off('exit', onExit);
  }
}

function late(ms: number): Promise<never> {
  return new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`the worker was not ready in ${ms} ms`)), ms).unref(),
  );
}

const hang = (ms: number): Fault => ({ kind: 'hang', where: '', detail: `killed after ${ms} ms` });

function died(stderr: string, code: number | null, signal: string | null): Fault {
  if (/heap out of memory|Allocation failed|ENOMEM/.test(stderr) || signal === 'SIGABRT') {
    return { kind: 'memory', where: '', detail: `the process ended: ${signal ?? code}` };
  }
  const frame = /src\/\S+:\d+/.exec(stderr)?.[0] ?? 'nowhere';
  const words = stderr.trim().slice(0, 400);
  return {
    kind: 'exception',
    where: `uncaught at ${frame}`,
    detail: `${signal ?? code}: ${words}`,
  };
}
