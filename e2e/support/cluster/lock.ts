// One process at a time: a lock file that names its owner, taken over when the owner is dead.
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` while holding the lock; waits for other holders as long as they live. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  while (!(await take(path))) {
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await sleep(200);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  // A file without a number may be about to get one: look twice.
  for (let look = 0; look < 2; look++) {
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner > 0) return !isAlive(owner);
    await sleep(200);
  }
  return true;
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** Whether an unknown error is the system's error of that code. */
export function isCode(error: unknown, code: string): boolean {
  // Not `instanceof Error`: under jest, Node's own errors are made by another realm's class.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
