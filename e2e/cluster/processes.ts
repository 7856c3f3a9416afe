// The long-running programs of one cluster: started with a log each, ended by their ids.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instruction } from './keeper.ts';

const GRACE_MS = 10_000;

export interface Processes {
  /** Starts a program; its output goes to `<logs>/<name>.log`, appended. */
  start(name: string, command: readonly string[], env?: Readonly<Record<string, string>>): void;
  /** Ends one program (SIGTERM, then SIGKILL after ten seconds); does nothing if it is not there. */
  end(name: string): Promise<void>;
  /** As `end`, by SIGKILL. */
  kill(name: string): Promise<void>;
  isRunning(name: string): boolean;
  /** The last lines of a program's log. */
  tail(name: string, lines?: number): Promise<string>;
  /** Something to run when everything has ended, however the harness ends. */
  runAfter(command: readonly string[]): void;
  /** Ends everything, runs what is to be run, removes the folders. Safe to call twice. */
  endAll(): Promise<void>;
}

/** `folder` is removed at the end, `logs` lies in it. */
export function startProcesses(folder: string, logs: string): Processes {
  const children = new Map<string, ChildProcess>();
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  keeper.stdin.on('error', () => undefined);
  keeper.unref();
  const tell = (instruction: Instruction) => keeper.stdin.write(`${JSON.stringify(instruction)}\n`);
  tell({ remove: folder });
  const path = (name: string) => join(logs, `${name}.log`);

  const stop = async (name: string, first: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const child = children.get(name);
    children.delete(name);
    if (child === undefined || hasEnded(child)) return;
    child.ref();
    const ended = once(child, 'exit');
    child.kill(first);
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(timer);
  };
  const end = (name: string) => stop(name, 'SIGTERM');

  return {
    start: (name, [command = '', ...args], env = {}) => {
      const log = openSync(path(name), 'a');
      const child = spawn(command, args, {
        stdio: ['ignore', log, log],
        detached: true,
        env: { ...process.env, ...env },
      });
      closeSync(log);
      const { pid } = child;
      child.on('error', () => undefined);
      if (pid !== undefined) {
        tell({ watch: pid });
        child.on('exit', () => tell({ forget: pid }));
      }
      child.unref();
      children.set(name, child);
    },
    end,
    kill: (name) => stop(name, 'SIGKILL'),
    isRunning: (name) => {
      const child = children.get(name);
      return child?.pid !== undefined && !hasEnded(child);
    },
    tail: async (name, lines = 20) => {
      const text = await readFile(path(name), 'utf8').catch(() => '');
      return text.trimEnd().split('\n').slice(-lines).join('\n');
    },
    runAfter: (command) => tell({ after: command }),
    endAll: async () => {
      await Promise.all([...children.keys()].map(end));
      if (hasEnded(keeper)) return;
      keeper.ref();
      const ended = once(keeper, 'exit');
      keeper.stdin.end();
      await ended;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
