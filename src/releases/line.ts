// Which commit was last deployed on one line: the same repository, branch and environment.

import type { Repository } from '../core/context.ts';
import type { Origin, ReleaseHead } from './record.ts';
import { isSameRepository } from './repository.ts';

export interface Line {
  readonly repository: Repository;
  readonly branch: string;
  readonly environment: string;
}

/** A deployed commit and its release. */
export interface Deployed extends Origin {
  readonly head: ReleaseHead;
}

/** Whether it may be sent to GitHub: a full commit id, SHA-1 or SHA-256. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/**
 * The newest release of the line that was good, or applied if nothing is awaited. `heads`: newest
 * first. A rollback counts as the release that it restored, whoever started it.
 */
export function lastOnLine(heads: readonly ReleaseHead[], line: Line): Deployed | undefined {
  const byNumber = new Map(heads.map((head) => [head.number, head]));
  for (const head of heads) {
    if (head.state !== 'good' && head.state !== 'applied') continue;
    const { repository, environment } = restoredBy(head, byNumber);
    if (!repository || !isSameRepository(repository, line.repository)) continue;
    if (environment !== line.environment) continue;
    const { commit, branch, runUrl, confirmed } = head;
    const origins = [confirmed, branch === undefined ? undefined : { commit, branch, runUrl }];
    const origin = origins.find((each) => each?.branch === line.branch);
    if (origin) return { ...origin, head };
  }
  return undefined;
}

/** For a rollback, the release that it restored, if still recorded. */
function restoredBy(head: ReleaseHead, heads: ReadonlyMap<number, ReleaseHead>): ReleaseHead {
  const { of, number } = head;
  // Only older ones, so that a chain ends even in a forged record.
  const restored = of === undefined || of >= number ? undefined : heads.get(of);
  return restored ? restoredBy(restored, heads) : head;
}
