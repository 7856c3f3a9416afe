// The `secrets` input: both forms, every mistake, and never a piece of a value in a finding.
import { describe, expect, test } from '@jest/globals';
import { secretValues } from '../../src/inputs/secret-lines.ts';
import { reveal } from '../../src/secret.ts';

function values(text: string): readonly (readonly string[])[] {
  const result = secretValues(text, 'secrets');
  if (!('value' in result)) throw new Error(result.findings.map(({ what }) => what).join('\n'));
  return result.value.map(({ secret, key, value }) => [secret, key, reveal(value)]);
}

function whats(text: string): readonly string[] {
  const result = secretValues(text, 'secrets');
  return 'value' in result ? [] : result.findings.map(({ what }) => what);
}

describe('what is accepted', () => {
  test('lines, with = and << inside values', () => {
    expect(values('app/password=p=w<<x\n\n# note\n app.v1/_K.ey-1= spaced ')).toEqual([
      ['app', 'password', 'p=w<<x'],
      ['app.v1', '_K.ey-1', ' spaced '],
    ]);
  });
  test('blocks keep empty lines, comments and lines that only contain the delimiter', () => {
    const text = 'app/tls<<END\r\n-----BEGIN\r\n\r\n# kept\r\n END\r\nENDED\r\nEND\r\napp/b=2';
    expect(values(text)).toEqual([
      ['app', 'tls', '-----BEGIN\n\n# kept\n END\nENDED'],
      ['app', 'b', '2'],
    ]);
  });
  test('a block may be empty, since a line may not', () => {
    expect(values('app/none<<END\nEND')).toEqual([['app', 'none', '']]);
  });
  test('a delimiter may have = in it', () => {
    expect(values('app/a<<E=F\nx\nE=F')).toEqual([['app', 'a', 'x']]);
  });
});

describe('what is refused', () => {
  test.each([
    ['app/a=1\napp/b<<END\nx', 'line 2 opens a block that no line closes'],
    ['app/b<<END\nx\nEND ', 'line 1 opens a block that no line closes'],
    ['app/b<<\nx=', 'line 1 has no delimiter after `<<`'],
    ['app/a=1\napp/a=2', 'line 2 sets the same key as line 1'],
    ['app/a=', 'line 1 has an empty value'],
    ['app=1', 'line 1 does not begin with a valid SecretName/key'],
    ['App/a=1', 'line 1 does not begin with a valid SecretName/key'],
    ['app/a/b=1', 'line 1 does not begin with a valid SecretName/key'],
    ['app/..=1', 'line 1 does not begin with a valid SecretName/key'],
    ['app/a b=1', 'line 1 does not begin with a valid SecretName/key'],
    [`${'a'.repeat(254)}/a=1`, 'line 1 does not begin with a valid SecretName/key'],
    ['BAD<<END\nx\nEND\napp/a=1', 'line 1 does not begin with a valid SecretName/key'],
    ['password', 'line 1 has neither `=` nor `<<`'],
  ])('%j', (text, words) => {
    expect(whats(text)[0]).toContain(words);
  });
  test('a value that spilled over its line is told by numbers alone', () => {
    const pem =
      '-----BEGIN PRIVATE KEY-----\na/bcSECRETdef==\nc/SECRET=\n-----END PRIVATE KEY-----';
    const result = secretValues(`app/key=${pem}`, 'secrets');
    expect('findings' in result && result.findings.length).toBe(2);
    expect(JSON.stringify(result)).not.toMatch(/SECRET(?!Name)|a\/bc|BEGIN/);
  });
});
