// Sees to it that nothing outlives a harness, even one that was killed: a program of its own that
// is told which processes and folders there are, and ends them when its standard input closes.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, isCode } from './lock.ts';

/** A line of JSON on the keeper's standard input. */
export interface Instruction {
  readonly watch?: number;
  readonly forget?: number;
  /**
   * What only one on this machine may have at a time: waited for, then held until this program ends
   * (after everything below), however it ends. Its name is said on standard output once it is held.
   */
  readonly hold?: string;
  /** Run (arguments as given) after the processes have ended. */
  readonly after?: readonly string[];
  /** Removed at the very end. */
  readonly remove?: string;
}

const GRACE_MS = 5000;

async function keep(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  const { pids, after, folders } = await listen();
  await end([...pids]);
  for (const [command, ...args] of after) {
    if (command !== undefined) spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 });
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What there is to end, to run and to remove, once nobody tells anything any more. */
async function listen() {
  const pids = new Set<number>();
  const after: (readonly string[])[] = [];
  const folders: string[] = [];
  const over = new AbortController();
  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line) as Instruction;
    if (told.watch !== undefined) pids.add(told.watch);
    if (told.forget !== undefined) pids.delete(told.forget);
    if (told.hold !== undefined) hold(told.hold, over.signal).catch(() => undefined);
    if (told.after !== undefined) after.push(told.after);
    if (told.remove !== undefined) folders.push(told.remove);
  }
  over.abort();
  return { pids, after, folders };
}

/** A socket's name without a file (unix(7), abstract): the kernel frees it with its process. */
async function hold(name: string, signal: AbortSignal): Promise<void> {
  while (!(await isBound(`\0webgen-test-${name}`))) await sleep(200, undefined, { signal });
  process.stdout.write(`${name}\n`);
}

function isBound(path: string): Promise<boolean> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', (error) => (isCode(error, 'EADDRINUSE') ? done(false) : fail(error)));
    server.listen({ path }, () => done(true));
  });
}

async function end(pids: readonly number[]): Promise<void> {
  signal(pids, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (pids.some(isAlive) && Date.now() < deadline) await sleep(50);
  signal(pids, 'SIGKILL');
}

function signal(pids: readonly number[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    if (isAlive(pid)) process.kill(pid, name);
  }
}

await keep();
process.exit();
