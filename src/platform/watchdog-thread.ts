// The watchdog's own thread, a file by itself in dist/: it ends a process whose main thread hangs.
import { appendFileSync, rmSync, write } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

/** All that both threads can write to. One cell each. */
export interface Shared {
  /** Signs of life of the main thread, counted. */
  readonly pings: Int32Array;
  /** `pings` at the latest abort; 0 before the first one. */
  readonly abortedAt: Int32Array;
  /** 1 while the main thread writes its output: then it may be held by a reader that has paused. */
  readonly writing: Int32Array;
  /** Ticks until a cancelled run must have ended; 0 while it is not cancelled. */
  readonly due: Int32Array;
}

/** All but bytes is counted in ticks of this thread, and never by a clock. */
export interface Bounds {
  readonly tickMs: number;
  /** Ticks without a sign of life, at any time. */
  readonly silent: number;
  /** The same where the silence began at most as many signs of life after an abort. */
  readonly silentAfterAbort: number;
  /** Ticks without a sign of life after which growth counts. */
  readonly silentAndGrowing: number;
  /** By so much the whole process may grow during a silence. */
  readonly growthBytes: number;
}

/** What is to be done when the main thread cannot do it any more. The latest one counts. */
export interface Will {
  /** Where people read. */
  readonly fd: 1 | 2;
  /** Ready to be written; `mark` stands in it for what was seen. */
  readonly text: string;
  readonly mark: string;
  /** The same for files: something is appended to each. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Files and folders that must not outlive the run. */
  readonly remove: readonly string[];
  /** Process ids of programs that run for us. */
  readonly programs: readonly number[];
}

export interface WatchdogData {
  readonly watchdog: true;
  readonly shared: Shared;
  readonly bounds: Bounds;
}

/** Whoever should read the output may have gone, or be in no hurry. */
const sayMs = 1_000;
const writeSome = promisify(write);

function watch({ shared, bounds }: WatchdogData): void {
  let will: Will | undefined;
  let ended = false;
  const watcher = newWatcher(shared, bounds);
  parentPort?.on('message', (next: Will) => {
    will = next;
  });
  setInterval(() => {
    const why = ended ? undefined : watcher.tick(process.memoryUsage.rss());
    if (why === undefined) return;
    ended = true;
    void end(why, will);
  }, bounds.tickMs);
}

/** Why the process has to end, tick by tick; undefined while it is well. */
function newWatcher(shared: Shared, bounds: Bounds) {
  let seen = { pings: -1, rss: 0 };
  let silent = 0;
  let cancelled = { due: 0, ticks: 0 };
  const seconds = (ticks: number): number => (ticks * bounds.tickMs) / 1000;

  const whySilent = (rss: number): string | undefined => {
    const [pings, abortedAt] = [read(shared.pings), read(shared.abortedAt)];
    const alive = pings !== seen.pings || read(shared.writing) === 1;
    if (alive) seen = { pings, rss };
    silent = alive ? 0 : silent + 1;
    const words = `its main thread gave no sign of life for ${seconds(silent)} s`;
    const grown = rss - seen.rss;
    if (silent >= bounds.silentAndGrowing && grown > bounds.growthBytes) {
      return `${words} and grew by ${Math.round(grown / 1e6)} MB meanwhile`;
    }
    const isNear = abortedAt > 0 && pings - abortedAt <= bounds.silentAfterAbort;
    return silent >= (isNear ? bounds.silentAfterAbort : bounds.silent) ? words : undefined;
  };
  const whyLate = (): string | undefined => {
    const due = read(shared.due);
    cancelled = { due, ticks: due === cancelled.due ? cancelled.ticks + 1 : 0 };
    if (due === 0 || cancelled.ticks < due) return undefined;
    return `it had not ended ${seconds(due)} s after it was cancelled`;
  };
  return {
    tick(rss: number): string | undefined {
      const [silence, lateness] = [whySilent(rss), whyLate()];
      return silence ?? lateness;
    },
  };
}

const read = (cell: Int32Array): number => Atomics.load(cell, 0);

async function end(why: string, will: Will | undefined): Promise<void> {
  if (will) await carryOut(will, why);
  // `process.exit` ends this thread only, and `process.abort` is not to be had in one.
  process.kill(process.pid, 'SIGKILL');
}

async function carryOut(will: Will, why: string): Promise<void> {
  const worded = (text: string): string => text.replaceAll(will.mark, why);
  for (const pid of will.programs) stop(pid, 'SIGTERM');
  for (const path of will.remove) quietly(() => rmSync(path, { recursive: true, force: true }));
  for (const { path, text } of will.files) quietly(() => appendFileSync(path, worded(text)));
  await Promise.race([say(will.fd, Buffer.from(worded(will.text))), after(sayMs)]);
  for (const pid of will.programs) stop(pid, 'SIGKILL');
}

/** Not through `process.stdout`: what a worker writes there goes through the main thread. */
async function say(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await writeSome(fd, bytes, at)).bytesWritten;
    } catch (error) {
      // A pipe that is full, and does not wait.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await after(20);
    }
  }
}

function stop(pid: number, signal: NodeJS.Signals): void {
  quietly(() => process.kill(pid, signal));
}

/** It has ended, or it cannot be done: the rest is done all the same. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Nobody is left who could do something about it.
  }
}

if ((workerData as Partial<WatchdogData> | null)?.watchdog) watch(workerData as WatchdogData);
