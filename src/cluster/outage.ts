// Remembers whether the API answers at all, and tells people once when it stops and once when it is back.
import { type ApiResponse, type Clock, type Log, TransportError } from '../core/ports.ts';
import { statusOf } from './api-errors.ts';
import { wordsFor } from './unreachable.ts';

export interface Outage {
  /** How long the very first answer may take, milliseconds. */
  readonly firstContactMs: number;
  /** True from the first answer on, whatever it was. */
  contacted(): boolean;
  answered(response: ApiResponse): void;
  /** A request is going to be repeated after its attempt `attempt`, from 1. */
  note(result: ApiResponse | TransportError, attempt: number): void;
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

// Being asked to slow down is no outage; nor is a kept connection that ends once, which servers do
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
