// What a run does to one object, and what an undo has done.
import type { WorkloadResult } from '../../rollout/facts/verdict.ts';

export interface Change {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly change: ChangeKind;
  /** Dotted paths of what differs, for `diff` and the report. Never a Secret's values. */
  readonly fields?: readonly string[];
  /** `diff`: a readable difference between the two, Secret values hidden. */
  readonly patch?: string;
}

export type ChangeKind = 'created' | 'configured' | 'unchanged' | 'recreated' | 'deleted';

/** A workload whose pods are restarted. */
export interface Restart {
  readonly object: string;
  readonly namespace?: string;
  readonly because: readonly string[];
}

/** Why no dry run could check it before the first write. */
export interface Unverified {
  readonly object: string;
  readonly why: string;
}

/** What was done after a failure. Its own failures are findings: `rollback-failed`. */
export interface Undone {
  /** `nothing`: there was nothing to put back, or nothing that may be. */
  readonly state: 'done' | 'nothing' | 'failed' | 'cancelled';
  readonly objects: readonly UndoneObject[];
  readonly workloads: readonly WorkloadResult[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** What an undo did with one object; one that was as before is left out. */
export interface UndoneObject {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly did: 'put back' | 'made again' | 'deleted' | 'left';
  /** Why it was left. */
  readonly why?: string;
}
