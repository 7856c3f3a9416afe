// What an undo has done.
import type { WorkloadResult } from '../rollout/wait/result.ts';

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
