// One request and its answer: headers, time limit, body, and every failure as one type of error.
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { type ApiRequest, type ApiResponse, TransportError } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { jsonLines } from './json-lines.ts';
import { type TimeLimit, timeLimit } from './time-limit.ts';
import { cannotBeSent, isInvalid, isTransport, transportError } from './transport-errors.ts';

/** What all requests to one server share. */
export interface Lane {
  readonly connection: Connection;
  /** The path of the server's address: `/k8s/clusters/x` behind some gateways, else empty. */
  readonly prefix: string;
  readonly credentials: Credentials;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** Reads an answer. A stream lifts the time limit, since it may be silent from then on. */
export type Reading = (response: Dispatcher.ResponseData, limit: TimeLimit) => Promise<ApiResponse>;

interface Attempt {
  readonly request: ApiRequest;
  readonly authorization: string | undefined;
}

const answerMs = 30_000;
/**
 * Limit for one answer, also decompressed. A page of 250 pods has 4 MB; a list that the server sends in one
 * piece may hold some ten thousand objects.
 */
const mostBytes = 256 * 2 ** 20;
// The API checks a token when a request begins, not while a watch runs.
const tokenMs = 60_000;

/** Sends; after a 401 once more if another credential is available. */
export async function authorized(
  lane: Lane,
  request: ApiRequest,
  read: Reading,
): Promise<ApiResponse> {
  const used = await lane.credentials.header(tokenMs);
  const answer = await exchange(lane, { request, authorization: used }, read);
  if (answer.status !== 401) return answer;
  const authorization = await lane.credentials.renewed(used);
  if (authorization === undefined) return answer;
  return exchange(lane, { request, authorization }, read);
}

/** The whole body: JSON parsed, anything else as text. */
export async function whole(
  response: Dispatcher.ResponseData,
  limit: TimeLimit,
): Promise<ApiResponse> {
  const headers = flat(response.headers);
  const bytes = await limit.race(collected(response.body));
  const text = headers['content-encoding'] === 'gzip' ? await unzipped(bytes) : bytes.toString();
  const json = /^application\/(.+\+)?json\b/.test(headers['content-type'] ?? '');
  return { status: response.statusCode, headers, body: json ? parsed(text) : text };
}

async function collected(body: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += (piece as Uint8Array).length;
    if (bytes > mostBytes) throw tooLarge();
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces);
}

async function unzipped(bytes: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  gunzip(bytes, { maxOutputLength: mostBytes }, (error, plain) =>
    error ? reject(unpackError(error)) : resolve(plain.toString()),
  );
  return promise;
}

function unpackError({ code, message }: NodeJS.ErrnoException): TransportError {
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge();
  return new TransportError('EPROTO', `the answer cannot be unpacked: ${message}`);
}

function tooLarge(): TransportError {
  return new TransportError('TOO_LARGE', `the answer is larger than ${mostBytes / 2 ** 20} MiB`);
}

/** Events one by one as they arrive; an error answer is read as a whole. */
export function streamed(onEvent: (event: unknown) => void): Reading {
  return async (response, limit) => {
    if (response.statusCode !== 200) return whole(response, limit);
    limit.lift();
    const feed = jsonLines((event) => {
      try {
        onEvent(event);
      } catch (error) {
        throw new HandlerError(error);
      }
    });
    const reading = async (): Promise<void> => {
      for await (const chunk of response.body) {
        if (limit.signal.aborted) return;
        feed(chunk as Uint8Array);
      }
    };
    await limit.race(reading());
    return { status: 200, headers: flat(response.headers), body: undefined };
  };
}

async function exchange(lane: Lane, attempt: Attempt, read: Reading): Promise<ApiResponse> {
  const { request } = attempt;
  const limit = timeLimit(request.timeoutMs ?? answerMs, request.signal);
  let dispatcher: Dispatcher | undefined;
  try {
    dispatcher = await limit.race(lane.connection.open());
    request.onStart?.();
    // Raced as well: an HTTP/2 stream that is aborted at the wrong moment never settles.
    const asked = dispatcher.request({
      method: request.method,
      path: lane.prefix + request.path,
      headers: headersOf(lane, attempt),
      body: request.body === undefined ? null : JSON.stringify(request.body, revealing),
      signal: limit.signal,
    });
    return await read(await limit.race(asked), limit);
  } catch (error) {
    if (error instanceof HandlerError) throw error.cause;
    const { aborted, reason } = limit.signal;
    // Silence indicates a dead connection: the next request gets a new one.
    if (dispatcher && reason instanceof TransportError) lane.connection.drop(dispatcher);
    if (aborted) throw reason;
    if (isInvalid(error)) throw cannotBeSent(error);
    throw isTransport(error) ? transportError(error) : error;
  } finally {
    limit.end();
  }
}

function headersOf(lane: Lane, { request, authorization }: Attempt): Record<string, string[]> {
  const headers: Record<string, string[]> = { accept: [request.accept ?? 'application/json'] };
  if (request.body !== undefined) {
    headers['content-type'] = [request.contentType ?? 'application/json'];
  }
  // The API server compresses answers over 128 KB: 200 ConfigMaps go from 196 to 9 KB in the same time.
  if (request.method === 'GET' && !/[?&]watch=/.test(request.path)) {
    headers['accept-encoding'] = ['gzip'];
  }
  if (authorization !== undefined) headers['authorization'] = [authorization];
  for (const [name, value] of Object.entries(lane.headers)) {
    headers[name.toLowerCase()] = typeof value === 'string' ? [value] : [...value];
  }
  return headers;
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TransportError('EPROTO', 'the answer is cut short or is not JSON');
  }
}

// `this` is the holder: JSON.stringify calls toJSON before it passes `value`.
function revealing(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Secret ? reveal(original) : value;
}

/** An error thrown by the caller's own callback: a bug, not a broken connection. */
class HandlerError extends Error {
  constructor(cause: unknown) {
    super('the handler of an event failed', { cause });
  }
}
