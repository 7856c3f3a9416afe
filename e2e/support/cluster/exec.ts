// Runs a program to its end, for the harness itself; never through a shell.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { waiting } from '../waits.ts';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** It is ended by SIGTERM then; its exit code is -1. */
  readonly timeoutMs?: number;
}

/** Resolves whatever the exit code is (-1: a signal); rejects when the program cannot start. */
export function exec(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: 'pipe',
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const end = waiting({
      what: `the end of ${basename(command)} ${args.join(' ')}`.slice(0, 300),
      last: () =>
        Buffer.concat([...out, ...err])
          .toString()
          .split('\n')
          .slice(-15)
          .join('\n'),
    });
    child.on('close', end);
    child.on('error', end);
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => err.push(part));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      const stdout = Buffer.concat(out).toString();
      resolve({ code: code ?? -1, stdout, stderr: Buffer.concat(err).toString() });
    });
    child.stdin.end(options.stdin ?? '');
  });
}

/** As `exec`, but anything other than exit code 0 is an error that quotes the last lines. */
export async function execOk(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const done = await exec(command, args, options);
  if (done.code === 0) return done.stdout;
  const tail = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${command} ${args.join(' ')}: exit code ${done.code}\n${tail}`);
}
