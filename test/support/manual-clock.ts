// Time that moves when a test says so, or when nothing else happens; who sleeps wakes in order.
import { setImmediate as tick } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports.ts';

export interface ManualClock extends Clock {
  /** Moves on, waking everybody whose time has come, one after the other. */
  advance(ms: number): Promise<void>;
  /** A jump, as after a process was stopped: everybody wakes at its end. */
  jump(ms: number): Promise<void>;
  /** Lets everything happen that does not wait for time. */
  settle(): Promise<void>;
  /** When the next sleeper wakes; undefined where nobody sleeps. */
  next(): number | undefined;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

const noon = Date.parse('2026-11-27T12:00:00Z');

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await tick();
}

/** Jumps to the next sleeper as soon as nothing happens that does not wait for time. */
export function jumpingClock(): Clock {
  const clock = manualClock(noon);
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    await settle();
    for (let at = clock.next(); at !== undefined; at = clock.next()) {
      await clock.advance(at - clock.now());
    }
    isRunning = false;
  };
  return {
    now: clock.now,
    sleep: (ms, signal) => {
      const sleep = clock.sleep(ms, signal);
      if (!isRunning) void run();
      return sleep;
    },
  };
}

export function manualClock(start = noon): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  const due = (end: number) =>
    [...sleepers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper: Sleeper = { at: now + ms, wake: () => end(resolve) };
        const abort = (): void => end(() => reject(signal?.reason));
        const end = (then: () => void): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', abort);
          then();
        };
        signal?.addEventListener('abort', abort);
        sleepers.add(sleeper);
      }),
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (let [next] = due(end); next; [next] = due(end)) {
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    async jump(ms) {
      now += ms;
      for (const each of due(now)) each.wake();
      await settle();
    },
    settle,
    next: () => [...sleepers].map(({ at }) => at).toSorted((a, b) => a - b)[0],
  };
}
