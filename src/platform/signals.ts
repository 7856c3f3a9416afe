// SIGINT and SIGTERM as two AbortSignals: stop what is under way, and later, give up what has not ended.
import { mustEndWithin, noteAbort } from './watchdog.ts';

export interface Interruption {
  /** Aborted by the first signal: nothing new is begun, and what is under way comes to its end. */
  readonly signal: AbortSignal;
  /** Aborted when the time for that is over: the run says what it knows and ends. */
  readonly over: AbortSignal;
}

/**
 * Of a cancelled run a runner asks by SIGINT, after 7.5 s by SIGTERM, and kills after another 2.5 s
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation). What
 * is left of `endMs` after `overMs` is for the report; then the watchdog ends the process.
 */
const times = {
  SIGINT: { overMs: 5_500, endMs: 7_000 },
  SIGTERM: { overMs: 1_200, endMs: 2_000 },
} as const;

/** A second SIGINT is impatience, as people expect of Ctrl-C; a third one ends the process at once. */
export function interruption(): Interruption {
  const stop = new AbortController();
  const over = new AbortController();
  let patience: NodeJS.Timeout | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const { overMs, endMs } = times[name];
      // The runner sends SIGTERM after SIGINT by itself; only a repeated SIGINT is impatience.
      const impatient = stop.signal.aborted && name === 'SIGINT';
      if (impatient && over.signal.aborted) process.exit(130);
      noteAbort();
      if (!impatient) mustEndWithin(endMs);
      clearTimeout(patience);
      if (impatient) over.abort();
      else patience = setTimeout(() => over.abort(), overMs);
      stop.abort();
    });
  }
  return { signal: stop.signal, over: over.signal };
}
