// Plain HTTPS with time limits, a size limit, proxies, and retries for transient failures.
import type { Dispatcher } from 'undici';
import type { Clock, Http, HttpRequest, HttpResponse } from '../core/ports.ts';
import { TransportError } from '../core/ports.ts';
import { reveal } from '../core/secret.ts';
import { type Environment, proxyFor } from './proxy.ts';
import {
  cannotBeSent,
  isInvalid,
  isTransport,
  throughProxy,
  transportError,
} from './transport-errors.ts';
import { loadUndici } from './undici.ts';

export interface Retry {
  readonly url: string;
  /** `503`, `ECONNRESET`. */
  readonly reason: string;
  /** The number of the failed attempt, from 1. */
  readonly attempt: number;
  readonly waitMs: number;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** Default: of this process. */
  readonly environment?: Environment;
  /** All attempts together. Default 4. */
  readonly attempts?: number;
  readonly onRetry?: (retry: Retry) => void;
  /** Aborts everything in flight. */
  readonly signal?: AbortSignal;
}

const firstWaitMs = 200;
const longestWaitMs = 5_000;
const longestRetryAfterMs = 30_000;
const maxRedirects = 5;

/** The real Http. undici is loaded at the first request, to keep startup fast. */
export function realHttp(options: HttpOptions): Http {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const proxyOf = (url: URL) => proxyFor(url, options.environment ?? process.env);
  const dispatcherFor = (url: URL) => {
    const proxy = proxyOf(url);
    const key = proxy?.href ?? '';
    const known = dispatchers.get(key) ?? dispatcher(proxy);
    dispatchers.set(key, known);
    return known;
  };
  return { send: (request) => withRetries(request, { ...options, dispatcherFor, proxyOf }) };
}

interface Sender extends HttpOptions {
  readonly dispatcherFor: (url: URL) => Promise<Dispatcher>;
  readonly proxyOf: (url: URL) => URL | undefined;
}

async function dispatcher(proxy: URL | undefined): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await loadUndici();
  // Idle sockets must not keep the process running for long.
  const idle = { keepAliveTimeout: 2_000, allowH2: false };
  return proxy ? new ProxyAgent({ uri: proxy.href, ...idle }) : new Agent(idle);
}

async function withRetries(request: HttpRequest, sender: Sender): Promise<HttpResponse> {
  const attempts = sender.attempts ?? 4;
  const url = withoutQuery(request.url);
  for (let attempt = 1; ; attempt += 1) {
    const result = await attemptOnce(request, sender);
    const again = reasonToRetry(result);
    if (again === undefined || attempt >= attempts) {
      if (result instanceof TransportError) throw result;
      return result;
    }
    const waitMs = waitBefore(attempt, result, sender.clock.now());
    sender.onRetry?.({ url, reason: again, attempt, waitMs });
    await sender.clock.sleep(waitMs, sender.signal);
  }
}

async function attemptOnce(
  request: HttpRequest,
  sender: Sender,
): Promise<HttpResponse | TransportError> {
  try {
    return await follow(request, sender);
  } catch (error) {
    sender.signal?.throwIfAborted();
    if (isInvalid(error)) return cannotBeSent(error);
    if (!isTransport(error) && !(error instanceof TransportError)) throw error;
    return transportError(error);
  }
}

/** A broken connection may be transient; a too large answer, a bad certificate or name is not. */
function reasonToRetry(result: HttpResponse | TransportError): string | undefined {
  if (result instanceof TransportError) {
    return permanent.test(result.reason) ? undefined : result.reason;
  }
  return result.status === 429 || result.status >= 500 ? String(result.status) : undefined;
}

const permanent =
  /^(TOO_LARGE|TIME_LIMIT|ENOTFOUND|EPROTO|PROXY_REFUSED|CERT_|DEPTH_|SELF_|UNABLE_|ERR_(TLS|SSL))/;

function waitBefore(attempt: number, result: HttpResponse | TransportError, now: number): number {
  const asked = result instanceof TransportError ? undefined : result.headers['retry-after'];
  if (asked !== undefined) {
    const seconds = Number(asked);
    const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(asked) - now;
    if (ms >= 0) return Math.min(ms, longestRetryAfterMs);
  }
  const step = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs);
  return step * (0.5 + Math.random() / 2);
}

async function follow(request: HttpRequest, sender: Sender): Promise<HttpResponse> {
  const limit = AbortSignal.timeout(request.timeoutMs ?? 30_000);
  const signal = sender.signal ? AbortSignal.any([limit, sender.signal]) : limit;
  const first = URL.parse(request.url);
  if (!first || !/^https?:$/.test(first.protocol)) {
    throw new TransportError('EPROTO', 'the request has no http or https address');
  }
  let url = first;
  let sent = request;
  for (let hops = 0; ; hops += 1) {
    const response = await exchange({ request: sent, url, sender, signal }).catch(
      (error: unknown) => {
        if (!limit.aborted) throw error;
        throw new TransportError(
          'TIME_LIMIT',
          `No whole answer within ${request.timeoutMs ?? 30_000} ms`,
        );
      },
    );
    const next = nextHop(response, url, request.redirect ?? 'none');
    if (!next || hops >= maxRedirects) return response;
    if (next.host !== url.host) sent = { ...request, headers: {} };
    url = next;
  }
}

/** The redirect's target; undefined if the answer is final. */
function nextHop(
  response: HttpResponse,
  url: URL,
  redirect: NonNullable<HttpRequest['redirect']>,
): URL | undefined {
  const location = response.headers['location'];
  if (redirect === 'none' || location === undefined) return undefined;
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const next = URL.parse(location, url.href);
  if (!next || (next.host !== url.host && redirect === 'same-host')) return undefined;
  const secure =
    next.protocol === 'https:' || (next.protocol === 'http:' && url.protocol === 'http:');
  return secure ? next : undefined;
}

interface Exchange {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly sender: Sender;
  readonly signal: AbortSignal;
}

async function exchange({ request, url, sender, signal }: Exchange): Promise<HttpResponse> {
  const { request: send } = await loadUndici();
  const headers: Record<string, string> = { 'user-agent': sender.userAgent };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name] = reveal(value);
  const response = await send(url, {
    method: request.method ?? 'GET',
    headers,
    dispatcher: await sender.dispatcherFor(url),
    signal,
    ...(request.body === undefined ? {} : { body: reveal(request.body) }),
  }).catch((error: unknown) => {
    const proxy = sender.proxyOf(url);
    throw proxy && isTransport(error) ? throughProxy(error, proxy) : error;
  });
  const body = await bounded(response.body, request.maxBytes ?? 16 * 2 ** 20);
  return { status: response.statusCode, headers: flat(response.headers), body };
}

async function bounded(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      throw new TransportError('TOO_LARGE', `The answer is larger than ${maxBytes} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = String(value);
  }
  return result;
}

/** For messages: a query may contain secrets. */
function withoutQuery(text: string): string {
  const url = URL.parse(text);
  return url ? `${url.origin}${url.pathname}` : 'no address';
}
