import { describe, expect, test } from '@jest/globals';
import { clip, neutralise, oneLine, safeLines, spell } from '../../src/core/text.ts';
import { commandIn } from '../support/platform/runner-commands.ts';

const pieces = [
  '::',
  ':',
  '##[',
  '#',
  '[',
  ']',
  'error',
  'group',
  ' ',
  '\t',
  '\u00a0',
  '\u2003',
  '\u200b',
  '\u00ad',
  '\ufeff',
  '\u001b[31m',
  '\u001b',
  '\u009b',
  '\u0085',
  '\u2028',
  '\r',
  '\n',
  '\u0000',
  '\u202e',
  'x',
  '│',
];

/** The same numbers every time, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield Math.floor(state / 65_536);
  }
}

describe('neutralise', () => {
  test('leaves no command in any mixture of the dangerous pieces', () => {
    const random = numbers(7);
    const next = (below: number): number => random.next().value % below;
    for (let round = 0; round < 20_000; round += 1) {
      const raw = Array.from({ length: 1 + next(9) }, () => pieces[next(pieces.length)]).join('');
      const safe = neutralise(raw);
      expect({ raw, command: commandIn(safe) }).toEqual({ raw, command: undefined });
      expect(safe).not.toMatch(/[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(neutralise(safe)).toBe(safe);
    }
  });

  test('changes nothing that is harmless', () => {
    for (const line of ['a::b::c', '  - name: x', '# [link]', 'ключ: значение', '│ 5 % 🚀\tdone'])
      expect(neutralise(line)).toBe(line);
  });

  test('the test knows the commands that it looks for', () => {
    expect(commandIn('  ::error file=a::x')).toBe('error');
    expect(commandIn('a ##[group]b')).toBe('group');
    expect(commandIn('a ::error::b')).toBeUndefined();
  });
});

test('escape sequences go as a whole, but never the text after the line', () => {
  expect(oneLine('a\u001b[1;31mb\u001b[0m\u001b]8;;https://x\u0007c\u001b(d')).toBe('abcd');
  expect(safeLines('a\u001b]0;never ended\nnext')).toEqual(['a', 'next']);
});

test('lines end at every kind of break; empty ones at the end go', () => {
  expect(safeLines('a\r\nb\rc\n\nd\n \n')).toEqual(['a', 'b', 'c', '', 'd']);
  expect(safeLines('')).toEqual([]);
});

test('clip never cuts a character in two', () => {
  expect(clip('abc', 3)).toBe('abc');
  expect(clip('ab🚀d', 4)).toBe('ab…');
});

test('durations for people', () => {
  expect(
    [0, 449, 9949, 9950, 59_499, 59_500, 119_600, 3_600_000, 3_780_000, -5].map(spell),
  ).toEqual(['0 s', '0.4 s', '9.9 s', '10 s', '59 s', '1 min', '2 min', '1 h', '1 h 3 min', '0 s']);
});
