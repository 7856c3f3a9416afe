// The order of a plan, checked by the compiler: no step is planned before what it needs.
import type { Fact, Plan, Step } from './state/step.ts';
import type { Gives, Needs } from './steps.ts';

/** A step, or optional steps. */
type Entry = Step | readonly Step[];
/** Entries that run side by side: one that needs what another gives waits for it. */
type Wave = readonly Entry[];

type NeededBy<E> = E extends Step
  ? Needs<E['do']>
  : E extends readonly (infer S extends Step)[]
    ? Needs<S['do']>
    : never;

/** The alternatives in `S` that do not give `F`; a list of steps may be empty, so it gives nothing. */
type Without<S, F extends Fact> = S extends Step ? (F extends Gives<S['do']> ? never : S) : S;
type GivenBy<E> = { [F in Fact]: [Without<E, F>] extends [never] ? F : never }[Fact];
type Given<W extends Wave> = { [I in keyof W]: GivenBy<W[I]> }[number];

type InOrder<Waves extends readonly Wave[], Has extends Fact> = Waves extends readonly [
  infer First extends Wave,
  ...infer Rest extends readonly Wave[],
]
  ? [Exclude<NeededBy<First[number]>, Has | Given<First>>] extends [never]
    ? InOrder<Rest, Has | Given<First>>
    : { readonly 'not given before': Exclude<NeededBy<First[number]>, Has | Given<First>> }
  : unknown;

/** Waves of a plan; `Has`: what is given once they have run. */
export interface Ordered<in Has extends Fact> extends Pick<Plan, 'waves'> {
  readonly has?: (fact: Has) => void;
}

type AllGiven<Waves extends readonly Wave[]> = { [I in keyof Waves]: Given<Waves[I]> }[number];

/** A plan from its first step. A wave that needs what no earlier step gives does not compile. */
export function inOrder<const Waves extends readonly Wave[]>(
  ...waves: Waves & InOrder<Waves, never>
): Ordered<AllGiven<Waves>> {
  return { waves: flattened(waves) };
}

/** `before`, and more waves after it, as in `inOrder`. */
export function after<Has extends Fact, const Waves extends readonly Wave[]>(
  before: Ordered<Has>,
  ...waves: Waves & InOrder<Waves, Has>
): Ordered<Has | AllGiven<Waves>> {
  return { waves: [...before.waves, ...flattened(waves)] };
}

const flattened = (waves: readonly Wave[]): Plan['waves'] => waves.map((wave) => [...wave].flat());
