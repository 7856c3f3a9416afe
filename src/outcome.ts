// What happened, as data: the report is a pure function of it.
import type { Finding } from './errors.ts';
import type { Command } from './inputs.ts';
import type { ReleaseHead } from './release/record.ts';
import type { Verdict } from './rollout/verdict.ts';
import type { ScanResult } from './scan/result.ts';

export type Status =
  | 'deployed'
  | 'unchanged'
  | 'rolled-back'
  | 'failed'
  | 'cancelled'
  | 'succeeded';

export type ChangeKind = 'created' | 'configured' | 'unchanged' | 'recreated' | 'deleted';

export interface Change {
  /** `Kind/name`. */
  readonly object: string;
  readonly namespace?: string;
  readonly change: ChangeKind;
  /** Dotted paths of what differs, for `diff` and the report. Never a Secret's values. */
  readonly fields?: readonly string[];
  /** `diff`: a readable difference of the two, Secret values hidden. */
  readonly patch?: string;
}

/** One bar of the timeline. Milliseconds since the epoch. */
export interface Timing {
  readonly section: 'prepare' | 'build' | 'scan' | 'apply' | 'rollout';
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly failed?: boolean;
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

export interface WorkloadResult {
  readonly object: string;
  readonly namespace?: string;
  readonly verdict: Verdict;
  readonly from: number;
  readonly to: number;
}

/** Last log lines of one container, already neutralised and free of control characters. */
export interface LogExcerpt {
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
  readonly lines: readonly string[];
}

/** A finding as the report shows it. */
export interface ReportedFinding extends Finding {
  readonly logs?: readonly LogExcerpt[];
  readonly node?: string;
  readonly count?: number;
}

/** Why a run left its work to a newer one: a deploy writes nothing, `status` judges nothing. */
export interface Overtaken {
  /** The newer release; absent where another run is deploying and has made none yet. */
  readonly release?: number;
}

export interface Outcome {
  readonly command: Command;
  readonly status: Status;
  readonly app: string;
  readonly environment: string;
  readonly namespace: string;
  /** name → reference, as deployed. */
  readonly images: Readonly<Record<string, string>>;
  readonly changes: readonly Change[];
  /** Workloads that `restart-on-config` rolled (deploy) or would roll (diff). */
  readonly restarts: readonly {
    readonly object: string;
    readonly namespace?: string;
    readonly because: readonly string[];
  }[];
  /** No longer in the manifests and all the same not pruned; only where pruning was asked for. */
  readonly kept?: readonly {
    readonly object: string;
    readonly namespace?: string;
    readonly why: string;
  }[];
  /** What could not be checked by a dry run before the first write, and why. */
  readonly unverified: readonly { readonly object: string; readonly why: string }[];
  readonly workloads: readonly WorkloadResult[];
  readonly scans: readonly ScanResult[];
  /** Where files of the run lie already: the report goes beside them. */
  readonly folder?: string;
  readonly findings: readonly ReportedFinding[];
  readonly timings: readonly Timing[];
  readonly startedAt: number;
  readonly endedAt: number;
  /** Only where a deploy failed after a write and `on-failure` asked for it. */
  readonly undone?: Undone;
  /** This run's release, or the live one; the one before; the one that a rollback went back to. */
  readonly release?: { readonly number: number; readonly previous?: number; readonly of?: number };
  /** Only where a newer commit or release came first. */
  readonly overtaken?: Overtaken;
  /** Of a deploy or `status`: the good release to which a rollback would go now. */
  readonly goodBefore?: number;
  /** All that are recorded, newest first: `history` and `status`. */
  readonly releases?: readonly ReleaseHead[];
  readonly kubeconfigPath?: string;
  /** Requests sent to the API server. */
  readonly apiRequests: number;
}
