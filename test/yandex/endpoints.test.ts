import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { discoverEndpoints, tokenAudience } from '../../src/yandex/endpoints.ts';
import { type Cloud, cloudPorts, problem, startCloud } from '../support/yandex/cloud.ts';

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

const discover = (url = cloud.url) => discoverEndpoints(cloudPorts().http, url);
const answer = (...endpoints: readonly [string, string][]) => {
  const list = endpoints.map(([id, address]) => ({ id, address }));
  cloud.routes['GET /endpoints'] = () => [200, { endpoints: list }];
};

describe('the endpoints', () => {
  test('take the scheme of the address that was asked', async () => {
    expect(await discover(`${cloud.url}/`)).toEqual({
      iam: cloud.url,
      managedKubernetes: cloud.url,
      oauth: cloud.url,
    });
  });

  test('without oauth have the public one', async () => {
    answer(['iam', '127.0.0.1:1'], ['managed-kubernetes', 'localhost:2']);
    expect((await discover()).oauth).toBe('https://auth.yandex.cloud');
  });

  test.each([
    'http://api.cloud.yandex.net',
    'ftp://127.0.0.1',
    'api.cloud.yandex.net',
    'https://user:pass@api.cloud.yandex.net',
    'http://127.0.0.1.evil.test',
  ])('are not asked of %s', async (url) => {
    expect(await problem(discover(url))).toMatchObject({ code: 'input-invalid' });
  });

  test('of an http address stay on the machine', async () => {
    answer(['iam', 'evil.test:80'], ['managed-kubernetes', '127.0.0.1:2']);
    expect(await problem(discover())).toMatchObject({ code: 'input-invalid' });
  });

  test.each(['127.0.0.1:1/path', 'user@127.0.0.1:1', '127.0.0.1:1?x', ''])(
    'are bare addresses, not %j',
    async (address) => {
      answer(['iam', address], ['managed-kubernetes', '127.0.0.1:2']);
      expect(await problem(discover())).toMatchObject({ code: 'input-invalid' });
    },
  );

  test('that lack one say which', async () => {
    answer(['iam', '127.0.0.1:1']);
    expect((await problem(discover())).what).toContain('managed-kubernetes');
  });

  test('of something else are an input’s fault, with what it answered', async () => {
    cloud.routes['GET /endpoints'] = () => [200, '<html>hello</html>'];
    expect(await problem(discover())).toMatchObject({ code: 'input-invalid' });
    cloud.routes['GET /endpoints'] = () => [404, 'no'];
    expect((await problem(discover())).evidence[0]).toContain('HTTP 404');
  });

  test('of a cloud in trouble are not', async () => {
    cloud.routes['GET /endpoints'] = () => [503, 'no'];
    expect(await problem(discover())).toMatchObject({ code: 'api-error' });
  });

  test('of nobody are unreachable', async () => {
    const gone = await startCloud();
    await gone.close();
    expect(await problem(discover(gone.url))).toMatchObject({
      code: 'cluster-unreachable',
      evidence: [expect.stringContaining('ECONNREFUSED')],
    });
  });
});

test.each([
  ['https://iam.api.cloud.yandex.net', 'https://iam.api.cloud.yandex.net/iam/v1/tokens'],
  ['https://iam.test:8443', 'https://iam.test:8443/iam/v1/tokens'],
  ['http://127.0.0.1:8080', 'https://127.0.0.1:8080/iam/v1/tokens'],
  ['http://127.0.0.1:443', 'https://127.0.0.1/iam/v1/tokens'],
])('the audience for %s', (iam, audience) => expect(tokenAudience(iam)).toBe(audience));
