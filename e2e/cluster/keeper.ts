// Sees to it that nothing outlives a harness, even one that was killed: a program of its own that
// is told which processes and folders there are, and ends them when its standard input closes.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './lock.ts';

/** A line of JSON on the keeper's standard input. */
export interface Instruction {
  readonly watch?: number;
  readonly forget?: number;
  /** Run (arguments as given) after the processes have ended. */
  readonly after?: readonly string[];
  /** Removed at the very end. */
  readonly remove?: string;
}

const GRACE_MS = 5000;

async function keep(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  const pids = new Set<number>();
  const after: (readonly string[])[] = [];
  const folders: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line) as Instruction;
    if (told.watch !== undefined) pids.add(told.watch);
    if (told.forget !== undefined) pids.delete(told.forget);
    if (told.after !== undefined) after.push(told.after);
    if (told.remove !== undefined) folders.push(told.remove);
  }
  await end([...pids]);
  for (const [command, ...args] of after) {
    if (command !== undefined) spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 });
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
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
