// The emulator of Yandex Cloud refuses what Yandex Cloud would refuse.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importPKCS8, SignJWT } from 'jose';
import type { ApiAnswer } from '../../support/cluster/api-client.ts';
import { startYandex, type Yandex } from '../../support/yandex/emulator.ts';
import { addressOf, iamToken } from '../../support/yandex/exchange.ts';
import type { ServiceAccount } from '../../support/yandex/identity.ts';

let yandex: Yandex;
let account: ServiceAccount;
let iam: string;

beforeAll(async () => {
  yandex = await startYandex();
  account = yandex.addServiceAccount();
  iam = await addressOf(yandex, 'iam');
});

afterAll(() => yandex.stop());

async function read(answer: Response): Promise<ApiAnswer> {
  return { status: answer.status, body: await answer.json() };
}

interface Claims {
  readonly alg?: string;
  readonly kid?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly seconds?: number;
  readonly key?: ServiceAccount;
}

async function exchange(claims: Claims) {
  const { alg = 'PS256', kid = account.keyId, iss = account.id, seconds = 3600 } = claims;
  const file = JSON.parse((claims.key ?? account).keyJson) as { private_key: string };
  const pem = file.private_key.slice(file.private_key.indexOf('-----BEGIN'));
  const now = Math.floor(Date.now() / 1000);
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg, typ: 'JWT', kid })
    .setIssuer(iss)
    .setAudience(claims.aud ?? `https://${iam}/iam/v1/tokens`)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(await importPKCS8(pem, alg));
  const init = { method: 'POST', body: JSON.stringify({ jwt }) };
  const answer = await fetch(`http://${iam}/iam/v1/tokens`, init);
  return { ...(await read(answer)), headers: answer.headers };
}

describe('a key', () => {
  test('is good for a token with an expiry', async () => {
    const { status, body, headers } = await exchange({});
    expect(status).toBe(200);
    expect(body).toEqual({
      iamToken: expect.stringMatching(/^t1\.[\w-]+\.[\w-]{86}$/),
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(headers.get('x-request-id')).not.toBe('');
  });

  test.each([
    ['another algorithm', { alg: 'RS256' }, 'not PS256'],
    ['an unknown key', { kid: 'ajeunknown' }, 'was not found'],
    ['another issuer', { iss: 'ajesomebody' }, '"iss"'],
    ['another audience', { aud: 'https://example.com/' }, '"aud"'],
    ['a life too long', { seconds: 3601 }, '3600'],
    ['a life that is over', { seconds: -120 }, 'exp'],
  ])('is refused with %s', async (_, claims, message) => {
    const { status, body, headers } = await exchange(claims);
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 16, message: expect.stringContaining(message) });
    expect(body.details[0].requestId).toBe(headers.get('x-request-id'));
  });

  test("is refused with another account's signature", async () => {
    const { status, body } = await exchange({ key: yandex.addServiceAccount() });
    expect([status, body.message]).toEqual([401, expect.stringContaining('signature')]);
  });
});

describe('clusters', () => {
  const get = async (path: string, token: string) => {
    const address = await addressOf(yandex, 'managed-kubernetes');
    const headers = { authorization: `Bearer ${token}` };
    const url = `http://${address}/managed-kubernetes/v1/clusters${path}`;
    const answer = await fetch(url, { headers });
    return read(answer);
  };

  test('by id, by name, page by page', async () => {
    const folderId = 'b1gfolder';
    const endpoint = { externalEndpoint: 'https://127.0.0.1:1' };
    const first = yandex.addCluster({ folderId, name: 'first', caPem: 'PEM', ...endpoint });
    yandex.addCluster({ folderId, name: 'second', caPem: 'PEM', status: 'STOPPED' });
    const token = await iamToken(yandex, account);
    const byId = await get(`/${first.id}`, token);
    expect(byId.body.master.endpoints).toEqual({ externalV4Endpoint: 'https://127.0.0.1:1' });
    const byName = await get(`?folderId=${folderId}&filter=name%3D%22second%22`, token);
    expect(byName.body.clusters).toMatchObject([{ name: 'second', status: 'STOPPED' }]);
    const page = await get(`?folderId=${folderId}&pageSize=1`, token);
    expect(page.body.clusters).toHaveLength(1);
    const next = `?folderId=${folderId}&pageSize=1&pageToken=${page.body.nextPageToken}`;
    expect((await get(next, token)).body.clusters[0].name).toBe('second');
  });

  test('are not for those without a role, a token, or a folder', async () => {
    const stranger = await iamToken(yandex, yandex.addServiceAccount([]));
    expect(await get('/any', stranger)).toMatchObject({ status: 403, body: { code: 7 } });
    expect(await get('/any', 'nonsense')).toMatchObject({ status: 401, body: { code: 16 } });
    const token = await iamToken(yandex, account);
    expect(await get('/any', token)).toMatchObject({ status: 404, body: { code: 5 } });
    expect((await get('', token)).status).toBe(400);
  });
});

describe('keyless', () => {
  const job = async (audience?: string) => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } =
      yandex.github.env;
    const more = audience === undefined ? '' : `&audience=${encodeURIComponent(audience)}`;
    const headers = { authorization: `bearer ${bearer}` };
    const answer = await fetch(`${url}${more}`, { headers });
    return ((await answer.json()) as { value: string }).value;
  };
  const trade = async (token: string, more: Readonly<Record<string, string>> = {}) => {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: account.id,
      subject_token: token,
      ...more,
    });
    const address = await addressOf(yandex, 'oauth');
    const answer = await fetch(`http://${address}/oauth/token`, { method: 'POST', body });
    return read(answer);
  };

  test('a linked subject becomes the account; others do not', async () => {
    const token = await job();
    expect(await trade(token)).toMatchObject({ status: 401, body: { error: 'invalid_request' } });
    yandex.link(account.id, yandex.github.claims.sub);
    const { status, body } = await trade(token);
    expect([status, body.token_type]).toEqual([200, 'Bearer']);
    expect(yandex.tokens.at(-1)).toMatchObject({ token: body.access_token, subject: account.id });
  });

  test('audience, grant and signature are checked', async () => {
    expect((await trade(await job('https://elsewhere'))).status).toBe(401);
    expect((await trade(await job(), { grant_type: 'password' })).status).toBe(400);
    expect((await trade(await job(), { audience: 'ajenobody' })).status).toBe(400);
    const broken = `${(await job()).slice(0, -8)}AAAAAAAA`;
    expect((await trade(broken)).body.error).toBe('invalid_token');
  });
});

test('failures come as often as a test asks, then no more', async () => {
  yandex.failNext('/iam/v1/tokens', 429, { times: 2, headers: { 'retry-after': '1' } });
  const answers = [await exchange({}), await exchange({}), await exchange({})];
  expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
  expect(answers[0]?.headers.get('retry-after')).toBe('1');
  yandex.failNext('/iam', 0);
  await expect(exchange({})).rejects.toThrow('fetch failed');
  const mine = yandex.requests.filter(({ path }) => path === '/iam/v1/tokens').slice(-4);
  expect(mine.map(({ status }) => status)).toEqual([429, 429, 200, 0]);
});
