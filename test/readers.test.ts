// Every reader takes what the contract allows, and refuses the rest without showing a secret.
import { describe, expect, test } from '@jest/globals';
import {
  boolean,
  dnsLabel,
  duration,
  httpsUrl,
  identifier,
  integer,
  oneOf,
  type Reader,
  sha256,
  shapeOf,
  shown,
  toDnsLabel,
  token,
  version,
} from '../src/readers.ts';
import { reveal } from '../src/secret.ts';

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
    expect(words(command, 'rollback')).toContain('"rollback", which is no choice.');
  });
});

describe('version', () => {
  const kubectl = version('range', 'auto', 'match-cluster', 'latest', 'none');
  test.each([
    ['auto', 'auto'],
    ['match-cluster', 'match-cluster'],
    ['1.34.2', '1.34.2'],
    ['v1.34.2', '1.34.2'],
    ['1.34', '1.34'],
    ['1.34.x', '1.34.x'],
    ['^1.33.0', '^1.33.0'],
    ['>=1.33 <1.35', '>=1.33 <1.35'],
  ])('kubectl %s is %s', (text, value) => {
    expect(accepted(kubectl, text)).toBe(value);
  });
  test.each(['newest', '1.34.2.1', 'https://x', '1..2'])('kubectl %s is refused', (text) => {
    expect(accepted(kubectl, text)).toBe('refused');
  });
  test('1.3 is what YAML makes of an unquoted 1.30', () => {
    expect(words(kubectl, '1.3')).toContain("Write it in quotes: '1.30'.");
  });
  test('a misspelt word is recognised', () => {
    expect(words(kubectl, 'latets')).toContain('did you mean `latest`?');
  });
  test('an exact version is asked where no range will do', () => {
    const yc = version('exact', 'auto', 'none');
    expect(accepted(yc, '0.150.0')).toBe('0.150.0');
    expect(accepted(yc, '0.150')).toBe('refused');
    expect(accepted(yc, 'latest')).toBe('refused');
  });
});

describe('httpsUrl', () => {
  test.each([
    ['https://api.cloud.yandex.net', 'https://api.cloud.yandex.net'],
    ['https://api.cloud.yandex.net/', 'https://api.cloud.yandex.net'],
    ['https://mirror.example/tools//', 'https://mirror.example/tools'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.9.9.9', 'http://127.9.9.9'],
    ['http://localhost:1/x', 'http://localhost:1/x'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s', (text, value) => {
    expect(accepted(httpsUrl, text)).toBe(value);
  });
  test.each([
    'http://api.cloud.yandex.net',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1@evil.example',
    'http://0.0.0.0',
    'http://[::2]',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https:api.cloud.yandex.net',
    'api.cloud.yandex.net',
    'https://user:pw@host.example',
    'https://host.example/?a=b',
    'https://host.example/?',
    'https://host.example/#x',
    'https://ho st.example',
    'https://host.example/\nevil',
    'https://',
  ])('%s is refused', (text) => {
    expect(accepted(httpsUrl, text)).toBe('refused');
  });
  test('a password in it is not repeated', () => {
    expect(words(httpsUrl, 'https://user:hunter2@host.example')).not.toContain('hunter2');
  });
});

describe('names', () => {
  test.each(['production', 'a', '0', 'a-b-c', 'x'.repeat(63)])('%s is a DNS label', (text) => {
    expect(accepted(dnsLabel, text)).toBe(text);
  });
  test.each([
    'Production',
    '-a',
    'a-',
    'a.b',
    'a_b',
    'a/b',
    '../x',
    'x'.repeat(64),
    'prod\nx',
    '$(id)',
    'é',
  ])('%s is none', (text) => {
    expect(accepted(dnsLabel, text)).toBe('refused');
  });
  test('the nearest label is proposed', () => {
    expect(words(dnsLabel, 'My_App')).toContain('such as `my-app`');
    expect(toDnsLabel('.My  App__2.')).toBe('my-app-2');
    expect(toDnsLabel('---')).toBe('');
    expect(toDnsLabel(`${'a'.repeat(62)}-b`)).toBe('a'.repeat(62));
  });
  test('an id cannot leave its place in a path', () => {
    expect(accepted(identifier, 'cat0123456789abcdefg')).toBe('cat0123456789abcdefg');
    for (const text of ['../x', 'a/b', 'a?b', 'a b', 'a%2f', '{"id":1}', 'x'.repeat(64)]) {
      expect(accepted(identifier, text)).toBe('refused');
    }
  });
  test('a SHA-256 is 64 digits, in lower case afterwards', () => {
    expect(accepted(sha256, 'AB'.repeat(32))).toBe('ab'.repeat(32));
    expect(accepted(sha256, 'ab'.repeat(31))).toBe('refused');
    expect(accepted(sha256, `sha256:${'ab'.repeat(32)}`)).toBe('refused');
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
