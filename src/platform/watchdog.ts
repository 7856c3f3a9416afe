// The main thread's side of the watchdog: heartbeats, and what to report if they stop.
import type { Worker } from 'node:worker_threads';
import type { Bounds, Shared, WatchdogData, Will } from './watchdog-thread.ts';

const tickMs = 250;

/**
 * 60 s of silence, 10 s after an abort, 1 s while the process grows by 1 GB: a runaway of Node grew by
 * 200 MB/s, an allocating loop grows by 1 GB/s, and V8 aborts at 2 to 4 GB without a word of ours.
 */
const usualBounds: Bounds = {
  tickMs,
  silent: 60_000 / tickMs,
  silentAfterAbort: 10_000 / tickMs,
  silentAndGrowing: 1_000 / tickMs,
  growthBytes: 1e9,
};

/** An ordinary run uses less than 300 MB. */
const muchBytes = 1e9;

const cell = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

/** Global, since a process has one main thread. */
const shared: Shared = { pings: cell(), abortedAt: cell(), writing: cell(), due: cell() };

/** Something was aborted: for a moment, less silence is tolerated. */
export function noteAbort(): void {
  Atomics.store(shared.abortedAt, 0, Math.max(1, Atomics.load(shared.pings, 0)));
}

/** The run is cancelled: whatever it does, the process ends within this many milliseconds. */
export function mustEndWithin(ms: number): void {
  // The thread may notice one tick late.
  Atomics.store(shared.due, 0, Math.max(1, Math.floor(ms / tickMs) - 1));
}

/** Writes output. The reader may pause for an hour (`| less`), which is not a hang. */
export function writingOut(write: (text: string) => unknown): (text: string) => void {
  return (text) => {
    Atomics.store(shared.writing, 0, 1);
    try {
      write(text);
    } finally {
      Atomics.store(shared.writing, 0, 0);
    }
  };
}

export interface WatchdogOptions {
  /** The thread's file: next to the entry, in the source as in dist/. */
  readonly thread: URL;
  /** The current state; called at every heartbeat. */
  will(): Will;
  /** Logs something unusual that does not end the run. */
  onOddity(line: string): void;
  /** For tests. */
  readonly bounds?: Partial<Bounds>;
}

export interface Watchdog {
  /** Sends a change that the thread must have at once. */
  note(): void;
}

/**
 * Starts the thread without keeping the process alive. If a thread cannot be
 * created, the run continues without it.
 */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  const bounds = { ...usualBounds, ...options.bounds };
  let thread: Worker | undefined;
  let sent: Will | undefined;
  let isMuch = false;
  const note = (): void => {
    const will = thread && options.will();
    if (!will || isSame(will, sent)) return;
    sent = will;
    thread?.postMessage(will);
  };
  const ping = (): void => {
    Atomics.add(shared.pings, 0, 1);
    note();
    const bytes = process.memoryUsage.rss();
    if (isMuch || bytes < muchBytes) return;
    isMuch = true;
    options.onOddity(
      `! This run holds ${Math.round(bytes / 1e6)} MB of memory; a usual one less than 300.`,
    );
  };
  void start(options, bounds).then((started) => {
    thread = started;
    note();
  });
  setInterval(ping, bounds.tickMs).unref();
  return { note };
}

/** The text is long, and unchanged while nothing happens: then this costs nothing. */
function isSame(will: Will, sent: Will | undefined): boolean {
  const lists = ({ remove, programs }: Will) => [...remove, ...programs].join('\n');
  return sent?.text === will.text && sent.files === will.files && lists(sent) === lists(will);
}

async function start(
  { thread, onOddity }: WatchdogOptions,
  bounds: Bounds,
): Promise<Worker | undefined> {
  const workerData: WatchdogData = { watchdog: true, shared, bounds };
  try {
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(thread, {
      name: 'watchdog',
      workerData,
      // No environment variables: it needs none, and some are secret.
      env: {},
      argv: [],
      execArgv: [],
      // It holds one text; measured, 4 MB are enough.
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
    });
    worker.on('error', ({ message }) => onOddity(`The watchdog has ended: ${message}`));
    worker.unref();
    return worker;
  } catch (error) {
    onOddity(`The watchdog could not be started: ${(error as Error).message}`);
    return undefined;
  }
}
