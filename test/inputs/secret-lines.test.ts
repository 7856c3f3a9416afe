// The `secrets` input: both forms, every mistake, and never a piece of a value in a finding.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import { secretValues, storeSecrets } from '../../src/inputs/secret-lines.ts';

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

describe('base64 of the lines', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const lines = 'app/password=p=w\n\napp/tls<<END\n-----BEGIN ü\n1\nEND\n';
  const read = [
    ['app', 'password', 'p=w'],
    ['app', 'tls', '-----BEGIN ü\n1'],
  ];

  test.each([
    ['in one line', encoded(lines)],
    ['with a line break at its end', `${encoded(lines)}\n`],
    ['wrapped, as base64 does by itself', encoded(lines).replaceAll(/.{20}/g, '$&\n')],
    ['wrapped on Windows', encoded(lines).replaceAll(/.{20}/g, '$&\r\n')],
    ['of a file that begins with a byte order mark', encoded(`\uFEFF${lines}`)],
    ['of a file from Windows', encoded(lines.replaceAll('\n', '\r\n'))],
  ])('%s is read', (_, text) => expect(values(text)).toEqual(read));

  test('every length of padding is read', () => {
    for (const value of ['x', 'xy', 'xyz']) {
      expect(values(encoded(`a/b=${value}`))).toEqual([['a', 'b', value]]);
    }
  });

  test('mistakes are those of the decoded text', () => {
    expect(whats(encoded('app/a=1\nhunter2\napp/a=2\napp/b='))).toEqual([
      'Input `secrets` line 2 of the decoded text has neither `=` nor `<<`.',
      'Input `secrets` line 3 of the decoded text sets the same key as line 1.',
      'Input `secrets` line 4 of the decoded text has an empty value.',
    ]);
  });

  test.each([
    ['cut', encoded(lines).slice(0, -5)],
    ['with a letter too many', `${encoded(lines)}A`],
    ['without its padding', encoded('app/password=longer than forty!').replace(/=+$/, '')],
    ['with other bits in its padding', encoded('app/password=quite long, i').replace(/k=$/, 'l=')],
    ['of UTF-16', Buffer.from(lines, 'utf16le').toString('base64')],
    ['of no text', Buffer.from(lines, 'latin1').toString('base64')],
    ['twice', encoded(encoded(lines))],
  ])('%s it is refused', (_, text) => {
    expect(whats(text).length).toBeGreaterThan(0);
    expect(whats(text).join()).not.toContain(text.slice(0, 8));
  });

  test('that cannot be decoded says so, with the command that makes it', () => {
    const result = secretValues(encoded(lines).slice(0, -5), 'secrets');
    expect(result).toEqual({
      findings: [
        expect.objectContaining({
          what: expect.stringContaining('looks like base64 and cannot be decoded'),
          hint: expect.stringContaining("base64 < production.txt | tr -d '\\n' | gh secret set"),
        }),
      ],
    });
  });

  test('is never taken from lines: a line with a target is a line', () => {
    expect(values('app/ab=QUJD')).toEqual([['app', 'ab', 'QUJD']]);
    expect(values('app/key==')).toEqual([['app', 'key', '=']]);
  });

  test('that reads as a line as well is refused: no guess is right for both', () => {
    const both = 'am8vbng9a3c/eg==';
    expect(Buffer.from(both, 'base64').toString()).toBe('jo/nx=kw?z');
    expect(whats(both)).toEqual(['Input `secrets` can be read as a line and as base64 of lines.']);
    expect(values(`# plain\n${both}`)).toEqual([['am8vbng9a3c', 'eg', '=']]);
    expect(values(encoded('# lines\njo/nx=kw?z'))).toEqual([['jo', 'nx', 'kw?z']]);
  });
});

test('the command that stores them works where base64 has no options, as on macOS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webgen-base64-'));
  try {
    const real = execFileSync('bash', ['-c', 'command -v base64'], { encoding: 'utf8' }).trim();
    const strict = `#!/bin/sh\n[ $# -eq 0 ] || exit 64\nexec ${real}\n`;
    writeFileSync(join(folder, 'base64'), strict, { mode: 0o755 });
    writeFileSync(join(folder, 'gh'), '#!/bin/sh\nexec cat\n', { mode: 0o755 });
    const lines = `web/password=${'x'.repeat(100)}\nweb/user=shop\n`;
    writeFileSync(join(folder, 'production.txt'), lines);
    const env = { PATH: `${folder}:${process.env['PATH']}` };
    const command = ['-o', 'pipefail', '-ec', storeSecrets('production')];
    const stored = execFileSync('bash', command, { cwd: folder, env, encoding: 'utf8' });
    expect(stored).toBe(Buffer.from(lines).toString('base64'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
