// Remembers whether the API answers at all, and tells people once when it stops and once when it is back.
import { type ApiResponse, type Clock, type Log, TransportError } from '../ports.ts';
import { statusOf } from './api-errors.ts';
import { wordsFor } from './unreachable.ts';

export interface Outage {
  /** How long the very first answer may take, milliseconds. */
  readonly firstContactMs: number;
  /** True from the first answer on, whatever it was. */
  contacted(): boolean;
  answered(response: ApiResponse): void;
  /** A request is going to be repeated. */
  note(result: ApiResponse | TransportError): void;
  /** A request came to its end with a proper answer. */
  settled(response: ApiResponse): void;
}

export const firstContactMs = 15_000;

export function outage(clock: Clock, log: Log): Outage {
  let contacted = false;
  let since: number | undefined;
  return {
    firstContactMs,
    contacted: () => contacted,
    answered() {
      contacted = true;
    },
    note(result) {
      if (since !== undefined) return;
      // Being asked to slow down is no outage.
      if (!(result instanceof TransportError) && result.status === 429) return;
      since = clock.now();
      log.info(`The Kubernetes API is in trouble: ${words(result)}. Trying again.`);
    },
    settled(response) {
      if (since === undefined || response.status >= 500) return;
      const seconds = Math.max(1, Math.round((clock.now() - since) / 1000));
      since = undefined;
      log.info(`The Kubernetes API is back after ${seconds} s.`);
    },
  };
}

function words(result: ApiResponse | TransportError): string {
  if (result instanceof TransportError) return wordsFor(result);
  const message = statusOf(result)?.message;
  return message ? `${result.status}, ${message}` : `it answers ${result.status}`;
}
