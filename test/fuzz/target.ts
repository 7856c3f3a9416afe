// A thing that reads what others write: how its inputs look, and how it is called.
import fc from 'fast-check';
import type { Data } from './data.ts';
import type { Said } from './publish.ts';

export interface Target {
  /** Data only: a case is stored as it is generated. */
  readonly inputs: fc.Arbitrary<Data>;
  /** Of the value that the data stands for. Throws ActionError, or gives what there is to say. */
  run(value: unknown): Promise<Said> | Said;
}

export type Targets = Readonly<Record<string, Target>>;

/** The generators promise the shape only as far as mutations leave it; `run` names what it expects. */
export function target<T>(
  inputs: fc.Arbitrary<Data>,
  run: (value: T) => Promise<Said> | Said,
): Target {
  return { inputs, run: (value) => run(value as T) };
}

/** The input of one case: the same for the same three, on every machine. */
export function inputOf({ inputs }: Pick<Target, 'inputs'>, seed: number): Data {
  const [input] = fc.sample(inputs, { seed, numRuns: 1 });
  return input;
}

/** A case's own seed (FNV-1a, 32 bits). */
export function seedOf(seed: number, name: string, index: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed} ${name} ${index}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash | 0;
}
