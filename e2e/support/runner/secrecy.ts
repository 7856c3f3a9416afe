// Nothing secret before its mask, and none in what a run's programs are started with.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommands } from './commands.ts';
import type { ActionResult } from './run-action.ts';

/** Each value that appears in a line other than its own `::add-mask::`; empty where none does. */
export function shownMasks(stdout: string): readonly string[] {
  const lines = stdout.split(/\r?\n/);
  const masks = new Set(maskedIn(stdout));
  return lines
    .filter((line) => readCommands(line)[0]?.command !== 'add-mask')
    .flatMap((line) => [...masks].filter((mask) => line.includes(mask)));
}

/** The values that are in `secrets` and in stdout, without an `::add-mask::` line before them. */
export function unmaskedSecrets(stdout: string, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => {
    const first = stdout.split(/\r?\n/).find((line) => line.includes(secret));
    return first !== undefined && !maskedIn(first).includes(secret);
  });
}

export function maskedIn(stdout: string): readonly string[] {
  return readCommands(stdout).flatMap(({ command, message }) =>
    command === 'add-mask' ? [message] : [],
  );
}

async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path, await readFile(path, 'utf8')] as const;
  });
  return new Map(await Promise.all(texts));
}

/** A log without the lines that only a runner reads. */
export function withoutMasks(text: string): string {
  return text.replaceAll(/^::add-mask::.*$/gm, '');
}

/** Everything that leaves a run, its post step included, by where it is. */
export async function placesOf(run: ActionResult): Promise<ReadonlyMap<string, string>> {
  const post = await run.post();
  return new Map([
    ['log', withoutMasks(run.stdout + post.stdout)],
    ['stderr', run.stderr + post.stderr],
    ['summary', run.summary],
    ['outputs', JSON.stringify([run.outputs, run.env, run.state])],
    ...(await filesBelow(run.folder)),
  ]);
}

export interface SeenProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
}

/** Looks every few milliseconds at a process and all that come from it, until it is stopped. */
export function watchProcesses(pid: number): { stop(): Promise<readonly SeenProcess[]> } {
  const seen = new Map<string, SeenProcess>();
  let going = true;
  const looking = (async () => {
    while (going) {
      for (const each of await family(pid)) seen.set(`${each.pid} ${each.argv.join(' ')}`, each);
      await new Promise((done) => setTimeout(done, 10));
    }
  })();
  return {
    stop: async () => {
      going = false;
      await looking;
      return [...seen.values()];
    },
  };
}

async function family(root: number): Promise<readonly SeenProcess[]> {
  const all = (await readdir('/proc')).map(Number).filter((pid) => pid >= root);
  const parents = new Map<number, number>();
  for (const pid of all) {
    const stat = await textOf(`/proc/${pid}/stat`);
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const mine = (pid: number): boolean =>
    pid === root || (parents.has(pid) && mine(parents.get(pid) ?? 0));
  return Promise.all(all.filter(mine).map(read));
}

async function read(pid: number): Promise<SeenProcess> {
  const listOf = async (name: string) =>
    (await textOf(`/proc/${pid}/${name}`)).split('\0').filter((each) => each !== '');
  return { pid, argv: await listOf('cmdline'), environment: await listOf('environ') };
}

/** Empty for a process that is gone. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
