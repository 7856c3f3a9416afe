// Combines a request's time limit with its caller's signal.
import { TransportError } from '../core/ports.ts';
import { noteAbort } from './watchdog.ts';

export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Waits, within the limit, for something that cannot be aborted itself. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Removes the time limit; the caller's signal stays. */
  lift(): void;
  /** Cleans up. */
  end(): void;
}

export function timeLimit(ms: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const expired = () => new TransportError('NO_ANSWER', `no answer within ${ms / 1000} s`);
  const timer = setTimeout(() => controller.abort(expired()), ms);
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  outer?.addEventListener('abort', follow, { once: true });
  const { signal } = controller;
  signal.addEventListener('abort', noteAbort, { once: true });
  return {
    signal,
    race: (work) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal.reason);
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
        work.then(resolve, reject);
      }),
    lift: () => clearTimeout(timer),
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', follow);
    },
  };
}
