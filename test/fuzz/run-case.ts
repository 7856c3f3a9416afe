// One case: the input made from its data, the code under test, and the verdict.
import { ActionError } from '../../src/core/errors.ts';
import { type Data, made, secretsIn } from './data.ts';
import { type Fault, faultIn } from './properties.ts';
import { publish, type Said } from './publish.ts';
import type { Target } from './target.ts';

export interface Bounds {
  /** Of the processor, milliseconds. */
  readonly cpuMs: number;
  /** By which the process may grow, bytes. */
  readonly bytes: number;
}

/** A case has two seconds and 300 MB, whatever it is. */
export const usual: Bounds = { cpuMs: 2_000, bytes: 300 * 2 ** 20 };

/** Undefined where everything is as it should be. */
export async function runCase(
  target: Target,
  input: Data,
  bounds: Bounds = usual,
): Promise<Fault | undefined> {
  const value = made(input);
  const peak = process.resourceUsage().maxRSS;
  const began = process.cpuUsage();
  const fault = await verdictOf(target, value, secretsIn(input));
  const { user, system } = process.cpuUsage(began);
  const spent = (user + system) / 1000;
  const grown = (process.resourceUsage().maxRSS - peak) * 1024;
  if (fault) return fault;
  if (spent > bounds.cpuMs) return { kind: 'hang', where: '', detail: `${Math.round(spent)} ms` };
  if (grown > bounds.bytes) {
    return { kind: 'memory', where: '', detail: `${Math.round(grown / 2 ** 20)} MB more` };
  }
  return undefined;
}

async function verdictOf(
  target: Target,
  value: unknown,
  secrets: readonly number[],
): Promise<Fault | undefined> {
  try {
    const said = await saidBy(target, value);
    return faultIn(publish(said), said.foreign ? [] : secrets);
  } catch (error) {
    return thrown(error);
  }
}

/** An expected failure says its findings; anything else is a defect. */
async function saidBy(target: Target, value: unknown): Promise<Said> {
  try {
    return await target.run(value);
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return { findings: error.findings };
  }
}

function thrown(error: unknown): Fault {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const frames = stack
    .split('\n')
    .map((line) => /(?:src|test)\/\S+:\d+/.exec(line)?.[0])
    .filter((frame) => frame !== undefined);
  const own = frames.filter((frame) => frame.startsWith('src/'));
  const where = `${name} at ${own[0] ?? frames[0] ?? 'nowhere'}`;
  const detail = [message.slice(0, 300), ...frames.slice(0, 4)].join(' | ');
  return { kind: 'exception', where, detail };
}

/** A rejection that came up beside the case. */
export function notAwaited(error: unknown): Fault {
  const fault = thrown(error);
  return { ...fault, where: `not awaited: ${fault.where}` };
}
