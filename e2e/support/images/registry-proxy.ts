// Stands before a registry and fails pulls when it is told to, as registries do on bad days.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PullFailure {
  /** The repository whose pulls fail, as `shop/backend`. */
  readonly repository: string;
  /** So many pulls fail (each asks for the manifest once); default 1. */
  readonly times?: number;
  /** The answer's status (`503`, `403`, …), or `cut`: the connection ends without an answer. */
  readonly answer: number | 'cut';
  /** Wait so long before it; default 0. */
  readonly delayMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PullRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** 0 where the connection was cut. */
  readonly status: number;
}

export interface RegistryProxy {
  /** `127.0.0.1:PORT`: push to it, pull from it, name images by it. */
  readonly address: string;
  /** From now on; several may be active, the oldest of a repository first. */
  failPulls(failure: PullFailure): void;
  /** Requests for manifests so far. */
  readonly pulls: readonly PullRequest[];
  stop(): Promise<void>;
}

interface Active extends PullFailure {
  left: number;
}

/** Starts it on a free port before the registry at `upstream` (`127.0.0.1:PORT`). */
export async function startRegistryProxy(upstream: string): Promise<RegistryProxy> {
  const failures: Active[] = [];
  const pulls: PullRequest[] = [];
  const server = createServer((incoming, response) => {
    const { method = '', url = '' } = incoming;
    const repository = /^\/v2\/(.+)\/manifests\//.exec(url)?.[1];
    const isPull = repository !== undefined && (method === 'GET' || method === 'HEAD');
    const failure = isPull ? take(failures, repository) : undefined;
    const log = (status: number) => {
      if (isPull) pulls.push({ at: Date.now(), method, path: url, status });
    };
    if (failure === undefined) forward({ upstream, incoming, response, log });
    else void fail({ failure, response, log });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    failPulls: (failure) => void failures.push({ ...failure, left: failure.times ?? 1 }),
    pulls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function take(failures: readonly Active[], repository: string): Active | undefined {
  const failure = failures.find((one) => one.left > 0 && one.repository === repository);
  if (failure !== undefined) failure.left -= 1;
  return failure;
}

interface Failing {
  readonly failure: PullFailure;
  readonly response: ServerResponse;
  readonly log: (status: number) => void;
}

async function fail({ failure, response, log }: Failing): Promise<void> {
  await sleep(failure.delayMs ?? 0);
  if (failure.answer === 'cut') {
    log(0);
    response.destroy();
    return;
  }
  log(failure.answer);
  response.writeHead(failure.answer, { 'content-type': 'application/json', ...failure.headers });
  response.end('{"errors":[{"code":"UNAVAILABLE","message":"failed on purpose"}]}');
}

interface Forwarding {
  readonly upstream: string;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly log: (status: number) => void;
}

function forward({ upstream, incoming, response, log }: Forwarding): void {
  const url = `http://${upstream}${incoming.url}`;
  const { method = 'GET', headers } = incoming;
  // The Host header stays: the registry's upload addresses lead back through the proxy.
  const sent = request(url, { method, headers }, (answer) => {
    log(answer.statusCode ?? 0);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.on('error', () => response.destroy());
  incoming.pipe(sent);
}
