// One step as a process: its lines as they come, its end, its signals.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { waiting } from '../waits.ts';

export interface TimedLine {
  /** Milliseconds since the process was started. */
  readonly ms: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface StepOptions {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly onLine?: (line: TimedLine) => void;
}

export interface StepProcess {
  readonly pid: number;
  readonly finished: Promise<{
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly lines: readonly TimedLine[];
    readonly durationMs: number;
  }>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts the program; the promise rejects only when it cannot be started. */
export function startStep(options: StepOptions): StepProcess {
  const [command, ...args] = options.command;
  const start = performance.now();
  const lines: TimedLine[] = [];
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = waiting({
    what: `the end of ${options.command.map((each) => basename(each)).join(' ')}`,
    last: () =>
      lines
        .slice(-15)
        .map(({ text }) => text)
        .join('\n'),
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  const raw = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const follow = (stream: 'stdout' | 'stderr', source: Readable) => {
    source.on('data', (part: Buffer) => raw[stream].push(part));
    createInterface({ input: source }).on('line', (text) => {
      const line = { ms: Math.round(performance.now() - start), stream, text };
      lines.push(line);
      options.onLine?.(line);
    });
  };
  follow('stdout', child.stdout);
  follow('stderr', child.stderr);
  const finished = new Promise<Awaited<StepProcess['finished']>>((resolve, reject) => {
    child.on('error', (error) => {
      end();
      reject(error);
    });
    child.on('close', (code) => {
      end();
      clearTimeout(timer);
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(raw.stdout).toString(),
        stderr: Buffer.concat(raw.stderr).toString(),
        lines,
        durationMs: Math.round(performance.now() - start),
      });
    });
  });
  return { pid: child.pid ?? 0, finished, kill: (signal) => void child.kill(signal) };
}
