// One end for one request: its time is over, or its caller has lost interest.
import { TransportError } from '../core/ports.ts';
import { noteAbort } from './watchdog.ts';

export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Waits no longer than the limit allows for something that cannot be aborted itself. */
  race<T>(work: Promise<T>): Promise<T>;
  /** No time limit from here on; the caller's signal stays. */
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
