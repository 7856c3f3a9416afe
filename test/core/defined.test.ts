import { expect, test } from '@jest/globals';
import { defined } from '../../src/core/defined.ts';

test('only what is undefined is left out', () => {
  const given = { a: undefined, b: null, c: 0, d: '', e: false };
  expect(Object.entries(defined(given))).toEqual([
    ['b', null],
    ['c', 0],
    ['d', ''],
    ['e', false],
  ]);
});
