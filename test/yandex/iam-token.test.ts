import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { claimsFor, tokenByKey } from '../../src/yandex/iam-token.ts';
import {
  type Cloud,
  cloudPorts,
  key,
  movedClock,
  problem,
  startCloud,
  status,
} from '../support/yandex/cloud.ts';

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

const at = () => ({ iam: cloud.url, managedKubernetes: cloud.url, oauth: cloud.url });

test('the claims last an hour and no longer', () => {
  expect(claimsFor('ajesa', 'https://iam/x', 1_700_000_000_999)).toEqual({
    iss: 'ajesa',
    aud: 'https://iam/x',
    iat: 1_700_000_000,
    exp: 1_700_003_600,
  });
});

describe('a key', () => {
  test('becomes a token, with the expiry that the issuer says, all masked', async () => {
    const ports = cloudPorts();
    const { token, expiresAt } = await tokenByKey(key, at(), ports);
    expect(reveal(token)).toBe('t1.token-1');
    expect(expiresAt - Date.now()).toBeGreaterThan(11 * 3_600_000);
    expect(ports.log.masked).toEqual([expect.stringMatching(/^eyJ/), 't1.token-1']);
  });

  test('of somebody else is refused, with the server’s words and the request id', async () => {
    const stranger = { ...key, serviceAccountId: 'ajeother' };
    const found = await problem(tokenByKey(stranger, at(), cloudPorts()));
    expect(found).toMatchObject({
      code: 'unauthenticated',
      what: 'IAM refused key ajekey of service account ajeother.',
      evidence: ['unexpected "iss" claim value', 'request id: req-1'],
      hint: expect.stringContaining('yc iam key create --service-account-id ajeother'),
    });
  });

  test('is refused where the clock is wrong, and that is said', async () => {
    const clock = movedClock(Date.now() - 2 * 3_600_000);
    const found = await problem(tokenByKey(key, at(), cloudPorts(clock)));
    expect(found.code).toBe('unauthenticated');
    expect(found.evidence[2]).toMatch(/^this machine's clock is 7(199|200|201) s behind IAM's$/);
    expect(found.hint).toContain('NTP');
  });

  test('that cannot sign is an input’s fault, and is not quoted', async () => {
    const broken = { ...key, privateKey: new Secret('-----BEGIN PRIVATE KEY-----\nMIIs3cret\n') };
    const found = await problem(tokenByKey(broken, at(), cloudPorts()));
    expect(found.code).toBe('input-invalid');
    expect(JSON.stringify(found)).not.toContain('s3cret');
    expect(cloud.seen).toEqual([]);
  });

  test.each([
    [503, 'api-error'],
    [429, 'api-error'],
    [403, 'unauthenticated'],
    [404, 'unauthenticated'],
  ])('met by HTTP %d: %s', async (code, expected) => {
    cloud.routes['POST /iam/v1/tokens'] = () => [code, status(1, 'words'), { 'x-request-id': 'r' }];
    const found = await problem(tokenByKey(key, at(), cloudPorts()));
    expect(found).toMatchObject({ code: expected, evidence: ['words', 'request id: req-1'] });
  });

  test('is retried over a passing failure', async () => {
    const answer = cloud.routes['POST /iam/v1/tokens'];
    cloud.routes['POST /iam/v1/tokens'] = (...request) => {
      if (cloud.seen.length < 3 || !answer) return [503, status(14, 'busy')];
      return answer(...request);
    };
    const { token } = await tokenByKey(key, at(), cloudPorts());
    expect(reveal(token)).toBe('t1.token-1');
  });

  test.each([{}, { iamToken: 't1.x' }, { iamToken: '', expiresAt: '2030-01-01T00:00:00Z' }])(
    'answered by %j is an error of the API',
    async (body) => {
      cloud.routes['POST /iam/v1/tokens'] = () => [200, body];
      const found = await problem(tokenByKey(key, at(), cloudPorts()));
      expect(found.code).toBe('api-error');
      expect(JSON.stringify(found)).not.toContain('t1.x');
    },
  );
});
