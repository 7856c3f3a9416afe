// Where a login may go: the realm that a registry names, against the registry's own domain.
import { describe, expect, test } from '@jest/globals';
import { mayReceive, strangeRealm } from '../../src/registry/auth-host.ts';

type Row = readonly [host: string, realm: string, allowed: boolean];

const may = (host: string, realm: string, more: { username?: string; authHost?: string } = {}) =>
  mayReceive(new URL(realm), { host, username: 'me', ...more });

test.each<Row>([
  ['docker.io', 'https://auth.docker.io/token', true],
  ['ghcr.io', 'https://ghcr.io/token', true],
  ['registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
  ['quay.io', 'https://quay.io/v2/auth', true],
  ['europe-docker.pkg.dev', 'https://europe-docker.pkg.dev/v2/token', true],
  ['acme.azurecr.io', 'https://acme.azurecr.io/oauth2/token', true],
  ['docker.elastic.co', 'https://docker-auth.elastic.co/auth', true],
  ['registry.example.co.uk:5000', 'https://auth.example.co.uk/token', true],
  ['10.0.0.7:5000', 'https://10.0.0.7:5001/token', true],
  ['registry', 'https://registry/token', true],
  // Another domain, and what only looks like the same.
  ['ghcr.io', 'https://attacker.example/token', false],
  ['ghcr.io', 'https://ghcr.io.attacker.example/token', false],
  ['ghcr.io', 'https://ghcr.io@attacker.example/token', false],
  ['registry.example.co.uk', 'https://attacker.co.uk/token', false],
  ['10.0.0.7:5000', 'https://10.0.0.8/token', false],
  ['10.0.0.7', 'https://7/token', false],
  // Users of one hosting service are strangers.
  ['registry.alice.github.io', 'https://mallory.github.io/token', false],
  ['one.blogspot.com', 'https://two.blogspot.com/token', false],
  // By plain HTTP, and into this machine.
  ['ghcr.io', 'http://ghcr.io/token', false],
  ['ghcr.io', 'http://127.0.0.1:8080/token', false],
  ['ghcr.io', 'https://localhost/token', false],
  ['127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
  ['127.0.0.1:5000', 'https://attacker.example/token', false],
])('a login for %s goes to %s: %s', (host, realm, allowed) => {
  expect(may(host, realm)).toBe(allowed);
});

test.each<Row>([
  ['cr.yandex', 'https://cr.yandex/token', true],
  ['registry.yandexcloud.net', 'https://registry.yandexcloud.net/token', true],
  ['cr.yandex', 'https://registry.yandexcloud.net/token', true],
  ['127.0.0.1:5000', 'http://localhost:5000/token', true],
  // Anybody may have a bucket or a function of that domain.
  ['registry.yandexcloud.net', 'https://mallory.storage.yandexcloud.net/token', false],
  ['registry.yandexcloud.net', 'https://functions.yandexcloud.net/token', false],
  ['cr.yandex', 'https://evil-cr.yandex/token', false],
  ['cr.yandex', 'https://attacker.example/token', false],
  ['cr.yandex', 'http://cr.yandex/token', false],
  ['cr.yandex', 'http://127.0.0.1/token', false],
  ['127.0.0.1:5000', 'https://attacker.example/token', false],
])('an IAM token for %s goes to %s: %s', (host, realm, allowed) => {
  expect(may(host, realm, { username: 'iam' })).toBe(allowed);
  expect(may(host, realm, { username: 'iam', authHost: 'attacker.example' })).toBe(allowed);
});

describe('the host that the user names', () => {
  const host = 'registry.corp.example';

  test('gets the login, on its port alone', () => {
    const authHost = 'gitlab.other.example';
    expect(may(host, 'https://gitlab.other.example/jwt/auth', { authHost })).toBe(true);
    expect(may(host, 'https://gitlab.other.example:444/jwt/auth', { authHost })).toBe(false);
    expect(may(host, 'https://x.gitlab.other.example/jwt/auth', { authHost })).toBe(false);
    expect(may(host, 'http://gitlab.other.example/jwt/auth', { authHost })).toBe(false);
  });

  test('is the way on that a refusal names, with the whole line', () => {
    const realm = new URL('https://gitlab.other.example:8443/jwt/auth?x=1');
    const finding = strangeRealm(realm, { host, username: 'me' });
    expect(finding.code).toBe('registry-unauthenticated');
    expect(finding.what).toContain('gitlab.other.example:8443');
    expect(finding.hint).toContain('registry-auth-host: gitlab.other.example:8443');
    expect(finding.evidence).toEqual(['realm: https://gitlab.other.example:8443/jwt/auth']);
  });

  test('is no way for an IAM token', () => {
    const realm = new URL('https://attacker.example/');
    expect(strangeRealm(realm, { host: 'cr.yandex', username: 'iam' }).hint).not.toContain(
      'registry-auth-host',
    );
  });
});
