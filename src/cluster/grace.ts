// A short grace period between a cancellation and aborting the writes in flight.

const graceMs = 2_000;

/**
 * Aborted 2 s after `signal`: a write takes milliseconds, so writes in flight can finish and their
 * outcome is known.
 */
export function afterGrace(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (!signal) return undefined;
  const late = new AbortController();
  const abort = () => late.abort(signal.reason);
  const begin = () => AbortSignal.timeout(graceMs).addEventListener('abort', abort);
  if (signal.aborted) begin();
  signal.addEventListener('abort', begin, { once: true });
  return late.signal;
}
