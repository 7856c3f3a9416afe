// Waiting for something to become true, and free ports to put it on.
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Until {
  /** What is waited for, for the error. */
  readonly what: string;
  /** Default 60 000. */
  readonly timeoutMs?: number;
  /** Default 50. */
  readonly everyMs?: number;
}

/**
 * Calls `look` until it gives something other than undefined or false, and gives that back.
 * Throws, with what `look` last threw, when the time is over.
 */
export async function until<T>(
  options: Until,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  let problem: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) {
      const last = problem === undefined ? '' : `; last: ${problem}`;
      throw new Error(`${options.what}: not within ${options.timeoutMs ?? 60_000} ms${last}`);
    }
    await sleep(options.everyMs ?? 50);
  }
}

/** So many different TCP ports of 127.0.0.1 that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Whether something accepts connections on that port of 127.0.0.1. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
