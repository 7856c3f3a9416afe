// Recorded releases as lines for a log and a terminal.

import { oneLine, spell } from '../core/text.ts';
import type { ReleaseHead } from '../releases/record.ts';
import type { Outcome } from './outcome.ts';

function columns(head: ReleaseHead, live: number | undefined): readonly string[] {
  const { number, state, startedAt, endedAt, actor, commit, of } = head;
  const took = endedAt ? spell(Date.parse(endedAt) - Date.parse(startedAt)) : '';
  return [
    `${number === live ? '*' : ' '} ${number}`,
    of === undefined ? state : `${state}, back to ${of}`,
    startedAt.slice(0, 19).replace('T', ' '),
    took,
    actor,
    commit.slice(0, 12),
  ].map(oneLine);
}

/** One row each, newest first; `*` marks the live one. Times are UTC. */
export function releaseLines({ releases = [], release }: Outcome): string[] {
  const rows = [
    ['  #', 'state', 'when (UTC)', 'took', 'who', 'commit'],
    ...releases.map((each) => columns(each, release?.number)),
  ];
  if (releases.length === 0) return [];
  const widths =
    rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((each, at) => each.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `release 12: good, 2026-11-02 20:40:00 by octocat, commit 1f3c…`: for `status`. */
export function liveLines({ releases = [], release }: Outcome): string[] {
  const live = releases.find(({ number }) => number === release?.number);
  if (!live) return [];
  const who = live.actor ? ` by ${live.actor}` : '';
  const commit = live.commit ? `, commit ${live.commit.slice(0, 12)}` : '';
  const when = live.startedAt.slice(0, 19).replace('T', ' ');
  return [oneLine(`release ${live.number}: ${live.state}, ${when} UTC${who}${commit}`)];
}
