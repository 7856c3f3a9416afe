// The fuzzer: stored cases first, then new ones over all targets, in processes that may be killed.
import fc from 'fast-check';
import { readCases, saveCase } from './cases.ts';
import type { Data } from './data.ts';
import type { Fault } from './properties.ts';
import { type Bounds, usual } from './run-case.ts';
import { inputOf, seedOf, type Target, type Targets } from './target.ts';
import { createWorker, type Found, type Worker, type WorkerOptions } from './worker.ts';

export interface Fuzzing {
  readonly targets: Targets;
  /** The module that exports them, absolute, for the processes. */
  readonly module: string;
  readonly seed: number;
  /** New cases in all, spread over the targets; or go on for so many milliseconds. */
  readonly until: { readonly cases: number } | { readonly ms: number };
  /** Where cases are stored. */
  readonly folder: string;
  readonly workers: number;
  readonly bounds?: Bounds;
  /** Of the wall clock: a busy machine gives a case less than all of a processor. */
  readonly killMs?: number;
  /** For making one failing case small, milliseconds. */
  readonly shrinkMs?: number;
  onLine?(line: string): void;
}

export interface Failure {
  readonly target: string;
  readonly fault: Fault;
  readonly input: Data;
  /** The case's file. */
  readonly file: string;
  /** How many cases failed so. */
  readonly count: number;
}

export interface Fuzzed {
  /** New cases by target. */
  readonly cases: Readonly<Record<string, number>>;
  readonly replayed: number;
  readonly failures: readonly Failure[];
}

const defaults = { killMs: 6_000, shrinkMs: 20_000, heapMb: 340, batch: 50 };

interface State {
  readonly fuzzing: Fuzzing;
  readonly options: WorkerOptions;
  readonly bounds: Bounds;
  readonly cases: Record<string, number>;
  /** Ends of processes by target. */
  readonly kills: Record<string, number>;
  readonly failures: Map<string, Failure>;
}

/** Runs until it is over; failing cases are made small and saved. */
export async function fuzz(fuzzing: Fuzzing): Promise<Fuzzed> {
  const { killMs = defaults.killMs, bounds = usual } = fuzzing;
  const options = { targets: fuzzing.module, killMs, heapMb: defaults.heapMb };
  const state: State = { fuzzing, options, bounds, cases: {}, kills: {}, failures: new Map() };
  const workers = Array.from({ length: fuzzing.workers }, () => createWorker(options));
  try {
    const replayed = await replay(state, workers);
    const batches = batchesOf(state);
    await Promise.all(
      workers.map(async (worker) => {
        for (const batch of batches) await runBatch(state, worker, batch);
      }),
    );
    return { cases: state.cases, replayed, failures: [...state.failures.values()] };
  } finally {
    for (const worker of workers) worker.stop();
  }
}

/** A stored case that fails is a failure under its own name: it needs no other file. */
async function replay(state: State, workers: readonly Worker[]): Promise<number> {
  const { fuzzing, bounds } = state;
  const stored = [...readCases(fuzzing.folder)].filter(([, { target }]) => fuzzing.targets[target]);
  const queue = stored.values();
  await Promise.all(
    workers.map(async (worker) => {
      for (const [file, { target, input }] of queue) {
        const fault = await confirmed(worker, { target, input, bounds });
        if (!fault) continue;
        state.failures.set(file, { target, fault, input, file, count: 1 });
        fuzzing.onLine?.(`✗ ${file}: ${fault.kind} ${fault.where} ${fault.detail}`);
      }
    }),
  );
  return stored.length;
}

interface Batch {
  readonly target: string;
  readonly from: number;
  readonly to: number;
}

/** Each kill costs seconds; who was killed so often is left alone for the rest of the run. */
const mostKills = 3;

/** Round after round over all targets, shared by the workers. */
function* batchesOf({ fuzzing: { targets, until }, kills }: State): Generator<Batch> {
  const names = Object.keys(targets);
  const end = 'ms' in until ? performance.now() + until.ms : Infinity;
  const each = 'cases' in until ? Math.ceil(until.cases / names.length) : Infinity;
  for (let from = 0; from < each; from += defaults.batch) {
    if (names.every((name) => (kills[name] ?? 0) >= mostKills)) return;
    for (const target of names) {
      if (performance.now() >= end) return;
      if ((kills[target] ?? 0) >= mostKills) continue;
      yield { target, from, to: Math.min(each, from + defaults.batch) };
    }
  }
}

async function runBatch(state: State, worker: Worker, { target, from, to }: Batch): Promise<void> {
  const { fuzzing, bounds, cases, kills } = state;
  for (let next = from; next < to && (kills[target] ?? 0) < mostKills; ) {
    const job = { target, seed: fuzzing.seed, from: next, to, bounds };
    const { found, endedAt } = await worker.run(job);
    const after = endedAt === undefined ? to : endedAt + 1;
    cases[target] = (cases[target] ?? 0) + after - next;
    next = after;
    if (endedAt !== undefined) kills[target] = (kills[target] ?? 0) + 1;
    for (const each of found) await note(state, worker, { target, ...each });
  }
}

/** The first of its kind is confirmed, made small and saved; the others are counted. */
async function note(
  state: State,
  worker: Worker,
  { target, index, fault }: Found & { readonly target: string },
): Promise<void> {
  const { fuzzing, failures, bounds } = state;
  const isKnown = ({ kind, where }: Fault): boolean => {
    const key = `${target} ${kind} ${where}`;
    const known = failures.get(key);
    if (known) failures.set(key, { ...known, count: known.count + 1 });
    return known !== undefined;
  };
  if (isKnown(fault)) return;
  const code = fuzzing.targets[target];
  if (!code) return;
  const seed = seedOf(fuzzing.seed, target, index);
  const whole = inputOf(code, seed);
  // A machine that was busy elsewhere is no fault of the case.
  const again = await confirmed(worker, { target, input: whole, bounds });
  if (!again && fault.kind === 'hang') return;
  const failing = again ?? fault;
  // Both workers may have met it, or this one under another name: a slow growth looks like a hang.
  if (isKnown(failing)) return;
  const key = `${target} ${failing.kind} ${failing.where}`;
  failures.set(key, { target, fault: failing, input: whole, file: '', count: 1 });
  const input = again ? await smaller(state, code, { target, seed, fault: again }) : whole;
  const { kind, where, detail } = failing;
  const found = { target, kind, detail: `${where} ${detail}`.trim(), input };
  const file = saveCase(fuzzing.folder, found);
  const count = failures.get(key)?.count ?? 1;
  failures.set(key, { target, fault: failing, input, file, count });
  fuzzing.onLine?.(`✗ ${file}: ${kind} ${where} ${detail}`);
}

interface Single {
  readonly target: string;
  readonly input: Data;
  readonly bounds: Bounds;
}

/** What is wrong with one case; what took too long is asked again. */
async function confirmed(worker: Worker, single: Single): Promise<Fault | undefined> {
  const { found } = await worker.run(single);
  if (found[0]?.fault.kind !== 'hang') return found[0]?.fault;
  return (await worker.run(single)).found[0]?.fault;
}

interface Shrinking {
  readonly target: string;
  readonly seed: number;
  readonly fault: Fault;
}

/** A smaller input with the same fault, found by the library's own shrinking. */
async function smaller(
  { fuzzing, options, bounds }: State,
  { inputs }: Target,
  { target, seed, fault }: Shrinking,
): Promise<Data> {
  const isHang = fault.kind === 'hang';
  const worker = createWorker({ ...options, killMs: isHang ? bounds.cpuMs * 1.5 : options.killMs });
  try {
    const holds = async (input: Data): Promise<boolean> => {
      const { found } = await worker.run({ target, input, bounds });
      return found[0]?.fault.kind !== fault.kind || found[0].fault.where !== fault.where;
    };
    const { counterexample } = await fc.check(fc.asyncProperty(inputs, holds), {
      seed,
      numRuns: 1,
      interruptAfterTimeLimit: fuzzing.shrinkMs ?? defaults.shrinkMs,
    });
    return counterexample ? counterexample[0] : inputOf({ inputs }, seed);
  } finally {
    worker.stop();
  }
}
