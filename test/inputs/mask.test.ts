// What is registered with the runner's masker: all that is secret, and nothing that is everywhere.
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import {
  environmentSecrets,
  kubeconfigSecrets,
  maskingNotes,
  secretsToMask,
} from '../../src/inputs/mask.ts';
import { pem, snake } from '../support/yandex/keys.ts';

const masked = (name: string, text: string) => secretsToMask({ [name]: text }).map(reveal);
const keyLines = pem.split('\n').slice(1, -2);
const pretty = JSON.stringify(snake, undefined, 2);

describe('the key', () => {
  test.each([
    ['pretty', pretty],
    ['one line', JSON.stringify(snake)],
  ])('%s: the lines of the private key and nothing else', (_, text) => {
    expect(masked('yc-sa-json-credentials', text)).toEqual(
      keyLines.filter((line) => line.length >= 8),
    );
  });
  test('base64: the text itself too', () => {
    const text = Buffer.from(pretty).toString('base64');
    expect(masked('yc-sa-json-credentials', text)).toEqual([
      text,
      ...keyLines.filter((line) => line.length >= 8),
    ]);
  });
  test('unreadable: every long word of it, but never a lone brace', () => {
    const found = masked('yc-sa-json-credentials', pretty.replaceAll('\\n', '\n').slice(0, -5));
    for (const line of keyLines.filter((each) => each.length >= 16)) expect(found).toContain(line);
    expect(found).not.toContain('{');
  });
});

describe('tokens and kubeconfigs', () => {
  test('a token is masked without the spaces around it', () => {
    expect(masked('yc-iam-token', ' t1.abcdef\n')).toEqual(['t1.abcdef']);
    expect(masked('github-token', 'ghs_x1y2')).toEqual(['ghs_x1y2']);
  });
  test('of a kubeconfig the secrets in it, of a path nothing', () => {
    const text = `clusters: [{name: visible}]\nusers: [{name: u, user: {token: token-text-1}}]\n`;
    expect(masked('kubeconfig', text)).toEqual(['token-text-1']);
    expect(kubeconfigSecrets(text).map(reveal)).toEqual(['token-text-1']);
    const base64 = Buffer.from(text).toString('base64');
    expect(masked('kubeconfig', base64)).toEqual(['token-text-1', base64]);
    expect(masked('kubeconfig', '/home/runner/.kube/config')).toEqual([]);
  });
  test('of a kubeconfig that cannot be read every long line', () => {
    const text = 'users:\n- user:\n    token: hunter2-hunter2\nbroken: [\n';
    expect(masked('kubeconfig', text)).toEqual(['token: hunter2-hunter2']);
  });
});

test("passwords of the environment's proxies, and nothing else of it", () => {
  const found = environmentSecrets({
    HTTPS_PROXY: 'http://me:pr0xy-pass@proxy:3128',
    http_proxy: 'proxy:3128',
    ALL_PROXY: 'me:0ther-pass@proxy:1',
    PATH: '/bin',
    NO_PROXY: 'a:b@c',
  });
  expect(found.map(reveal)).toEqual([
    'pr0xy-pass',
    Buffer.from('me:pr0xy-pass').toString('base64'),
    '0ther-pass',
    Buffer.from('me:0ther-pass').toString('base64'),
  ]);
});

describe('secrets', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test('each line of each value, and the form that the API shows', () => {
    const text = 'app/a=hunter2-ü\napp/b<<E\nline one\n\n{\n  x\n}\nline two\nE';
    expect(masked('secrets', text)).toEqual([
      'hunter2-ü',
      base64('hunter2-ü'),
      'line one',
      'line two',
      base64('line one\n\n{\n  x\n}\nline two'),
    ]);
  });
  test.each(['true', 'FALSE', 'abc', '8080', '1', '{}', '----', 'production', 'https', '[{'])(
    '%s is never masked, and a note says so without it',
    (value) => {
      const raw = { secrets: `app/a=long-enough\napp/b=${value}` };
      expect(masked('secrets', raw.secrets)).toEqual(['long-enough', base64('long-enough')]);
      const notes = maskingNotes(raw);
      expect(notes).toEqual([expect.objectContaining({ code: 'input-invalid', severity: 'note' })]);
      expect(notes[0]?.what).toBe(
        'Input `secrets` line 2 has a value too short or too common to be masked.',
      );
    },
  );
  test('of lines in base64 what lines would mask, and the text itself', () => {
    const lines = 'app/a=hunter2-ü\napp/b<<E\nline one\nE\napp/c=1';
    const text = base64(lines);
    const wrapped = text.replaceAll(/.{20}/g, '$&\n');
    expect(masked('secrets', text)).toEqual([...masked('secrets', lines), text]);
    expect(masked('secrets', wrapped)).toEqual([
      ...masked('secrets', lines),
      ...(text.match(/.{1,20}/g) ?? []).filter((each) => each.length >= 8),
    ]);
    expect(maskingNotes({ secrets: text }).map(({ what }) => what)).toEqual([
      'Input `secrets` line 5 of the decoded text has a value too short or too common to be masked.',
    ]);
  });
  test.each([
    ['has a wrong line', base64('app/a=hunter2-x\nhunter3-y')],
    ['reads as a line too', 'am8vbng9a3c/eg=='],
  ])('of base64 that %s both readings are masked', (_, text) => {
    const found = masked('secrets', text);
    expect(found).toContain(text);
    for (const line of Buffer.from(text, 'base64').toString().split('\n')) {
      const value = line.slice(line.indexOf('=') + 1);
      expect(found).toContain(value);
    }
  });
  test('pieces of a broken value are masked too', () => {
    const text =
      'app/key=-----BEGIN PRIVATE KEY-----\nMIIEpieceofakey\nabc/DEFpiece=\napp/x<<E\nrest';
    const found = masked('secrets', text);
    for (const piece of ['MIIEpieceofakey', 'abc/DEFpiece=', 'rest'])
      expect(found).toContain(piece);
  });
  test('every masked text is one line, since the runner masks line by line', () => {
    const raw = { secrets: 'a/b<<E\nfirst line\r\nsecond\nE', 'yc-sa-json-credentials': pretty };
    for (const text of secretsToMask(raw).map(reveal)) expect(text).not.toMatch(/[\r\n]/);
  });
});
