// Versions, addresses and names: what becomes part of a request, a path or a download.
import { describe, expect, test } from '@jest/globals';
import {
  dnsLabel,
  httpsUrl,
  identifier,
  type Reader,
  sha256,
  toDnsLabel,
  version,
} from '../../src/core/readers.ts';

function accepted<T>(reader: Reader<T>, text: string): T | 'refused' {
  const result = reader(text, 'x');
  return 'value' in result ? result.value : 'refused';
}

function words(reader: Reader<unknown>, text: string): string {
  const result = reader(text, 'x');
  if ('value' in result) throw new Error(`accepted ${text}`);
  return result.findings.map(({ what, hint }) => `${what} ${hint}`).join('\n');
}

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
