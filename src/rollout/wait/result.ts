// The result of a wait.
import type { Finding } from '../../core/errors.ts';
import type { Verdict } from '../facts/verdict.ts';

export interface WorkloadResult {
  readonly object: string;
  readonly namespace?: string;
  readonly verdict: Verdict;
  readonly from: number;
  readonly to: number;
}

/** Last log lines of one container, neutralised and free of control characters. */
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
