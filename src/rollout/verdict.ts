// What can be said of one object: its verdict, what it waits for and what is wrong with it.
import type { Finding } from '../errors.ts';

export type State = 'ready' | 'waiting' | 'failed' | 'suspended' | 'absent';

/** Printed as `available 1 → 3 of 3` when `have` changes. */
export interface Progress {
  readonly what: string;
  readonly have: number;
  readonly want: number;
}

/** Log lines that a finding wants shown; the step fetches them. */
export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

/** A read that would prove a finding; the step makes it and puts the answer into the memory. */
export interface Proof {
  readonly kind:
    | 'Secret'
    | 'ConfigMap'
    | 'Service'
    /** Those of the Service of this name: present when one holds a ready endpoint. */
    | 'EndpointSlice'
    | 'ServiceAccount'
    | 'StorageClass'
    | 'PriorityClass'
    | 'RuntimeClass'
    | 'IngressClass'
    | 'GatewayClass';
  /** Empty for what has none. */
  readonly namespace: string;
  readonly name: string;
  /** Undefined: the object itself. */
  readonly key?: string;
}

/** A finding about a live object, with what the step has to fetch for it. */
export interface LiveFinding extends Finding {
  readonly logs?: readonly LogRequest[];
  readonly proof?: Proof;
  /** When it becomes certain if nothing changes, milliseconds since the epoch: wakes the judge. */
  readonly fatalAt?: number;
  /** How many pods share this cause. */
  readonly count?: number;
  readonly node?: string;
  /** The program is for another platform: the step says which one the node has. */
  readonly foreign?: boolean;
  /** Two findings of one object with the same cause are one: told once, updated after. */
  readonly cause?: string;
}

export interface Verdict {
  readonly state: State;
  /** A few words for people: `3 of 3 available`. */
  readonly words: string;
  readonly progress: readonly Progress[];
  readonly findings: readonly LiveFinding[];
  /** Before then only an event can change it; without it only an event ever can. */
  readonly againAt?: number;
  /** Reads whose answers it would take into account. */
  readonly asks?: readonly Proof[];
}

/** A verdict; a fatal finding makes a waiting one failed. */
export function verdictOf(
  state: State,
  words: string,
  parts: Partial<Pick<Verdict, 'progress' | 'findings'>> = {},
): Verdict {
  const { progress = [], findings = [] } = parts;
  const failed = state === 'waiting' && findings.some((each) => each.severity === 'fatal');
  return { state: failed ? 'failed' : state, words, progress, findings };
}
