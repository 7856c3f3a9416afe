// Which failures are transient, and how long to wait before retrying.
import { type ApiRequest, type ApiResponse, TransportError } from '../core/ports.ts';
import { statusOf } from './api-errors.ts';
import { firstContactMs } from './outage.ts';
import { certificateReasons, isHopeless } from './unreachable.ts';

const firstPauseMs = 200;
const longestPauseMs = 5_000;
const longestRetryAfterMs = 30_000;
const outageMs = 120_000;
const webhookMs = 60_000;
const contentionMs = 5_000;
const unknownNameMs = 5_000;

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'PROXY_REFUSED',
]);

/** Milliseconds before attempt `attempt` (from 1) is retried: 0.2 to 5 s, half of it random. */
export function pauseBefore(attempt: number, random: () => number): number {
  const full = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * random();
}

/** Retry-After in milliseconds, 30 s at most; undefined if the server sends none. */
export function retryAfter(response: ApiResponse): number | undefined {
  const named = Number(response.headers['retry-after']);
  const seconds = named > 0 ? named : statusOf(response)?.details?.retryAfterSeconds;
  return seconds !== undefined && seconds > 0
    ? Math.min(longestRetryAfterMs, seconds * 1000)
    : undefined;
}

/**
 * How long to keep retrying, milliseconds from the first attempt; 0 if the result is final.
 * `contacted`: this server has answered before, so its address is right.
 */
export function patienceWith(
  result: ApiResponse | TransportError,
  request: ApiRequest,
  contacted: boolean,
): number {
  if (!(result instanceof TransportError)) return patienceWithAnswer(result, request);
  if (result.reason === 'TOO_LARGE') return 0;
  if (contacted) return outageMs;
  if (isHopeless(result.reason)) return 0;
  return result.reason === 'ENOTFOUND' ? unknownNameMs : firstContactMs;
}

function patienceWithAnswer(response: ApiResponse, request: ApiRequest): number {
  const { status } = response;
  if (status === 429 || status === 502 || status === 503 || status === 504) return outageMs;
  const message = statusOf(response)?.message ?? '';
  if (status === 500 && etcdTrouble.test(message)) return outageMs;
  if (status === 500 && /failed calling webhook/.test(message)) return webhookMs;
  return status === 409 && contended(response, request) ? contentionMs : 0;
}

// The API server passes etcd's own failures on as plain 500s:
// https://github.com/etcd-io/etcd/blob/main/api/v3rpc/rpctypes/error.go
const etcdTrouble = /^etcdserver: |raft proposal dropped|leader changed|request timed out/i;

// Another client wrote the object, or a quota's usage, at the same moment; a conflict of field
// managers, or with a resourceVersion that the request itself names, is permanent.
function contended(response: ApiResponse, request: ApiRequest): boolean {
  const status = statusOf(response);
  const body = request.body as { metadata?: { resourceVersion?: unknown } } | undefined;
  const managers = status?.details?.causes?.some((each) => each.reason === 'FieldManagerConflict');
  return (
    status?.reason === 'Conflict' &&
    !managers &&
    body?.metadata?.resourceVersion === undefined &&
    /^Operation cannot be fulfilled on /.test(status.message ?? '')
  );
}

/** True if a retry cannot create a second object, even if the first attempt arrived. */
export function repeatable(request: ApiRequest): boolean {
  if (request.method !== 'POST') return true;
  const body = request.body as { kind?: unknown; metadata?: { name?: unknown } } | undefined;
  return typeof body?.metadata?.name === 'string' || /Review$/.test(String(body?.kind));
}

/** True if the connection was never established, so that nothing can have arrived. */
export function surelyNotSent(error: TransportError): boolean {
  return neverSent.has(error.reason) || certificateReasons.has(error.reason);
}
