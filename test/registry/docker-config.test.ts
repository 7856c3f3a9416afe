// The run's own Docker configuration: the user's logins stay, ours comes in, nothing asks a helper for it.
import { describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { dockerConfig, storedLogin } from '../../src/registry/docker-config.ts';

const own = { host: 'cr.yandex', login: { username: 'iam', password: new Secret('t1.жx') } };
const auth = Buffer.from('iam:t1.жx').toString('base64');

function made(existing: unknown, login = true) {
  const text = typeof existing === 'string' ? existing : JSON.stringify(existing);
  const options = { plugins: '/home/u/.docker/cli-plugins', ...(login ? { own } : {}) };
  return JSON.parse(reveal(dockerConfig(text, options)));
}

describe('config.json', () => {
  test('has our login and finds the user’s plugins', () => {
    expect(made('')).toEqual({
      cliPluginsExtraDirs: ['/home/u/.docker/cli-plugins'],
      auths: { 'cr.yandex': { auth } },
    });
  });

  test('keeps what the user has, and asks no helper for our host', () => {
    const user = {
      auths: { 'ghcr.io': { auth: 'eDp5' }, 'cr.yandex': { auth: 'b2xkOm9sZA==' } },
      credHelpers: { 'cr.yandex': 'yc', 'gcr.io': 'gcloud' },
      currentContext: 'remote',
      cliPluginsExtraDirs: ['/opt/plugins'],
      psFormat: 'x',
    };
    expect(made(user)).toEqual({
      auths: { 'ghcr.io': { auth: 'eDp5' }, 'cr.yandex': { auth } },
      credHelpers: { 'cr.yandex': '', 'gcr.io': 'gcloud' },
      currentContext: 'remote',
      cliPluginsExtraDirs: ['/home/u/.docker/cli-plugins', '/opt/plugins'],
    });
  });

  test('a store of all credentials is not asked for our host', () => {
    expect(made({ credsStore: 'desktop' })).toMatchObject({
      credsStore: 'desktop',
      credHelpers: { 'cr.yandex': '' },
    });
  });

  test.each(['no json', '[]', 'null'])('%s counts as none', (text) => {
    expect(made(text).auths).toEqual({ 'cr.yandex': { auth } });
  });

  test('without a login of ours is the user’s', () => {
    expect(made({ auths: { a: { auth: 'eDp5' } } }, false).auths).toEqual({ a: { auth: 'eDp5' } });
  });
});

test('a stored login is read back; what is none is not made up', () => {
  const text = JSON.stringify({
    auths: { a: { auth }, b: { auth: '%' }, c: {}, d: { auth: 'eA==' } },
  });
  const found = storedLogin(text, 'a');
  expect(found?.username).toBe('iam');
  expect(found && reveal(found.password)).toBe('t1.жx');
  for (const host of ['b', 'c', 'd', 'e']) expect(storedLogin(text, host)).toBeUndefined();
});
