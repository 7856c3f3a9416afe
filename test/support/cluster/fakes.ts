// Ports for the tests of the API: time that runs faster, a log that is remembered.
import { setTimeout as after } from 'node:timers/promises';
import type { Clock, Log } from '../../../src/core/ports.ts';

/** Real waiting, so many times faster than it says. */
export function fastClock(factor = 100): Clock {
  const began = Date.now();
  const start = performance.now();
  return {
    now: () => began + (performance.now() - start) * factor,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await after(Math.ceil(ms / factor), undefined, signal ? { signal } : {}).catch(
        (error: unknown) => {
          throw signal?.reason ?? error;
        },
      );
    },
  };
}

export function rememberedLog(): Log & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  return {
    lines,
    info: (line) => lines.push(line),
    debug: () => undefined,
    group: (_, work) => work(),
    annotate: () => undefined,
    mask: () => undefined,
  };
}

/** Waits until the condition holds; throws after three real seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 3000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within 3 s: ${what}`);
    await after(2);
  }
}
