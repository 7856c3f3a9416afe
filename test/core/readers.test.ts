// Every reader takes what the contract allows, and refuses the rest without showing a secret.
import { describe, expect, test } from '@jest/globals';
import {
  boolean,
  duration,
  integer,
  oneOf,
  type Reader,
  shapeOf,
  shown,
  token,
} from '../../src/core/readers.ts';
import { reveal } from '../../src/core/secret.ts';

function accepted<T>(reader: Reader<T>, text: string): T | 'refused' {
  const result = reader(text, 'x');
  return 'value' in result ? result.value : 'refused';
}

function words(reader: Reader<unknown>, text: string): string {
  const result = reader(text, 'x');
  if ('value' in result) throw new Error(`accepted ${text}`);
  return result.findings.map(({ what, hint }) => `${what} ${hint}`).join('\n');
}

describe('boolean', () => {
  test.each(['true', 'True', 'TRUE', 'tRuE'])('%s is true', (text) => {
    expect(accepted(boolean, text)).toBe(true);
  });
  test.each(['false', 'False', 'FALSE'])('%s is false', (text) => {
    expect(accepted(boolean, text)).toBe(false);
  });
  test.each(['yes', 'no', 'on', '1', '0', 'y', 'truee', 'true\nfalse'])('%s is refused', (text) => {
    expect(accepted(boolean, text)).toBe('refused');
  });
  test('the finding names the input, the value and the fix', () => {
    expect(words(boolean, 'yes')).toBe(
      'Input `x` is "yes", not a boolean. Write `true` or `false`.',
    );
  });
});

describe('duration', () => {
  const timeout = duration(1000, 24 * 3_600_000);
  test.each([
    ['1s', 1000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1h30m5s', 5_405_000],
    ['24h', 86_400_000],
    ['1440m', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(accepted(timeout, text)).toBe(ms);
  });
  test.each([
    '600',
    '10',
    '500ms',
    '1.5h',
    '-1s',
    '10M',
    '10 m',
    '30m1h',
    'h',
    'm',
    '0s',
    '24h1s',
    '999999h',
    '9999999999s',
    '1d',
    '10m\n',
  ])('%s is refused', (text) => {
    expect(accepted(timeout, text)).toBe('refused');
  });
  test('a number alone is told to have no unit, with the bounds', () => {
    expect(words(timeout, '600')).toBe(
      'Input `x` is "600", which has no unit. ' +
        'Write a duration from 1s to 24h, such as 90s or 10m.',
    );
  });
});

describe('integer', () => {
  const lines = integer(0, 1000);
  test.each([
    ['0', 0],
    ['30', 30],
    ['1000', 1000],
  ])('%s', (text, value) => {
    expect(accepted(lines, text)).toBe(value);
  });
  test.each(['-1', '1001', '1e2', '0x10', '3.0', '030', '', 'many', '99999999999'])(
    '%s is refused',
    (text) => {
      expect(accepted(lines, text)).toBe('refused');
    },
  );
});

describe('oneOf', () => {
  const command = oneOf('deploy', 'diff', 'status', 'setup');
  test('takes the exact word only', () => {
    expect(accepted(command, 'status')).toBe('status');
    expect(accepted(command, 'Status')).toBe('refused');
    expect(accepted(command, 'constructor')).toBe('refused');
  });
  test('guesses what was meant', () => {
    expect(words(command, 'stauts')).toContain('"stauts"; did you mean `status`? Use `deploy`');
    expect(words(command, 'Deploy')).toContain('did you mean `deploy`?');
    expect(words(command, 'rollback')).toContain('"rollback", which is not a valid choice.');
  });
});

describe('what is shown of a value', () => {
  test('short printable text as it is, anything else by its shape', () => {
    expect(shown('10')).toBe('"10"');
    expect(shown('x'.repeat(41))).toBe('a text of 41 characters');
    expect(shown('a\u001b[31m')).toBe('a text of 6 characters');
    expect(shown('::error::x\ny')).toBe('2 lines, 12 characters');
    expect(shapeOf('1')).toBe('a text of 1 character');
  });
  test('a token is a secret, and a wrong one is not repeated', () => {
    const result = token('t1.abc', 'x');
    expect('value' in result && reveal(result.value)).toBe('t1.abc');
    for (const text of ['t1.abc def', 't1.abc\ndef', 't1.абв']) {
      expect(words(token, text)).not.toContain('t1.a');
    }
  });
});
