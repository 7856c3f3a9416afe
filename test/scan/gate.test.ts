import { expect, test } from '@jest/globals';
import { judgeScan, severityCounts } from '../../src/scan/gate.ts';
import { scanned } from '../support/scan/fixtures.ts';

const image = scanned('image-vulnerable.json');
const rules = { severities: ['CRITICAL', 'HIGH'], ignoreUnfixed: false } as const;
const ids = (problems: readonly { readonly id: string }[]) => [
  ...new Set(problems.map(({ id }) => id)),
];

test('what is at an asked severity counts, the rest is minor', () => {
  const { counting, minor, known } = judgeScan(image, rules);
  expect(severityCounts(counting)).toBe('2 critical, 5 high');
  expect(ids(minor)).toEqual(['CVE-2099-0005', 'CVE-2099-0003']);
  expect(known).toEqual([]);
});

test('without a fixed version nothing counts where that is asked', () => {
  const { counting, minor } = judgeScan(image, { ...rules, ignoreUnfixed: true });
  expect(ids(counting)).toEqual(['github-pat', 'CVE-2099-0001', 'CVE-2099-0002', 'CVE-2099-0004']);
  expect(ids(minor)).toContain('CVE-2099-0006');
});

test('what runs already is known, and does not count', () => {
  const running = image.problems.filter(({ id }) => id !== 'CVE-2099-0001');
  const { counting, known } = judgeScan(image, rules, running);
  expect(ids(counting)).toEqual(['CVE-2099-0001']);
  expect(known).toHaveLength(6);
});

test('an older version of the package that runs does not excuse the new one', () => {
  const running = image.problems.map((each) => ({ ...each, installed: 'older' }));
  const { counting } = judgeScan(image, rules, running);
  expect(ids(counting)).toContain('CVE-2099-0001');
});

test('an empty baseline excuses nothing', () => {
  expect(judgeScan(image, rules, []).counting).toHaveLength(7);
});
