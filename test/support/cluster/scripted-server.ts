// A real HTTPS server on loopback that answers as a test tells it, over HTTP/2 or HTTP/1.1.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** `2.0` or `1.1`. */
  readonly version: string;
}

/** What both protocols' responses can do. */
export interface Reply {
  writeHead(status: number, headers?: Record<string, string>): Reply;
  write(chunk: string | Uint8Array): boolean;
  end(chunk?: string | Uint8Array): unknown;
  on(event: 'error', listener: () => void): unknown;
}

export type Answer = (request: Received, reply: Reply) => unknown;

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly certificate: Buffer;
  readonly requests: readonly Received[];
  /** Connections made so far. */
  readonly connections: number;
  readonly sessions: readonly ServerHttp2Session[];
  script(answer: Answer): void;
  /** Breaks every open connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A certificate for 127.0.0.1 and localhost, made now. */
export function makeCertificate(): { readonly cert: Buffer; readonly key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = [
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
  ];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', cert, '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'ignore' });
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  rmSync(folder, { recursive: true });
  return pair;
}

let shared: ReturnType<typeof makeCertificate> | undefined;

export async function scriptedServer(
  options: { readonly http2?: boolean; readonly port?: number } = {},
): Promise<ScriptedServer> {
  shared ??= makeCertificate();
  const multiplexed = options.http2 !== false;
  const server = multiplexed ? createSecureServer({ ...shared }) : createServer({ ...shared });
  const requests: Received[] = [];
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let answer: Answer = (_, response) => response.writeHead(404).end();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('session', (session: ServerHttp2Session) => {
    sessions.push(session);
    session.on('error', () => undefined);
  });
  server.on('request', async (request: Http2ServerRequest, reply: Reply) => {
    reply.on('error', () => undefined);
    const received = { ...headOf(request), body: await bodyOf(request) };
    requests.push(received);
    await answer(received, reply);
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    certificate: shared.cert,
    requests,
    sessions,
    get connections() {
      return connections;
    },
    script(next) {
      answer = next;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

export function json(reply: Reply, status: number, body: unknown, headers = {}) {
  reply.writeHead(status, { 'content-type': 'application/json', ...headers });
  reply.end(JSON.stringify(body));
}

export function status(code: number, reason: string, message: string, details = {}) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}

function headOf(request: Http2ServerRequest) {
  const { method, url, headers, httpVersion } = request;
  return { method, path: url, headers, version: httpVersion };
}

async function bodyOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
