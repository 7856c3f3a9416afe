// Runs cases one after the other and says before each which one it is: whoever kills it knows.
import { writeSync } from 'node:fs';
import { type Bounds, notAwaited, runCase } from './run-case.ts';
import { inputOf, seedOf, type Target, type Targets } from './target.ts';

/** Cases by number, made here; or one whose data is given. */
export type Job =
  | {
      readonly target: string;
      readonly seed: number;
      readonly from: number;
      readonly to: number;
      readonly bounds: Bounds;
    }
  | { readonly target: string; readonly input: unknown; readonly bounds: Bounds };

/** Pipe to the parent: a line for every case that begins. Written at once, even before a hang. */
const beats = 3;

const { targets } = (await import(process.argv[2] ?? '')) as { readonly targets: Targets };

process.on('message', (job: Job) => {
  work(job).then(
    () => process.send?.({ done: true }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});

// What nobody awaits is a defect as well: it would end the process of a run.
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

async function work(job: Job): Promise<void> {
  const target = targets[job.target];
  if (!target) throw new Error(`no target ${job.target}`);
  if ('input' in job) return one(target, 0, job.input, job.bounds);
  for (let index = job.from; index < job.to; index += 1) {
    const input = inputOf(target, seedOf(job.seed, job.target, index));
    await one(target, index, input, job.bounds);
  }
}

async function one(target: Target, index: number, input: unknown, bounds: Bounds): Promise<void> {
  writeSync(beats, `${index}\n`);
  const fault = await runCase(target, input, bounds);
  // Node says what nobody awaits when the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  const [left] = unhandled.splice(0);
  const found = fault ?? (left === undefined ? undefined : notAwaited(left));
  if (found) process.send?.({ index, fault: found });
}

process.send?.({ ready: true });
