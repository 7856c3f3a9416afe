// A port whose connections can be cut, refused, or left standing with nobody behind them.
import { connect, createServer, type Socket } from 'node:net';
import { freePorts } from './until.ts';

export interface FaultSocket {
  readonly port: number;
  /** How many connections were made in all. */
  connections(): number;
  /** Breaks every open connection. */
  cut(): void;
  /** Half-open: they stay, but what is sent on them goes nowhere. New ones work. */
  freeze(): void;
  /** Breaks every connection and refuses new ones until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  readonly outer: Socket;
  readonly inner: Socket;
}

/** Passes the bytes of a free port on to another one, both of loopback. */
export async function faultSocket(target: number): Promise<FaultSocket> {
  const pairs = new Set<Pair>();
  let connections = 0;
  const server = createServer((outer) => {
    connections += 1;
    const inner = connect(target, '127.0.0.1');
    const pair = { outer, inner };
    pairs.add(pair);
    outer.pipe(inner).pipe(outer);
    for (const each of [outer, inner]) {
      each.on('error', () => undefined);
      each.on('close', () => {
        pairs.delete(pair);
        outer.destroy();
        inner.destroy();
      });
    }
  });
  const [port = 0] = await freePorts(1);
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen();
  const cut = (): void => {
    for (const { outer } of pairs) outer.resetAndDestroy();
  };
  const refuse = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    cut();
    if (server.listening) await closed;
  };
  return {
    port,
    connections: () => connections,
    cut,
    freeze: () => {
      for (const { outer, inner } of pairs) {
        outer.unpipe(inner);
        inner.unpipe(outer);
        outer.resume();
        inner.resume();
      }
    },
    refuse,
    accept: listen,
    close: refuse,
  };
}
