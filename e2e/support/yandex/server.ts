// Plain HTTP on 127.0.0.1 for the emulators: routes, a request log, forced failures, API errors.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
}

/** What happened, for tests to look at. */
export interface Logged extends Received {
  readonly at: number;
  readonly requestId: string;
  /** 0 where the connection was cut. */
  readonly status: number;
}

export interface Failure {
  /** The path's beginning. */
  readonly path: string;
  /** 0 cuts the connection without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  left: number;
}

/** Shared by all services of one emulator. */
export interface Journal {
  readonly requests: Logged[];
  readonly failures: Failure[];
}

export type Handler = (request: Received) => Promise<Reply> | Reply;

export interface Service {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** google.rpc codes of the HTTP statuses that Yandex Cloud answers with. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  429: 8,
  499: 1,
  500: 13,
  503: 14,
  504: 4,
};

/** An answer in the shape of google.rpc.Status; the request id is filled in when it is sent. */
export function refusal(status: number, message: string): Reply {
  return { status, body: { code: RPC_CODES[status] ?? 2, message, details: [] } };
}

/** Starts one service, by default on a free port. */
export async function serve(
  name: string,
  journal: Journal,
  handler: Handler,
  wanted = 0,
): Promise<Service> {
  const server = createServer((request, response) => {
    answer({ name, journal, handler, request, response }).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, stop: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Exchange {
  readonly name: string;
  readonly journal: Journal;
  readonly handler: Handler;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer({ name, journal, handler, request, response }: Exchange): Promise<void> {
  const received = await receive(name, request);
  const requestId = randomUUID();
  const reply = forced(journal, received.path) ?? (await handler(received));
  const { status } = reply;
  journal.requests.push({ ...received, at: Date.now(), requestId, status });
  if (status === 0) {
    request.socket.destroy();
    return;
  }
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-request-id': requestId,
    'x-server-trace-id': randomUUID(),
    ...reply.headers,
  });
  response.end(JSON.stringify(withRequestId(reply.body, requestId)));
}

async function receive(service: string, request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(request.headers)) headers[key] = String(value);
  return {
    service,
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(parts).toString(),
  };
}

function forced(journal: Journal, path: string): Reply | undefined {
  const failure = journal.failures.find((one) => one.left > 0 && path.startsWith(one.path));
  if (failure === undefined) return undefined;
  failure.left -= 1;
  return { ...refusal(failure.status, 'forced by the test'), headers: failure.headers };
}

function withRequestId(body: unknown, requestId: string): unknown {
  if (typeof body !== 'object' || body === null || !('details' in body)) return body;
  const info = { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId };
  return { ...body, details: [info] };
}
