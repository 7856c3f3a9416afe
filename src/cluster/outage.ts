// Tracks whether the API answers, and logs once when it stops answering and once when it is back.
import { type ApiResponse, type Clock, type Log, TransportError } from '../core/ports.ts';
import { statusOf } from './api-errors.ts';
import { wordsFor } from './unreachable.ts';

export interface Outage {
  /** How long the first answer may take, milliseconds. */
  readonly firstContactMs: number;
  /** True from the first answer on, whatever it was. */
  contacted(): boolean;
  answered(response: ApiResponse): void;
  /** A request will be retried after attempt `attempt`, from 1. */
  note(result: ApiResponse | TransportError, attempt: number): void;
  /** A request got a proper answer. */
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
    note(result, attempt) {
      if (since !== undefined || isEveryday(result, attempt)) return;
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

// Throttling is no outage; nor is the end of a kept-alive connection, which servers do
// on purpose to spread their load (kube-apiserver --goaway-chance).
function isEveryday(result: ApiResponse | TransportError, attempt: number): boolean {
  if (!(result instanceof TransportError)) return result.status === 429;
  return attempt === 1 && (result.reason === 'GOAWAY' || result.reason === 'ECONNRESET');
}

function words(result: ApiResponse | TransportError): string {
  if (result instanceof TransportError) return wordsFor(result);
  const message = statusOf(result)?.message;
  return message ? `${result.status}, ${message}` : `it answers ${result.status}`;
}
