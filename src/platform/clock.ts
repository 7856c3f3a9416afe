// The system clock.
import { setTimeout as after } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';

/** The real Clock. An aborted sleep rejects with the signal's reason. */
export function realClock(): Clock {
  return {
    now: () => Date.now(),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await after(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
        throw signal?.reason ?? error;
      });
    },
  };
}
