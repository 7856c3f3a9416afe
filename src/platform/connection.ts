// The connection to one server, opened once and kept alive: HTTP/2 if supported, else kept-alive sockets.
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import { TransportError } from '../core/ports.ts';
import { guardedAborts } from './abort-guard.ts';
import { refusedByProxy, throughProxy } from './transport-errors.ts';
import { loadUndici } from './undici.ts';

export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly pfx?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export interface Destination {
  readonly server: URL;
  /** Called for each new connection: a credential plugin may return a certificate. */
  tls(): Promise<TlsOptions>;
  readonly proxy: URL | undefined;
  /** The number of sockets if the server supports HTTP/1.1 only. */
  readonly sockets: number;
}

/** A connection that is opened on first use and reopened after `drop`. */
export interface Connection {
  open(): Promise<Dispatcher>;
  /** Forgets a connection that seems dead; requests in flight may finish. */
  drop(dispatcher: Dispatcher): void;
  close(): Promise<void>;
}

const connectMs = 10_000;
// Below the API server's idle timeout of 90 s, so that it never closes while we start to write.
const idleMs = 60_000;

export function keptConnection(destination: Destination): Connection {
  let current: Promise<Dispatcher> | undefined;
  let closed = false;
  const live = new Set<Dispatcher>();
  const retired = new Set<Dispatcher>();
  const start = async (): Promise<Dispatcher> => {
    const dispatcher = await dial(destination);
    if (closed) await dispatcher.destroy();
    else live.add(dispatcher);
    return dispatcher;
  };
  return {
    async open() {
      // Our bug, not a broken network: must not be retried.
      if (closed) throw new Error('the connection to the cluster was closed');
      if (current) return current;
      const opening = start();
      current = opening;
      opening.catch(() => {
        if (current === opening) current = undefined;
      });
      return opening;
    },
    drop(dispatcher) {
      if (!live.delete(dispatcher)) return;
      current = undefined;
      retired.add(dispatcher);
      // Waits for the requests in flight, which have their own time limits.
      dispatcher.close().then(
        () => retired.delete(dispatcher),
        () => dispatcher.destroy(),
      );
    },
    async close() {
      closed = true;
      current = undefined;
      await Promise.all([...live, ...retired].map((each) => each.destroy()));
    },
  };
}

/** Connects first to learn the negotiated protocol (ALPN); the socket becomes the client's first. */
async function dial(destination: Destination): Promise<Dispatcher> {
  const { Client, Pool, buildConnector } = await loadUndici();
  const connector = buildConnector({
    ...(await destination.tls()),
    allowH2: true,
    preferH2: true,
    timeout: connectMs,
  });
  const connect = (options: buildConnector.Options): Promise<Socket | TLSSocket> =>
    connectOnce(connector, options, destination);
  const { server } = destination;
  let first: Socket | undefined = await connect({
    hostname: server.hostname.replace(/^\[|\]$/g, ''),
    host: server.host,
    protocol: server.protocol,
    port: server.port,
  });
  const handOver: buildConnector.connector = (options, callback) => {
    const ready = first?.destroyed === false ? first : undefined;
    first = undefined;
    Promise.resolve(ready ?? connect(options)).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    );
  };
  const multiplexed = 'alpnProtocol' in first && first.alpnProtocol === 'h2';
  const common = { connect: handOver, keepAliveTimeout: idleMs, headersTimeout: 0, bodyTimeout: 0 };
  return multiplexed
    ? new Client(server.origin, { ...common, allowH2: true, pipelining: 100 }).compose(
        guardedAborts,
      )
    : new Pool(server.origin, { ...common, allowH2: false, connections: destination.sockets });
}

async function connectOnce(
  connector: buildConnector.connector,
  options: buildConnector.Options,
  { proxy, server }: Destination,
): Promise<Socket | TLSSocket> {
  const tunnelled = proxy ? { ...options, httpSocket: await tunnel(proxy, server) } : options;
  return new Promise((resolve, reject) => {
    connector(tunnelled, (...[error, socket]) => (error ? reject(error) : resolve(socket)));
  });
}

function tunnel(proxy: URL, server: URL): Promise<Socket> {
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const target = `${server.hostname}:${port}`;
  const login = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  const basic = `Basic ${Buffer.from(login).toString('base64')}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? tlsRequest : plainRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(proxy.username ? { 'proxy-authorization': basic } : {}) },
      agent: false,
    });
    const refuse = (error: TransportError): void => {
      request.destroy();
      reject(error);
    };
    const silent = new TransportError('ETIMEDOUT', 'it does not answer');
    const timer = setTimeout(() => refuse(throughProxy(silent, proxy)), connectMs);
    request.once('connect', (answer, socket) => {
      clearTimeout(timer);
      if (answer.statusCode === 200) resolve(socket as Socket);
      else refuse(refusedByProxy(answer.statusCode ?? 0));
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(throughProxy(error, proxy));
    });
    request.end();
  });
}
