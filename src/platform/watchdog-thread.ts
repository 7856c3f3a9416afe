// The watchdog's thread, a separate file in dist/: it ends a process whose main thread hangs.
import { appendFileSync, rmSync, write } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

/** The memory shared by both threads, one cell each. */
export interface Shared {
  /** Counter of the main thread's heartbeats. */
  readonly pings: Int32Array;
  /** `pings` at the latest abort; 0 before the first one. */
  readonly abortedAt: Int32Array;
  /** 1 while the main thread writes its output: it may then be blocked by a paused reader. */
  readonly writing: Int32Array;
  /** Ticks until a cancelled run must have ended; 0 while it is not cancelled. */
  readonly due: Int32Array;
}

/** Everything except bytes is counted in ticks of this thread, never by a clock. */
export interface Bounds {
  readonly tickMs: number;
  /** Ticks without a heartbeat, at any time. */
  readonly silent: number;
  /** The same if the silence began at most this many heartbeats after an abort. */
  readonly silentAfterAbort: number;
  /** Ticks without a heartbeat after which memory growth counts. */
  readonly silentAndGrowing: number;
  /** How much the process's memory may grow during a silence. */
  readonly growthBytes: number;
}

/** What to do when the main thread no longer can. The latest one counts. */
export interface Will {
  /** Where people read the output. */
  readonly fd: 1 | 2;
  /** Ready to be written; `mark` is the placeholder for what was observed. */
  readonly text: string;
  readonly mark: string;
  /** The same for files: texts to append to each. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Files and folders to remove at the end of the run. */
  readonly remove: readonly string[];
  /** Process ids of our child processes. */
  readonly programs: readonly number[];
}

export interface WatchdogData {
  readonly watchdog: true;
  readonly shared: Shared;
  readonly bounds: Bounds;
}

/** The reader of the output may be gone, or paused. */
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

/** Called every tick: why the process has to end; undefined while it is healthy. */
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
  // `process.exit` ends only this thread, and `process.abort` is not available in a worker.
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

/** Not through `process.stdout`: a worker's writes to it go through the main thread. */
async function say(fd: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await writeSome(fd, bytes, at)).bytesWritten;
    } catch (error) {
      // A full, non-blocking pipe.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await after(20);
    }
  }
}

function stop(pid: number, signal: NodeJS.Signals): void {
  quietly(() => process.kill(pid, signal));
}

/** Ignores failures (already gone, or impossible), so that the rest is still done. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing is left that could handle it.
  }
}

if ((workerData as Partial<WatchdogData> | null)?.watchdog) watch(workerData as WatchdogData);
