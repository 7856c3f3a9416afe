import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { linkCommand, tokenByOidc } from '../../src/yandex/oidc.ts';
import { type Cloud, cloudPorts, problem, startCloud } from '../support/yandex/cloud.ts';

let cloud: Cloud;
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const idToken = (sub: string, aud: unknown = 'https://github.com/org') =>
  `${part({ alg: 'RS256' })}.${part({ iss: 'https://github.test', aud, sub })}.sIgNaTuRe`;

beforeEach(async () => {
  cloud = await startCloud();
  cloud.routes['GET /id'] = (query, authorization) =>
    authorization === 'bearer request-token'
      ? [200, { value: idToken('repo:org/app:ref:refs/heads/main', query) }]
      : [401, {}];
  cloud.routes['POST /oauth/token'] = () => [200, { access_token: 't1.oidc', expires_in: 43_200 }];
});
afterEach(() => cloud.close());

function exchange(audience?: string, ports = cloudPorts(), token = 'request-token') {
  const request = { url: `${cloud.url}/id?api-version=2.0`, token: new Secret(token) };
  const endpoints = { iam: cloud.url, managedKubernetes: cloud.url, oauth: cloud.url };
  const more = audience === undefined ? {} : { audience };
  return tokenByOidc({ serviceAccountId: 'ajesa', request, ...more }, endpoints, ports);
}

describe('GitHub’s token', () => {
  test('becomes an IAM token; both are masked', async () => {
    const ports = cloudPorts();
    let form = new URLSearchParams();
    cloud.routes['POST /oauth/token'] = (text) => {
      form = new URLSearchParams(text);
      return [200, { access_token: 't1.oidc', expires_in: 43_200 }];
    };
    const { token, expiresAt } = await exchange('https://my audience', ports);
    expect(reveal(token)).toBe('t1.oidc');
    expect(expiresAt).toBe(ports.clock.now() + 43_200_000);
    expect(form.get('audience')).toBe('ajesa');
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:token-exchange');
    expect(ports.log.masked).toEqual([form.get('subject_token'), 't1.oidc']);
    expect(cloud.seen[0]).toBe('GET /id?api-version=2.0&audience=https%3A%2F%2Fmy+audience');
  });

  test('is asked for without an audience where none is given', async () => {
    await exchange();
    expect(cloud.seen[0]).toBe('GET /id?api-version=2.0');
  });

  test('needs a permission of the job', async () => {
    const endpoints = { iam: cloud.url, managedKubernetes: cloud.url, oauth: cloud.url };
    const federation = { serviceAccountId: 'ajesa', request: undefined };
    const found = await problem(tokenByOidc(federation, endpoints, cloudPorts()));
    expect(found.code).toBe('unauthenticated');
    expect(found.hint).toContain('id-token: write');
  });

  test('is not given to a stranger', async () => {
    const found = await problem(exchange(undefined, cloudPorts(), 'wrong'));
    expect(found).toMatchObject({ code: 'unauthenticated' });
  });
});

const oddities: readonly (readonly [unknown])[] = [
  [null],
  [[]],
  [[1]],
  [{}],
  [{ toString: 1 }],
  [[{ toString: 1 }]],
  ['soon'],
];

test.each(oddities)('an answer and claims of %j are a finding', async (odd) => {
  cloud.routes['GET /id'] = () => [200, { value: `a.${part({ iss: odd, aud: odd, sub: odd })}.c` }];
  cloud.routes['POST /oauth/token'] = () => [200, { access_token: 't1.a', expires_in: odd }];
  expect(await problem(exchange())).toMatchObject({ code: 'api-error' });
  cloud.routes['POST /oauth/token'] = () => [401, { error: odd }];
  expect(await problem(exchange())).toMatchObject({ code: 'unauthenticated' });
});

describe('a refused exchange', () => {
  beforeEach(() => {
    const body = { error: 'invalid_request', error_description: 'no such subject' };
    cloud.routes['POST /oauth/token'] = () => [400, body, { 'x-request-id': 'r-7' }];
  });

  test('shows what was claimed and the command that links it, not the token', async () => {
    const found = await problem(exchange('aud'));
    expect(found).toMatchObject({
      code: 'unauthenticated',
      evidence: [
        'no such subject',
        'request id: r-7',
        'iss: https://github.test',
        'aud: ?api-version=2.0&audience=aud',
        'sub: repo:org/app:ref:refs/heads/main',
      ],
    });
    expect(found.hint).toContain(
      'yc iam workload-identity federated-credential create --service-account-id ajesa ' +
        "--federation-id <federation-id> --external-subject-id 'repo:org/app:ref:refs/heads/main'",
    );
    expect(JSON.stringify(found)).not.toContain('sIgNaTuRe');
  });

  test('over a cloud in trouble is an error of the API', async () => {
    cloud.routes['POST /oauth/token'] = () => [503, 'busy'];
    expect(await problem(exchange())).toMatchObject({ code: 'api-error' });
  });

  test.each(["repo:o/r:ref:refs/heads/it's", '$(touch /tmp/x)`id`"', "'; rm -rf / #", 'a b\\'])(
    'a shell reads the subject %j as one word',
    (subject) => {
      const command = linkCommand('ajesa', subject).replace('<federation-id>', 'f');
      const script = `yc() { for word in "$@"; do last=$word; done; printf %s "$last"; }; ${command}`;
      expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(subject);
    },
  );

  test('a terminal gets no control characters', () => {
    expect(linkCommand('a', 'x\u001b[2J\ny')).toContain("'x?[2J?y'");
  });
});
