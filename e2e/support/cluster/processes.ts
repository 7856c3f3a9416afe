// The long-running programs of one cluster: started with a log each, ended by their ids.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Instruction } from './keeper.ts';

const GRACE_MS = 10_000;

type Variables = Readonly<Record<string, string>>;

export interface Processes {
  /** Starts a program; its output goes to `<logs>/<name>.log`, appended. */
  start(name: string, command: readonly string[], env?: Variables): void;
  /** Ends what runs, as a crash would, and starts it again as it was started; nothing else. */
  restart(name: string): Promise<void>;
  /** Ends one program, if it is there: SIGTERM, then SIGKILL after ten seconds. */
  end(name: string): Promise<void>;
  /** As `end`, by SIGKILL. */
  kill(name: string): Promise<void>;
  isRunning(name: string): boolean;
  /** The last lines of a program's log. */
  tail(name: string, lines?: number): Promise<string>;
  /**
   * Waits for what only one on this machine may have at a time, and holds it until everything has
   * ended and been cleaned up, even after a harness that was killed.
   */
  hold(name: string): Promise<void>;
  /** Something to run when everything has ended, however the harness ends. */
  runAfter(command: readonly string[]): void;
  /** Ends everything, runs what is to be run, removes the folders. Safe to call twice. */
  endAll(): Promise<void>;
}

type Tell = (instruction: Instruction) => void;

/** `folder` is removed at the end, `logs` lies in it. */
export function startProcesses(folder: string, logs: string): Processes {
  const children = new Map<string, ChildProcess>();
  const launches = new Map<string, Launch>();
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  keeper.stdin.on('error', () => undefined);
  keeper.unref();
  (keeper.stdout as Socket).unref();
  const tell: Tell = (instruction) => keeper.stdin.write(`${JSON.stringify(instruction)}\n`);
  tell({ remove: folder });
  const path = (name: string) => join(logs, `${name}.log`);
  const stop = (name: string, signal: NodeJS.Signals) => {
    const child = children.get(name);
    children.delete(name);
    return endChild(child, signal);
  };
  return {
    start: (name, command, env = {}) => {
      const how = { command, env, log: path(name), tell };
      launches.set(name, how);
      children.set(name, launch(how));
    },
    restart: async (name) => {
      const how = launches.get(name);
      if (!how || !children.has(name)) return;
      await stop(name, 'SIGKILL');
      children.set(name, launch(how));
    },
    end: (name) => stop(name, 'SIGTERM'),
    kill: (name) => stop(name, 'SIGKILL'),
    isRunning: (name) => {
      const child = children.get(name);
      return child?.pid !== undefined && !hasEnded(child);
    },
    tail: async (name, lines = 20) => {
      const text = await readFile(path(name), 'utf8').catch(() => '');
      return text.trimEnd().split('\n').slice(-lines).join('\n');
    },
    hold: async (name) => {
      tell({ hold: name });
      for await (const line of createInterface({ input: keeper.stdout })) {
        if (line === name) return;
      }
      throw new Error(`the keeper ended before it held ${name}`);
    },
    runAfter: (command) => tell({ after: command }),
    endAll: async () => {
      await Promise.all([...children.keys()].map((name) => stop(name, 'SIGTERM')));
      await dismiss(keeper);
    },
  };
}

interface Launch {
  readonly command: readonly string[];
  readonly env: Variables;
  readonly log: string;
  readonly tell: Tell;
}

function launch({ command: [program = '', ...args], env, log, tell }: Launch): ChildProcess {
  const file = openSync(log, 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', file, file],
    detached: true,
    env: { ...process.env, ...env },
  });
  closeSync(file);
  const { pid } = child;
  child.on('error', (error) => appendFileSync(log, `${error}\n`));
  if (pid !== undefined) {
    tell({ watch: pid });
    child.on('exit', () => tell({ forget: pid }));
  }
  child.unref();
  return child;
}

async function endChild(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.pid === undefined || hasEnded(child)) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(timer);
}

/** The keeper does the rest once nobody tells it anything any more. */
async function dismiss(keeper: ChildProcess): Promise<void> {
  if (hasEnded(keeper)) return;
  keeper.ref();
  const ended = once(keeper, 'exit');
  keeper.stdin?.end();
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
