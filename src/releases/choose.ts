// Which release is live, and to which one a rollback goes.
import { type Finding, finding } from '../core/errors.ts';
import type { ReleaseHead } from './record.ts';

/** Newest first. */
export function newestFirst(heads: readonly ReleaseHead[]): readonly ReleaseHead[] {
  return heads.toSorted((a, b) => b.number - a.number);
}

/** The release whose objects are in the cluster: the newest that was not put back. */
export function liveRelease(heads: readonly ReleaseHead[]): ReleaseHead | undefined {
  return newestFirst(heads).find(({ state }) => state !== 'rolled-back');
}

/** The newest that was awaited and became ready. */
export function newestGood(heads: readonly ReleaseHead[]): ReleaseHead | undefined {
  return newestFirst(heads).find(({ state }) => state === 'good');
}

/**
 * Where a rollback goes: the asked number, else the newest good one older than the live one. What
 * a rollback went back to counts by its own age, so that a second rollback goes further back and
 * never to the release that was left. A finding `release-not-found` with those there are.
 */
export function chooseTarget(
  heads: readonly ReleaseHead[],
  asked: number | undefined,
): ReleaseHead | Finding {
  if (asked !== undefined) {
    const found = heads.find(({ number }) => number === asked);
    if (found && mayReturnTo(found)) return found;
    const why = found ? `is not one to go back to: it is ${found.state}` : 'is not there';
    return notFound(`Release ${asked} ${why}.`, heads);
  }
  const live = liveRelease(heads);
  if (!live) return notFound('There is no release.', heads);
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
      : 'Deploy an earlier commit: no release is recorded that could be gone back to.';
  return finding('release-not-found', what, { evidence: there, hint });
}

/** Nobody deploys so often between two releases that are kept. */
const mostLeap = 10_000;

/**
 * Those whose number is far beyond the one before, and all after them: somebody wrote them by hand.
 * To go on from there would leave no numbers.
 */
export function leaping(heads: readonly ReleaseHead[]): readonly ReleaseHead[] {
  const sorted = newestFirst(heads).toReversed();
  const at = sorted.findIndex(({ number }, index) => {
    const before = sorted[index - 1];
    return before !== undefined && number - before.number > mostLeap;
  });
  return at < 0 ? [] : sorted.slice(at);
}

/** How many are kept whole. */
const keptReleases = 10;

/** Numbers that may go: all but the last ten and the two newest good ones, so that there is a way back. */
export function outdated(heads: readonly ReleaseHead[]): readonly number[] {
  const sorted = newestFirst(heads);
  const good = sorted.filter(({ state }) => state === 'good').slice(0, 2);
  const kept = new Set([...sorted.slice(0, keptReleases), ...good].map(({ number }) => number));
  return heads.map(({ number }) => number).filter((number) => !kept.has(number));
}
