// `npm run fuzz -- --seconds 300 --seed 7`: hostile inputs until the time is over; what fails is saved.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Fuzzed, fuzz } from '../test/fuzz/fuzz.ts';
import { targets } from '../test/fuzz/targets.ts';

const folder = join(import.meta.dirname, '..', 'test', 'fuzz');

export interface FuzzOptions {
  readonly seed: number;
  readonly until: { readonly cases: number } | { readonly ms: number };
  /** Default: all. */
  readonly names?: readonly string[];
}

/** Over the project's own targets, with the cases that are stored beside them. */
export function fuzzProject({ seed, until, names }: FuzzOptions): Promise<Fuzzed> {
  const chosen = Object.entries(targets).filter(([name]) => names?.includes(name) ?? true);
  return fuzz({
    targets: Object.fromEntries(chosen),
    module: join(folder, 'targets.ts'),
    folder: join(folder, 'cases'),
    seed,
    until,
    workers: 2,
    onLine: console.log,
  });
}

/** One line: how many cases, and how many failed in which way. */
export function sumOf({ cases, replayed, failures }: Fuzzed): string {
  const all = Object.values(cases).reduce((sum, each) => sum + each, 0);
  const count = (...kinds: readonly string[]): number =>
    failures.filter(({ fault }) => kinds.includes(fault.kind)).length;
  return [
    `${all} cases over ${Object.keys(cases).length} targets, ${replayed} stored ones`,
    `${count('exception')} exceptions`,
    `${count('hang', 'memory')} over time or memory`,
    `${count('leak')} leaks`,
    `${count('command', 'markup')} commands or markup`,
  ].join(', ');
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      target: { type: 'string', multiple: true },
    },
  });
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const fuzzed = await fuzzProject({
    seed,
    until: { ms: Number(values.seconds) * 1000 },
    ...(values.target ? { names: values.target } : {}),
  });
  for (const { target, fault, file, count } of fuzzed.failures) {
    console.log(`${count} × ${target}: ${fault.kind} ${fault.where} (${file})`);
  }
  console.log(sumOf(fuzzed));
  process.exitCode = fuzzed.failures.length > 0 ? 1 : 0;
}
