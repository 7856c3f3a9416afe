// An authorized key is read in every form that people paste, and no finding shows a part of one.
import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import { privateKeyText, serviceAccountKey } from '../../src/yandex/service-account-key.ts';
import { pem, pkcs1, publicKey, snake, warning } from '../support/yandex/keys.ts';

const read = (text: string) => serviceAccountKey(text, 'yc-sa-json-credentials');

const camel = {
  id: snake.id,
  serviceAccountId: snake.service_account_id,
  publicKey,
  privateKey: pem,
};
const answer = {
  key: { id: snake.id, serviceAccountId: snake.service_account_id, publicKey },
  privateKey: snake.private_key,
};
const pretty = JSON.stringify(snake, undefined, 3);
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('what is accepted', () => {
  test.each([
    ['pretty', pretty],
    ['one line', JSON.stringify(snake)],
    ['with a byte order mark and line breaks around', `\uFEFF\n${pretty}\r\n`],
    ['with Windows line breaks', pretty.replaceAll('\n', '\r\n')],
    ['base64', base64(pretty)],
    ['base64 in lines', base64(pretty).replaceAll(/.{76}/g, '$&\n')],
    ['base64 for URLs', Buffer.from(pretty).toString('base64url')],
    ['camel case', JSON.stringify(camel)],
    ["the REST API's answer", JSON.stringify(answer)],
    ['without the warning line', JSON.stringify({ ...snake, private_key: pem })],
    ['the warning line before the JSON', `${warning}\n${pretty}`],
    ['escaped twice', JSON.stringify({ ...snake, private_key: pem.replaceAll('\n', '\\n') })],
    [
      'CRLF within the PEM',
      JSON.stringify({ ...snake, private_key: pem.replaceAll('\n', '\r\n') }),
    ],
    ['both account fields', JSON.stringify({ ...snake, user_account_id: 'aje1' })],
  ])('%s', (_, text) => {
    const result = read(text);
    if ('findings' in result) throw new Error(result.findings[0]?.what);
    expect(result.value.id).toBe(snake.id);
    expect(result.value.serviceAccountId).toBe(snake.service_account_id);
    expect(reveal(result.value.privateKey)).toBe(pem);
    expect(createPrivateKey(reveal(result.value.privateKey)).asymmetricKeyType).toBe('rsa');
    expect(privateKeyText(text)?.replaceAll('\r', '')).toContain(pem.trim());
  });
});

const { service_account_id: account, ...withoutAccount } = snake;
const cut = `${pem.slice(0, 800)}\n-----END PRIVATE KEY-----\n`;

describe('what is refused', () => {
  test.each([
    ['a user account', { ...withoutAccount, user_account_id: account }, 'a user account'],
    ['no account', withoutAccount, 'lacks `service_account_id`.'],
    ['nothing', {}, 'lacks `id`, `service_account_id`, `private_key`.'],
    [
      'fields of other types',
      { ...snake, id: 3, private_key: [pem] },
      'lacks `id`, `private_key`.',
    ],
    ['an id with a line break', { ...snake, id: 'a\r\nX: y' }, 'not a Yandex Cloud id'],
    ['a cut key', { ...snake, private_key: cut }, 'damaged or cut short'],
    ['PKCS#1', { ...snake, private_key: pkcs1 }, 'not plain PKCS#8'],
    ['no armour', { ...snake, private_key: 'MIIEv' }, 'without its BEGIN and END lines'],
  ])('%s', (_, file, words) => {
    for (const text of [JSON.stringify(file), base64(JSON.stringify(file))]) {
      const result = read(text);
      expect('findings' in result && result.findings[0]?.what).toContain(words);
    }
  });
  test.each([
    ['a PEM alone', pem, 'a private key alone'],
    ['a key with its warning line alone', snake.private_key, 'a private key alone'],
    ['an IAM token', 't1.abcdef', 'is a token, not a key file'],
    ['an OAuth token', 'y0_abcdef', 'is a token, not a key file'],
    ['cut JSON', pretty.slice(0, -40), 'is not valid JSON'],
    ['line breaks inside the texts', pretty.replaceAll('\\n', '\n'), 'is not valid JSON'],
    ['a path', './key.json', 'neither JSON nor base64 of JSON'],
    ['base64 of a PEM', base64(pem), 'neither JSON nor base64 of JSON'],
    ['an array', '[1]', 'neither JSON nor base64 of JSON'],
  ])('%s', (_, text, words) => {
    const result = read(text);
    expect('findings' in result && result.findings[0]?.what).toContain(words);
  });
  test('no finding repeats six characters of what was given', () => {
    const given = [
      pem,
      pretty.slice(0, -40),
      JSON.stringify({ ...snake, private_key: cut }),
      JSON.stringify({ ...snake, id: 'bad id hunter2' }),
      JSON.stringify({ ...withoutAccount, user_account_id: account }),
    ];
    for (const text of given) {
      const said = JSON.stringify(read(text));
      expect(said).not.toMatch(/ajekey|ajeacc|hunter2|MIIE/);
      for (const line of pem.split('\n').slice(1, -2)) expect(said).not.toContain(line.slice(0, 6));
    }
  });
});
