// Which release is live, and which one a rollback restores.
import { type Finding, finding } from '../core/errors.ts';
import type { ReleaseHead } from './record.ts';

/** Newest first. */
export function newestFirst(heads: readonly ReleaseHead[]): readonly ReleaseHead[] {
  return heads.toSorted((a, b) => b.number - a.number);
}

/** The release whose objects are in the cluster: the newest that was not undone. */
export function liveRelease(heads: readonly ReleaseHead[]): ReleaseHead | undefined {
  return newestFirst(heads).find(({ state }) => state !== 'rolled-back');
}

/** The newest release that was awaited and became ready. */
export function newestGood(heads: readonly ReleaseHead[]): ReleaseHead | undefined {
  return newestFirst(heads).find(({ state }) => state === 'good');
}

/**
 * The target of a rollback: the requested number, else the newest good one older than the live one. A release
 * that a rollback restored counts by its original age, so that a second rollback goes further back and
 * never to the release that was left. Else a finding `release-not-found` with the available ones.
 */
export function chooseTarget(
  heads: readonly ReleaseHead[],
  asked: number | undefined,
): ReleaseHead | Finding {
  if (asked !== undefined) {
    const found = heads.find(({ number }) => number === asked);
    if (found && mayReturnTo(found)) return found;
    const why = found ? `cannot be rolled back to: it is ${found.state}` : 'is not there';
    return notFound(`Release ${asked} ${why}.`, heads);
  }
  const live = liveRelease(heads);
  if (!live) return notFound('No release is recorded.', heads);
  const age = live.of ?? live.number;
  const older = newestFirst(heads).find((each) => each.state === 'good' && each.number < age);
  return older ?? notFound(`There is no good release older than ${age}.`, heads);
}

const mayReturnTo = ({ state }: ReleaseHead): boolean => state === 'good' || state === 'applied';

function notFound(what: string, heads: readonly ReleaseHead[]): Finding {
  const there = newestFirst(heads).map(
    ({ number, state, startedAt, commit }) =>
      `${number}: ${state}, ${startedAt}${commit && `, commit ${commit.slice(0, 12)}`}`,
  );
  const choice = heads.filter(mayReturnTo).map(({ number }) => number);
  const hint =
    choice.length > 0
      ? `Set to-release to one of ${choice.join(', ')}.`
      : 'Deploy an earlier commit: no recorded release can be rolled back to.';
  return finding('release-not-found', what, { evidence: there, hint });
}

/** More deploys than happen between two kept releases. */
const mostLeap = 10_000;

/**
 * Releases whose number is far beyond the previous one, and all after them: they were written by hand.
 * Continuing from there would use up the numbers.
 */
export function leaping(heads: readonly ReleaseHead[]): readonly ReleaseHead[] {
  const sorted = newestFirst(heads).toReversed();
  const at = sorted.findIndex(({ number }, index) => {
    const before = sorted[index - 1];
    return before !== undefined && number - before.number > mostLeap;
  });
  return at < 0 ? [] : sorted.slice(at);
}

/** How many releases are kept. */
const keptReleases = 10;

/** Numbers to delete: all but the last ten and the two newest good ones, so that a rollback stays possible. */
export function outdated(heads: readonly ReleaseHead[]): readonly number[] {
  const sorted = newestFirst(heads);
  const good = sorted.filter(({ state }) => state === 'good').slice(0, 2);
  const kept = new Set([...sorted.slice(0, keptReleases), ...good].map(({ number }) => number));
  return heads.map(({ number }) => number).filter((number) => !kept.has(number));
}
