// When a verdict says that it holds until a moment, nothing but an event or a read changes it before.
import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { judges } from '../../src/rollout/judge/judges.ts';
import { asks, type Moment, recording, replay, steps } from '../support/rollout/recording.ts';

const folder = new URL('../fixtures/cluster/', import.meta.url);
const kinds = new Set(Object.keys(judges).map((key) => key.split('/').at(-1)?.toLowerCase()));

const names = readdirSync(folder)
  .flatMap((kind) => readdirSync(new URL(`${kind}/`, folder)).map((file) => `${kind}/${file}`))
  .map((path) => path.replace(/\.yaml$/, ''))
  .filter((name) => recording(name).writes.some((each) => isNamedAfter(name, each.object.kind)));

function isNamedAfter(name: string, kind: string): boolean {
  return name.split('/')[0] === kind.toLowerCase();
}

function said({ verdict }: Moment): string {
  const { againAt: _, ...rest } = verdict;
  return JSON.stringify(rest);
}

test('there is a recording of nearly every kind that has a judge', () => {
  const shown = new Set(names.map((name) => name.split('/')[0]));
  expect([...kinds].filter((kind) => kind !== undefined && !shown.has(kind))).toEqual([]);
});

test.each(names)('%s', (name) => {
  const tape = recording(name);
  const start = Date.parse(tape.startedAt);
  const events = steps(tape).map(({ at }) => at);
  const moments = replay(name, { longer: 250_000, step: 2_000 });
  for (const [index, now] of moments.entries()) {
    const before = moments[index - 1];
    if (!before || asks(before.verdict)) continue;
    const isQuiet = !events.some((at) => at > before.at && at <= now.at);
    const isDue = (before.verdict.againAt ?? Infinity) <= start + now.at;
    if (isQuiet && !isDue) expect(said(now)).toBe(said(before));
  }
});
