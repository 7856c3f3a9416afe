// SIGINT and SIGTERM as two AbortSignals: stop starting work, and later, abort what is still running.
import { mustEndWithin, noteAbort } from './watchdog.ts';

export interface Interruption {
  /** Aborted by the first signal: nothing new is started, and work in progress is completed. */
  readonly signal: AbortSignal;
  /** Aborted when the time for that is up: the run reports what it knows and ends. */
  readonly over: AbortSignal;
}

/**
 * A runner cancels a run by SIGINT, after 7.5 s by SIGTERM, and kills it after another 2.5 s
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation). What
 * is left of `endMs` after `overMs` is for the report; then the watchdog ends the process.
 */
const times = {
  SIGINT: { overMs: 5_500, endMs: 7_000 },
  SIGTERM: { overMs: 1_200, endMs: 2_000 },
} as const;

/** A second SIGINT aborts, as people expect of Ctrl-C; a third one ends the process at once. */
export function interruption(): Interruption {
  const stop = new AbortController();
  const over = new AbortController();
  let patience: NodeJS.Timeout | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const { overMs, endMs } = times[name];
      // The runner always sends SIGTERM after SIGINT; only a repeated SIGINT comes from an impatient person.
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
