// One check of `doctor` and its result.
import type { Finding } from '../../core/errors.ts';

export type CheckName = 'workflows' | 'key' | 'cluster' | 'api' | 'permissions' | 'registry';

export interface Check {
  readonly check: CheckName;
  /** `note`: it may be right, which cannot be determined from here. */
  readonly verdict: 'ok' | 'failed' | 'skipped' | 'note';
  /** One sentence. */
  readonly what: string;
  readonly evidence: readonly string[];
  /** The fix: a sentence, or commands to paste, one each. */
  readonly fix: readonly string[];
}

export function ok(check: CheckName, what: string): Check {
  return { check, verdict: 'ok', what, evidence: [], fix: [] };
}

export function failed(
  check: CheckName,
  what: string,
  fix: readonly string[],
  evidence: readonly string[] = [],
): Check {
  return { check, verdict: 'failed', what, evidence, fix };
}

export function note(
  check: CheckName,
  what: string,
  fix: readonly string[],
  evidence: readonly string[] = [],
): Check {
  return { check, verdict: 'note', what, evidence, fix };
}

/** `why` says what is missing for the check. */
export function skipped(check: CheckName, why: string): Check {
  return { check, verdict: 'skipped', what: why, evidence: [], fix: [] };
}

export function fromFinding(check: CheckName, { what, hint, evidence }: Finding): Check {
  return failed(check, what, [hint], evidence);
}
