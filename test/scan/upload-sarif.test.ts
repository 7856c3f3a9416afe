// GitHub's code scanning API, as its documentation describes it, on loopback.
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { uploadSarif } from '../../src/scan/upload-sarif.ts';
import { type Running, serve } from '../support/platform/servers.ts';
import { run } from '../support/run.ts';
import { fixture } from '../support/scan/fixtures.ts';
import { cloudPorts } from '../support/yandex/cloud.ts';

interface Got {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, string>>;
}

let github: Running;
let got: Got[];
let answer: readonly [number, unknown];

beforeEach(async () => {
  got = [];
  answer = [202, { id: '47177e22' }];
  github = await serve((request, response, body) => {
    const { url = '', headers } = request;
    got.push({ url, authorization: headers.authorization, body: JSON.parse(body) });
    response.writeHead(answer[0], { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer[1]));
  });
});
afterEach(() => github.close());

const sarif = fixture('image-vulnerable.sarif');
const token = new Secret('ghs_token');
const upload = (parts: Parameters<typeof run>[0] = {}) =>
  uploadSarif({
    sarif,
    token,
    context: run({ apiUrl: github.url, ...parts }),
    http: cloudPorts().http,
  });

describe('an upload', () => {
  test('is the whole file, packed, with commit and branch', async () => {
    expect(await upload()).toBe('uploaded to code scanning');
    const [{ url, authorization, body } = {} as Got] = got;
    expect(url).toBe('/repos/acme/Web.Shop/code-scanning/sarifs');
    expect(authorization).toBe('Bearer ghs_token');
    expect(body).toMatchObject({ commit_sha: '1f3c', ref: 'refs/heads/main' });
    const packed = Buffer.from(body['sarif'] ?? '', 'base64');
    expect(gunzipSync(packed).toString()).toBe(sarif);
  });

  test('of a pull request is for its head', async () => {
    await upload({ event: 'pull_request', ref: 'refs/pull/7/merge' });
    expect(got[0]?.body['ref']).toBe('refs/pull/7/head');
  });

  test.each([
    [403, 'Resource not accessible by integration', /permissions: security-events: write/],
    [403, 'Advanced Security must be enabled for this repository', /code scanning is off/],
    [403, 'Code scanning is not enabled for this repository.', /code scanning is off/],
    [404, 'Not Found', /security-events: write/],
    [401, 'Bad credentials', /security-events: write/],
    [400, 'Invalid SARIF', /HTTP 400 Invalid SARIF/],
  ])('that GitHub refuses with %d %s is explained', async (status, message, words) => {
    answer = [status, { message }];
    expect(await upload()).toMatch(words);
  });

  test('that cannot reach GitHub is explained', async () => {
    await github.close();
    expect(await upload()).toMatch(/GitHub did not answer \(ECONNREFUSED\)/);
    github = await serve(() => undefined);
  }, 30_000);

  test('is nothing on a terminal, and without a token', async () => {
    expect(await upload({ on: 'terminal' })).toBeUndefined();
    const http = cloudPorts().http;
    const without = { sarif, token: undefined, context: run(), http };
    expect(await uploadSarif(without)).toBeUndefined();
    expect(got).toEqual([]);
  });
});
