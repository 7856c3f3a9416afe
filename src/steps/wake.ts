// Wakes the wait: at once when something happened, else when its time has come.
import type { Clock } from '../ports.ts';

export interface Wake {
  /** Something happened. */
  now(): void;
  /** The running or next `wait` rejects with this. */
  fail(error: unknown): void;
  /** Resolves when woken, after `ms`, or on the signal; rejects with what `fail` was given. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A wake that remembers a call that came while nobody waited. */
export function createWake(clock: Clock): Wake {
  let gate = Promise.withResolvers<void>();
  let failure: { readonly error: unknown } | undefined;
  return {
    now: () => gate.resolve(),
    fail: (error) => {
      failure ??= { error };
      gate.resolve();
    },
    async wait(ms, signal) {
      const over = new AbortController();
      const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
      const sleep = clock.sleep(ms, either).catch(() => undefined);
      await Promise.race([gate.promise, sleep]);
      over.abort();
      gate = Promise.withResolvers<void>();
      if (failure) throw failure.error;
    },
  };
}
