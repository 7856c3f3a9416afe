// Stands between the engine and an API server and breaks things on purpose: bytes, answers, clocks.
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { Agent, createServer as createPlainServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { errorEvent, type Fault, type Passed } from './fault-answers.ts';
import { pass, type State } from './fault-passing.ts';
import { type FaultSocket, faultSocket } from './fault-socket.ts';
import { makePki } from './pki.ts';

export interface FaultProxyOptions {
  /** The API server behind it, and the authority that it is verified by. */
  readonly server: string;
  readonly caPem: string;
  /** Where its own authority and certificate are made. */
  readonly folder: string;
  /** Default true; false speaks HTTP/1.1 only. */
  readonly http2?: boolean;
}

export interface FaultProxy extends FaultSocket {
  /** `https://127.0.0.1:PORT`, by the authority in `caPem`. */
  readonly server: string;
  readonly caPem: string;
  /** What has been asked and how it was answered, in the order of asking. */
  readonly passed: readonly Passed[];
  /** How many watches are open. */
  watches(): number;
  /** The next `times` requests whose `METHOD path` matches are answered so, and not passed on. */
  failNext(match: RegExp, fault: Fault, times?: number): void;
  /** They are passed on and carried out, but the connection breaks instead of the answer. */
  loseAnswers(match: RegExp, times?: number): void;
  /** Every answer waits that long, or those whose `METHOD path` matches. */
  delay(ms: number, match?: RegExp): void;
  /** An ERROR event of that code into each open watch, which then ends. */
  failWatches(code: number): void;
  /** Open watches stay open, but nothing arrives on them any more. */
  muteWatches(): void;
  /** Watches are forbidden, lists are not. */
  forbidWatches(forbidden: boolean): void;
  /** As a server does that wants to be rid of its clients: what runs may end, nothing new begins. */
  goAway(): void;
  /** The API server's clock, in headers and objects, is that far ahead. */
  shiftTime(ms: number): void;
  /** The most requests under way at once (watches apart) since it was asked last. */
  mostAtOnce(): number;
  stop(): Promise<void>;
}

type Take = (asked: Http2ServerRequest, response: Http2ServerResponse) => void;

/** Listens on a free port of loopback. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const pki = await makePki(options.folder);
  const [cert, key] = await Promise.all([readFile(pki.certFile), readFile(pki.keyFile)]);
  const state: State = {
    server: options.server,
    agent: new Agent({ ca: options.caPem, keepAlive: true }),
    passed: [],
    rules: [],
    watches: new Set(),
    delayMs: 0,
    delayed: /^/,
    shiftMs: 0,
    forbidden: false,
    running: 0,
    most: 0,
  };
  const sessions = new Set<ServerHttp2Session>();
  const take: Take = (asked, response) => {
    pass(state, asked, response).catch(() => response.destroy());
  };
  const server =
    options.http2 === false
      ? createPlainServer({ cert, key }, take as unknown as RequestListener)
      : createSecureServer({ cert, key }, take);
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => undefined);
  });
  server.on('sessionError', () => undefined).on('tlsClientError', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const socket = await faultSocket((server.address() as AddressInfo).port);
  return {
    ...socket,
    server: `https://127.0.0.1:${socket.port}`,
    caPem: pki.caPem,
    ...faultsOf(state, sessions),
    stop: async () => {
      await socket.close();
      for (const session of sessions) session.destroy();
      server.close();
      state.agent.destroy();
    },
  };
}

type Faults = Omit<FaultProxy, keyof FaultSocket | 'server' | 'caPem' | 'stop'>;

function faultsOf(state: State, sessions: ReadonlySet<ServerHttp2Session>): Faults {
  return {
    passed: state.passed,
    watches: () => state.watches.size,
    failNext: (match, fault, times = 1) => void state.rules.push({ match, fault, left: times }),
    loseAnswers: (match, times = 1) => void state.rules.push({ match, fault: 'lost', left: times }),
    delay: (ms, match = /^/) => {
      state.delayMs = ms;
      state.delayed = match;
    },
    failWatches: (code) => {
      for (const { response } of state.watches) response.end(errorEvent(code));
    },
    muteWatches: () => {
      for (const watch of state.watches) watch.muted = true;
    },
    forbidWatches: (forbidden) => {
      state.forbidden = forbidden;
    },
    goAway: () => {
      for (const session of sessions) session.goaway();
    },
    shiftTime: (ms) => {
      state.shiftMs = ms;
    },
    mostAtOnce: () => {
      const { most } = state;
      state.most = state.running;
      return most;
    },
  };
}
