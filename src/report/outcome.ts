// What happened, as data: the report is a pure function of it.

import type { Change, Restart, Undone, Unverified } from '../apply/planned/change.ts';
import type { Command } from '../core/commands.ts';
import type { ReportedFinding } from '../core/errors.ts';
import type { Timing } from '../core/timing.ts';
import type { ReleaseHead } from '../releases/record.ts';
import type { WorkloadResult } from '../rollout/facts/verdict.ts';
import type { ScanResult } from '../scan/result.ts';

export type Status =
  | 'deployed'
  | 'unchanged'
  | 'rolled-back'
  | 'failed'
  | 'cancelled'
  | 'succeeded';

/** Why a run stopped in favour of a newer one: a deploy writes nothing, `status` judges nothing. */
export interface Overtaken {
  /** The newer release; absent where another run is deploying and has not recorded one yet. */
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
  readonly restarts: readonly Restart[];
  /** No longer in the manifests but not pruned; only where pruning was requested. */
  readonly kept?: readonly {
    readonly object: string;
    readonly namespace?: string;
    readonly why: string;
  }[];
  /** What could not be dry-run before the first write, and why. */
  readonly unverified: readonly Unverified[];
  readonly workloads: readonly WorkloadResult[];
  readonly scans: readonly ScanResult[];
  /** The folder that already has files of the run: the report is written there too. */
  readonly folder?: string;
  readonly findings: readonly ReportedFinding[];
  readonly timings: readonly Timing[];
  readonly startedAt: number;
  readonly endedAt: number;
  /** Only where a deploy failed after a write and `on-failure` requested an undo. */
  readonly undone?: Undone;
  /** This run's release, or the live one; the one before it; the one that a rollback restored. */
  readonly release?: { readonly number: number; readonly previous?: number; readonly of?: number };
  /** Only where a newer commit or release came first. */
  readonly overtaken?: Overtaken;
  /** Of a deploy or `status`: the good release that a rollback would restore now. */
  readonly goodBefore?: number;
  /** All recorded releases, newest first: `history` and `status`. */
  readonly releases?: readonly ReleaseHead[];
  readonly kubeconfigPath?: string;
  /** Requests sent to the API server. */
  readonly apiRequests: number;
}
