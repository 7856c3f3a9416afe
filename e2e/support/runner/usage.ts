// How much of the machine a process uses, as Linux tells it.
import { readFileSync } from 'node:fs';

export interface Usage {
  /** User and system time of the process itself, seconds. */
  readonly cpu: number;
  /** Most memory that it ever held at once (VmHWM), MB. */
  readonly memory: number;
}

const ticksPerSecond = 100;

/** Zero for a process that is gone. */
export function usageOf(pid: number): Usage {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold anything; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const high = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpu: ticks / ticksPerSecond, memory: Number(high ?? 0) / 1024 };
  } catch {
    return { cpu: 0, memory: 0 };
  }
}
