// What is known about one object: its verdict, what it waits for and what is wrong with it.

import type { Code } from '../../core/codes.ts';
import type { Finding, Severity } from '../../core/errors.ts';

export type State = 'ready' | 'waiting' | 'failed' | 'suspended' | 'absent';

/** Printed as `available 1 → 3 of 3` when `have` changes. */
export interface Progress {
  readonly what: string;
  readonly have: number;
  readonly want: number;
}

/** Log lines that a finding needs; the wait fetches them. */
export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

/** A read that would prove a finding; the wait makes it and stores the answer in the memory. */
export interface Proof {
  readonly kind:
    | 'Secret'
    | 'ConfigMap'
    | 'Service'
    /** The EndpointSlices of the Service of this name: present when one has a ready endpoint. */
    | 'EndpointSlice'
    | 'ServiceAccount'
    | 'StorageClass'
    | 'PriorityClass'
    | 'RuntimeClass'
    | 'IngressClass'
    | 'GatewayClass';
  /** Empty for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
  /** Undefined: the object itself. */
  readonly key?: string;
}

/** A finding about a live object, with what still has to be fetched for it. */
export interface LiveFinding extends Finding {
  readonly logs?: readonly LogRequest[];
  readonly proof?: Proof;
  /** When it becomes certain if nothing changes, milliseconds since the epoch: the next time to judge. */
  readonly fatalAt?: number;
  /** How many pods share this cause. */
  readonly count?: number;
  readonly node?: string;
  /** The program is for another platform: the node's own platform is added to the finding. */
  readonly foreign?: boolean;
  /** Findings of one object with the same cause are one: reported once, updated after. */
  readonly cause?: string;
}

export interface Verdict {
  readonly state: State;
  /** A few words for people: `3 of 3 available`. */
  readonly words: string;
  readonly progress: readonly Progress[];
  readonly findings: readonly LiveFinding[];
  /** Before then only an event can change it; undefined: only an event ever can. */
  readonly againAt?: number;
  /** Reads whose answers would change the verdict. */
  readonly asks?: readonly Proof[];
}

/** Builds a verdict; a fatal finding turns `waiting` into `failed`. */
export function verdictOf(
  state: State,
  words: string,
  parts: Partial<Pick<Verdict, 'progress' | 'findings'>> = {},
): Verdict {
  const { progress = [], findings = [] } = parts;
  const failed = state === 'waiting' && findings.some((each) => each.severity === 'fatal');
  return { state: failed ? 'failed' : state, words, progress, findings };
}

/** What a symptom saw. `certain` makes it fatal. */
export interface Diagnosis {
  readonly code: Code;
  /** Only for what time alone never makes fatal. */
  readonly severity?: Exclude<Severity, 'fatal'>;
  readonly certain: boolean;
  /** When it becomes certain, or when its proof is due to be read. */
  readonly fatalAt?: number;
  /** A clause that follows `Deployment/backend: `. */
  readonly what: string;
  /** Findings with the same cause are merged. Default: `what`. */
  readonly cause?: string;
  readonly evidence: readonly string[];
  readonly hint?: string;
  readonly proof?: Proof;
  readonly logs?: boolean;
  /** The program is for another platform. */
  readonly foreign?: boolean;
}

/**
 * Kept beside the code that reads the signal; `docs/diagnosis.md` is generated from all of them.
 * `fatal`: when it fails the run, or `never`. `fixture`: the state under `test/fixtures/cluster/`
 * that proves it.
 */
export type SignalRow = readonly [signal: string, code: Code, fatal: string, fixture: string];

/** Sorts fatal findings first. */
export function byGravity(a: LiveFinding, b: LiveFinding): number {
  return gravity[a.severity] - gravity[b.severity];
}

const gravity = { fatal: 0, warning: 1, note: 2 } as const;

export interface WorkloadResult {
  readonly object: string;
  readonly namespace?: string;
  readonly verdict: Verdict;
  readonly from: number;
  readonly to: number;
}
