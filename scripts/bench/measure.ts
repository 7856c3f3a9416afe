// One process from start to end: how long, how much processor time, how much memory at most.
import { spawn } from 'node:child_process';
import { usageOf } from '../../e2e/support/runner/usage.ts';

export interface Measured {
  readonly code: number;
  readonly text: string;
  readonly seconds: number;
  /** User and system time of the process itself, seconds. */
  readonly cpu: number;
  /** Most memory that it held at once (VmHWM), MB. */
  readonly memory: number;
}

export interface Running {
  /** So far. */
  readonly cpu: () => number;
  readonly finished: Promise<Measured>;
  end(): void;
}

export interface MeasureOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Ends it after so many milliseconds. */
  readonly timeoutMs?: number;
  onText?(text: string): void;
}

/** Starts it with exactly that environment. Linux only: it reads /proc while the process runs. */
export function measure(
  command: string,
  args: readonly string[],
  { env, timeoutMs = 900_000, onText }: MeasureOptions,
): Running {
  const from = performance.now();
  const child = spawn(command, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const used = { cpu: 0, memory: 0 };
  const look = (): void => {
    const now = usageOf(child.pid ?? 0);
    used.cpu = Math.max(used.cpu, now.cpu);
    used.memory = Math.max(used.memory, now.memory);
  };
  const looking = setInterval(look, 50);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      onText?.(part);
    });
  }
  const finished = new Promise<Measured>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(looking);
      clearTimeout(timer);
      resolve({ code: code ?? -1, text, seconds: (performance.now() - from) / 1000, ...used });
    });
  });
  return {
    cpu: () => {
      look();
      return used.cpu;
    },
    finished,
    end: () => void child.kill('SIGKILL'),
  };
}
