import { describe, expect, test } from '@jest/globals';
import { isCommit, type Line, lastOnLine } from '../../src/releases/line.ts';
import type { ReleaseHead } from '../../src/releases/record.ts';

const repository = { server: 'https://github.com', id: '42', name: 'acme/shop' };
const line: Line = { repository, branch: 'main', environment: 'production' };

const head = (number: number, parts: Partial<ReleaseHead> = {}): ReleaseHead => ({
  number,
  state: 'good',
  app: 'shop',
  environment: 'production',
  startedAt: '2026-11-02T20:40:00.000Z',
  actor: 'octocat',
  commit: `commit-${number}`,
  branch: 'main',
  runUrl: `https://github.com/acme/shop/actions/runs/${number}`,
  images: {},
  objects: 1,
  parts: 1,
  repository,
  ...parts,
});

const last = (...heads: readonly ReleaseHead[]) =>
  lastOnLine(
    heads.toSorted((a, b) => b.number - a.number),
    line,
  );

describe('the last commit of a line', () => {
  test('is that of the newest release which was good, or applied where nothing is awaited', () => {
    expect(last(head(1), head(2))).toMatchObject({ commit: 'commit-2', head: { number: 2 } });
    expect(last(head(1), head(2, { state: 'applied' }))?.commit).toBe('commit-2');
    for (const state of ['pending', 'failed', 'rolled-back', 'cancelled'] as const) {
      expect(last(head(1), head(2, { state }))?.commit).toBe('commit-1');
    }
    expect(last()).toBeUndefined();
  });

  test.each<[string, Partial<ReleaseHead>]>([
    ['branch', { branch: 'hotfix' }],
    ['environment', { environment: 'staging' }],
    ['repository', { repository: { ...repository, id: '43' } }],
    ['server', { repository: { ...repository, server: 'https://ghes.example' } }],
  ])('is not that of another %s', (_, other) => {
    expect(last(head(1), head(2, other))?.commit).toBe('commit-1');
    expect(last(head(2, other))).toBeUndefined();
  });

  test('is not that of a release that does not say it', () => {
    for (const missing of ['branch', 'repository'] as const) {
      const { [missing]: _, ...old } = head(2);
      expect(last(head(1), old)?.commit).toBe('commit-1');
    }
  });

  test('is the one that was confirmed by a deploy without a change', () => {
    const confirmed = { commit: 'later', branch: 'main', runUrl: 'run' };
    expect(last(head(1, { confirmed }))).toMatchObject(confirmed);
    const elsewhere = { ...confirmed, branch: 'hotfix' };
    expect(last(head(1, { confirmed: elsewhere }))?.commit).toBe('commit-1');
  });

  test('of a rollback is that of the restored release, whoever started it', () => {
    const ops = { server: 'https://github.com', id: '7', name: 'acme/ops' };
    const { repository: _, ...terminal } = head(3, { of: 1, commit: 'commit-1' });
    const back = head(3, { of: 1, commit: 'commit-1', environment: '', repository: ops });
    for (const each of [terminal, back]) {
      expect(last(head(1), head(2), each)).toMatchObject({
        commit: 'commit-1',
        head: { number: 3 },
      });
    }
    const again = head(4, { of: 3, commit: 'commit-1', repository: ops });
    expect(last(head(1), head(2), back, again)?.head.number).toBe(4);
    expect(last(head(2), head(3, { of: 1, repository: ops }))?.head.number).toBe(2);
  });

  test('is found, and soon, however the records refer to each other', () => {
    const chain = (of: (number: number) => number) =>
      Array.from({ length: 1000 }, (_, at) => head(at + 2, { of: of(at + 2) }));
    const other = head(1, { branch: 'hotfix', environment: 'staging' });
    const from = performance.now();
    expect(last(other, ...chain((number) => number - 1))).toBeUndefined();
    expect(last(...chain((number) => number + 1))?.head.number).toBe(1001);
    expect(last(head(7, { of: 7 }))?.head.number).toBe(7);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});

test('a commit is whole, and nothing that leads out of a path', () => {
  expect(['a'.repeat(40), '0'.repeat(64)].map(isCommit)).toEqual([true, true]);
  const others = ['', 'main', 'A'.repeat(40), 'a'.repeat(41), `${'a'.repeat(37)}/..`, '1f3c'];
  expect(others.filter(isCommit)).toEqual([]);
});
