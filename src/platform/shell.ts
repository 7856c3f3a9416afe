// Runs programs through @actions/exec, with a minimal environment, a time limit and cancellation.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { ActionError, finding } from '../core/errors.ts';
import type { RunOptions, RunResult, Shell } from '../core/ports.ts';
import { reveal, type Secret } from '../core/secret.ts';
import { collector } from './output.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const inherited = new Set(
  'PATH HOME TMPDIR LANG SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS RUNNER_TEMP'.split(' '),
);
const proxies = new Set(['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy']);
/** From SIGTERM to SIGKILL; short enough that a run cancelled by SIGTERM can still report. */
const graceMs = 900;

const running = new Set<ChildProcess>();

/** Process ids of our child processes. */
export function programs(): readonly number[] {
  return [...running].flatMap(({ pid }) => pid ?? []);
}

/** Kills the children that are left when the process ends, which would be orphaned. */
function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * The real Shell. @actions/exec cannot stop a child, so the child is taken from Node's own
 * `child_process` channel: it is published inside the call that spawns it, and the asynchronous
 * context identifies the run it belongs to.
 */
export function realShell(environment: Environment = process.env): Shell {
  return {
    run: (command, args, options = {}) => run({ command, args, options, environment }),
    which: (program) => which(program, environment['PATH'] ?? ''),
  };
}

/** The environment variables that any child gets: no inputs, no tokens. */
function minimalEnvironment(environment: Environment): Record<string, string> {
  return pick(environment, (name) => inherited.has(name) || proxies.has(name.toLowerCase()));
}

/** For credential plugins, which read their own variables: everything but the runner's secrets. */
export function pluginEnvironment(environment: Environment): Record<string, string> {
  return pick(environment, (name) => !/^(INPUT|ACTIONS|STATE)_|^(GITHUB|GH)_TOKEN$/i.test(name));
}

function pick(environment: Environment, wanted: (name: string) => boolean): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && wanted(name)) result[name] = value;
  }
  return result;
}

/** The first executable regular file of that name on PATH; a path is checked as it is. */
async function which(program: string, path: string): Promise<string | undefined> {
  const folders = program.includes('/') ? [''] : path.split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const candidate = folder ? join(folder, program) : resolve(program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

interface Job {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: RunOptions;
  readonly environment: Environment;
}

async function run(job: Job): Promise<RunResult> {
  const { command, args, options, environment } = job;
  const program = await which(command, environment['PATH'] ?? '');
  // @actions/exec parses a command line, so the path is quoted; its parser cannot escape these two.
  if (!program || /["\\]/.test(program)) throw notFound(command);
  options.signal?.throwIfAborted();
  const started = performance.now();
  const tooMuch = new AbortController();
  const { onLine } = options;
  const overflow = (limit: string) => tooMuch.abort(saysTooMuch(command, limit));
  // Streamed output is checked line by line instead.
  const out = collector({ onLine, whole: !onLine, overflow });
  const err = collector({ onLine, whole: false, overflow });
  const env = { ...minimalEnvironment(environment), ...revealAll(options.env ?? {}) };
  const stdin = reveal(options.stdin ?? '');
  const { exec } = await import('@actions/exec');
  const signals = [tooMuch.signal, ...(options.signal ? [options.signal] : [])];
  const watched = { ...options, signal: AbortSignal.any(signals) };
  const { code, stopped } = await supervise(watched, () =>
    exec(`"${program}"`, [...args], {
      env,
      silent: true,
      ignoreReturnCode: true,
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(stdin ? { input: Buffer.from(stdin) } : {}),
      // A grandchild that keeps the output open delays us only briefly.
      delay: 500,
      listeners: { stdout: out.add, stderr: err.add },
    }),
  ).catch((error: unknown) => {
    throw notStarted(command, error);
  });
  const durationMs = performance.now() - started;
  tooMuch.signal.throwIfAborted();
  const ended = stopped || !Number.isInteger(code) ? -1 : code;
  return { code: ended, stdout: out.end(), stderr: err.end(), durationMs };
}

const owner = new AsyncLocalStorage<(child: ChildProcess) => void>();
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.on('exit', endAll);
  diagnostics.subscribe('child_process', (message) => {
    owner.getStore()?.((message as { process: ChildProcess }).process);
  });
}

interface Ended {
  readonly code: number;
  readonly stopped: boolean;
}

async function supervise(options: RunOptions, start: () => Promise<number>): Promise<Ended> {
  listen();
  let stopped = false;
  let kill: NodeJS.Timeout | undefined;
  let child: ChildProcess | undefined;
  const stop = () => {
    stopped = true;
    child?.kill('SIGTERM');
    kill ??= setTimeout(() => child?.kill('SIGKILL'), graceMs);
  };
  const adopt = (process: ChildProcess) => {
    child = process;
    running.add(process);
    process.once('exit', () => running.delete(process));
    process.once('error', () => running.delete(process));
    // It does not exist yet: the channel publishes before the system call.
    queueMicrotask(() => settle(process, reveal(options.stdin ?? '') !== ''));
    process.once('spawn', () => stopped && stop());
  };
  const limit = options.timeoutMs ? setTimeout(stop, options.timeoutMs) : undefined;
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    return { code: await owner.run(adopt, start), stopped };
  } finally {
    // Pipes held open by a grandchild must not keep this process alive.
    child?.stdout?.destroy();
    child?.stderr?.destroy();
    clearTimeout(limit);
    clearTimeout(kill);
    options.signal?.removeEventListener('abort', stop);
  }
}

/** A program that exits without reading its input is not an error; one without input gets EOF. */
function settle(child: ChildProcess, hasInput: boolean): void {
  child.stdin?.on('error', () => undefined);
  if (!hasInput) child.stdin?.end();
}

function revealAll(env: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, reveal(value)]));
}

function saysTooMuch(command: string, limit: string): ActionError {
  const what = `The program ${JSON.stringify(command)} said more than ${limit}, so it was ended.`;
  const hint = 'Run it by hand and look at what it writes; split what it reads.';
  return new ActionError(finding('tool-unavailable', what, { hint }));
}

function notStarted(command: string, error: unknown): ActionError {
  const what = `The program ${JSON.stringify(command)} could not be started.`;
  const evidence = [(error as Error).message];
  return new ActionError(finding('tool-unavailable', what, { evidence }));
}

function notFound(command: string): ActionError {
  return new ActionError(
    finding('tool-unavailable', `The program ${JSON.stringify(command)} was not found on PATH.`, {
      hint: `Install it on the runner, or put its folder on PATH.`,
    }),
  );
}
