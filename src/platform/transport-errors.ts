// Maps every way an exchange can fail to one `TransportError` with one code.
import { TransportError } from '../core/ports.ts';

// undici's names for conditions that have a system code.
const systemCodes: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'NO_ANSWER',
  UND_ERR_BODY_TIMEOUT: 'NO_ANSWER',
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
  UND_ERR_INFO: 'ECONNRESET',
  UND_ERR_ABORTED: 'ECONNRESET',
  UND_ERR_DESTROYED: 'ECONNRESET',
  UND_ERR_CLOSED: 'ECONNRESET',
  ERR_HTTP2_GOAWAY_SESSION: 'GOAWAY',
  ERR_HTTP2_SESSION_ERROR: 'GOAWAY',
  ERR_HTTP2_STREAM_ERROR: 'ECONNRESET',
  ERR_HTTP2_STREAM_CANCEL: 'ECONNRESET',
  ERR_HTTP2_INVALID_SESSION: 'ECONNRESET',
  ERR_STREAM_PREMATURE_CLOSE: 'ECONNRESET',
  EPIPE: 'ECONNRESET',
  ERR_SSL_WRONG_VERSION_NUMBER: 'EPROTO',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'EPROTO',
};

interface SystemError {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/**
 * One code and one line for any socket error. The message never contains headers or bodies.
 * `ETIMEDOUT`: no connection; `NO_ANSWER`: connected, but silent.
 */
export function transportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const { reason, message } = explain(error);
  return new TransportError(reason, message);
}

/** The proxy answered CONNECT without a 2xx: it refused (4xx), or it failed (5xx). */
export function refusedByProxy(status: number): TransportError {
  const reason = status >= 500 ? 'PROXY_FAILED' : 'PROXY_REFUSED';
  return new TransportError(reason, `the proxy answered CONNECT with ${status}`);
}

const notConnected = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** Behind a proxy, only the proxy itself is ever connected to. Its login is not shown. */
export function throughProxy(error: unknown, proxy: URL): TransportError {
  const { reason, message } = transportError(error);
  // The message of undici's ProxyAgent, which has no code for this.
  const status = /^Proxy response \((\d+)\) !== 200/.exec(message)?.[1];
  if (status !== undefined) return refusedByProxy(Number(status));
  if (!notConnected.test(reason)) return new TransportError(reason, message);
  const where = `${proxy.protocol}//${proxy.host}`;
  return new TransportError('PROXY_UNREACHABLE', `the proxy ${where}: ${message}`);
}

/** Socket, TLS and HTTP errors have a code; anything else is a bug and must surface as such. */
export function isTransport(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !/^(UND_)?ERR_(INVALID|NOT_SUPPORTED)/.test(code);
}

function explain(error: unknown): { reason: string; message: string } {
  const inner = innermost(error);
  const code = codeOf(inner) ?? codeOf(error) ?? 'ECONNRESET';
  const text = (inner as SystemError | undefined)?.message;
  const message = typeof text === 'string' && text !== '' ? text : code;
  if (/GOAWAY/.test(message)) return { reason: 'GOAWAY', message };
  const midway = code === 'ETIMEDOUT' && (inner as SystemError).syscall === 'read';
  // llhttp has forty codes for malformed HTTP.
  const known = code.startsWith('HPE_') ? 'EPROTO' : systemCodes[code];
  return { reason: midway ? 'ECONNRESET' : (known ?? code), message };
}

// Happy eyeballs throws an AggregateError of one error per address; undici wraps in `cause`.
function innermost(error: unknown): unknown {
  const { cause, errors } = (error ?? {}) as SystemError;
  const next = errors?.find((each) => codeOf(each) !== undefined) ?? cause;
  return codeOf(next) === undefined ? error : innermost(next);
}

function codeOf(error: unknown): string | undefined {
  const { code, name } = (error ?? {}) as SystemError;
  if (typeof code === 'string') return code;
  // The peer does not speak HTTP; undici has no code for some of these errors.
  return name === 'HTTPParserError' ? 'HPE_UNKNOWN' : undefined;
}

/** An external token that is not a valid header value, detected before anything is sent. */
export function isInvalid(error: unknown): error is Error {
  return error instanceof Error && Reflect.get(error, 'code') === 'UND_ERR_INVALID_ARG';
}

/** The library's message names the header, never its value. */
export function cannotBeSent({ message }: Error): TransportError {
  return new TransportError('EPROTO', `the request cannot be sent: ${message}`);
}
