// Time that only moves when a test says so; who sleeps wakes in the order of the times.
import { setImmediate as tick } from 'node:timers/promises';
import type { Clock } from '../../src/ports.ts';

export interface ManualClock extends Clock {
  /** Moves on, waking everybody whose time has come, one after the other. */
  advance(ms: number): Promise<void>;
  /** A jump, as after a process was stopped: everybody wakes at its end. */
  jump(ms: number): Promise<void>;
  /** Lets everything happen that does not wait for time. */
  settle(): Promise<void>;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

export function manualClock(start = Date.parse('2026-11-27T12:00:00Z')): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await tick();
  };
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
  };
}
