// Waiting for something to become true, and free ports to put it on.
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waiting } from '../waits.ts';

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
  const end = waiting({ what: options.what, last: () => (problem ? String(problem) : '') });
  try {
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
  } finally {
    end();
  }
}

/** Below the ports that systems hand out to outgoing connections, and below NodePorts. */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;

/** So many different TCP ports of 127.0.0.1 that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
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
