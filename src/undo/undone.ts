// What an undo has done.
import type { WorkloadResult } from '../rollout/wait/result.ts';

/** The result of an undo. Its own failures are findings: `rollback-failed`. */
export interface Undone {
  /** `nothing`: there was nothing to restore, or nothing that may be restored. */
  readonly state: 'done' | 'nothing' | 'failed' | 'cancelled';
  readonly objects: readonly UndoneObject[];
  readonly workloads: readonly WorkloadResult[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** What an undo did with one object; unchanged objects are left out. */
export interface UndoneObject {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly did: 'put back' | 'made again' | 'deleted' | 'left';
  /** Why it was left. */
  readonly why?: string;
}
