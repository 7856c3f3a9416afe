// Ends a wait early when something has happened, else when its time is up.
import type { Clock } from './ports.ts';

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
      const end = (): void => over.abort();
      // Not `AbortSignal.any`: its signals would outlive each of the many waits.
      signal?.addEventListener('abort', end);
      if (signal?.aborted) end();
      const sleep = clock.sleep(ms, over.signal).catch(() => undefined);
      await Promise.race([gate.promise, sleep]);
      signal?.removeEventListener('abort', end);
      end();
      gate = Promise.withResolvers<void>();
      if (failure) throw failure.error;
    },
  };
}

/** Settles once the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
