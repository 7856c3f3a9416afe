import { describe, expect, test } from '@jest/globals';
import { readYaml } from '../../src/core/small-yaml.ts';

const times = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('');

test('a value with its lines', () => {
  const read = readYaml('a: 1\nb: &x [y]\nc: *x\n');
  if ('problem' in read) throw new Error(read.problem);
  expect(read.yaml.value).toEqual({ a: 1, b: ['y'], c: ['y'] });
  const [, second] = (read.yaml.contents as { items: { key: unknown }[] }).items;
  expect(read.yaml.lineOf(second?.key)).toBe(2);
});

describe('a problem, in time', () => {
  test.each([
    ['no YAML', 'a: 1\nb: [', 'is not valid YAML', 2],
    ['a key twice', 'a: 1\nb:\n  c: 1\n  c: 2\n', 'has a key for the second time', 4],
    [
      'aliases that multiply',
      `a0: &a0 [x, x]\n${times(9, (n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`)}`,
      'has aliases',
      1,
    ],
    [
      'many aliases',
      `a: &a x\n${times(101, (n) => `b${n}: *a\n`)}`,
      'has more than 100 aliases',
      1,
    ],
    ['an alias of itself', 'a: &a [*a]', 'has an alias that cannot', 1],
    ['an alias of nothing', 'a: 1\nb: *b', 'has an alias that cannot', 2],
    ['too much', 'x'.repeat(2 ** 20 + 1), 'is larger than 1 MiB', 1],
    ['keys that are maps', '? '.repeat(300), 'has a key that is not a text', 1],
    ['brackets', '['.repeat(30_000), 'is not valid YAML', 1],
    ['many brackets', '['.repeat(50_000), 'has more than 30000 keys and items', 1],
  ])('%s', (_, text, problem, line) => {
    const began = performance.now();
    expect(readYaml(text)).toEqual({ problem: expect.stringContaining(problem), line });
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  test('none where there are only many keys', () => {
    const began = performance.now();
    expect(readYaml(times(14_000, (n) => `k${n}: v\n`))).toHaveProperty('yaml');
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});
