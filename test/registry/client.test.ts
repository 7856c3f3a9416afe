// The registry's own API over real HTTP: challenges, what is there, what is refused and how it is told.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ActionError } from '../../src/core/errors.ts';
import { reveal, Secret } from '../../src/core/secret.ts';
import { realClock } from '../../src/platform/clock.ts';
import { realHttp } from '../../src/platform/http.ts';
import { registryClient } from '../../src/registry/client.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const servers: Server[] = [];
const closeAll = () => {
  for (const server of servers.splice(0)) server.close();
};
afterEach(closeAll);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { authorization = '-' } = request.headers;
    seen.push(`${request.method} ${request.url} ${authorization}`);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = realHttp({ clock: realClock(), userAgent: 'test', attempts: 1 });
  const masked: string[] = [];
  const login = async () => ({ username: 'iam', password: new Secret('t1.x') });
  return {
    host,
    seen,
    client: registryClient({ host, http, login, mask: (each) => masked.push(reveal(each)) }),
    masked,
  };
}

const basic = `Basic ${Buffer.from('iam:t1.x').toString('base64')}`;

async function refusal(work: Promise<unknown>) {
  const error = await work.catch((each: unknown) => each);
  if (!(error instanceof ActionError)) throw new Error(`no refusal: ${String(error)}`);
  return error.findings[0];
}

describe('a registry', () => {
  test('is asked without a login first, then with the one that it wants', async () => {
    const { host, seen, client } = await serve((request, response) => {
      if (!request.headers.authorization) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
        return;
      }
      response.writeHead(200, { 'docker-content-digest': digest, 'content-type': 'm' }).end();
    });
    expect(await client.find(`${host}/a/b`, 'x')).toEqual({ digest, mediaType: 'm' });
    expect(await client.find(`${host}/a/b`, 'y')).toEqual({ digest, mediaType: 'm' });
    expect(seen).toEqual([
      'HEAD /v2/a/b/manifests/x -',
      `HEAD /v2/a/b/manifests/x ${basic}`,
      `HEAD /v2/a/b/manifests/y ${basic}`,
    ]);
  });

  test('names where a token is to be had, for the scope that is needed', async () => {
    const { host, seen, client, masked } = await serve((request, response) => {
      const { authorization } = request.headers;
      if (request.url?.startsWith('/token')) response.end('{"token":"abc"}');
      else if (authorization === 'Bearer abc') response.writeHead(202).end();
      else {
        const realm = `http://${request.headers.host}/token`;
        const challenge = `Bearer realm="${realm}",service="reg"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
    });
    await client.checkPush(`${host}/a`);
    expect(seen).toEqual([
      'POST /v2/a/blobs/uploads/ -',
      `GET /token?service=reg&scope=repository%3Aa%3Apull%2Cpush ${basic}`,
      'POST /v2/a/blobs/uploads/ Bearer abc',
    ]);
    expect(masked).toEqual(['abc']);
  });

  test.each(['http://other.example/token', 'https://other.example/token'])(
    'never has the login sent to %s',
    async (realm) => {
      const { host, seen, client } = await serve((_, response) => {
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end();
      });
      const found = await refusal(client.checkPush(`${host}/a`));
      expect(found).toMatchObject({ code: 'registry-unauthenticated' });
      expect(found?.what).toContain('other.example');
      expect(await client.checkRealm()).toMatchObject({ what: found?.what });
      expect(seen.filter((each) => !each.endsWith(' -'))).toEqual([]);
    },
  );

  test.each(['<html>', 'null', '[]', '7', '{"token":{"a":1}}', '{"token":', '"t"'])(
    'whose issuer answers %s has refused the login',
    async (body) => {
      const { host, client } = await serve((request, response) => {
        if (request.url?.startsWith('/token')) response.end(body);
        else {
          const challenge = `Bearer realm="http://${request.headers.host}/token",service="x"`;
          response.writeHead(401, { 'www-authenticate': challenge }).end();
        }
      });
      expect(await refusal(client.checkPush(`${host}/a`))).toMatchObject({
        code: 'registry-unauthenticated',
      });
    },
  );

  test.each(['http://[', 'http://', '//', ':', 'x y'])(
    'that names %s has no upload',
    async (location) => {
      const { host, seen, client } = await serve((_, response) => {
        response.writeHead(202, { location }).end();
      });
      await client.checkPush(`${host}/a`);
      expect(seen[0]).toContain('POST /v2/a/blobs/uploads/');
    },
  );

  test('ends the upload that only asked', async () => {
    const { host, seen, client } = await serve((request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: '/v2/a/up/1?s=2' }).end();
      else response.writeHead(204).end();
    });
    await client.checkPush(`${host}/a`);
    expect(seen.map((each) => each.replace(/ -$/, ''))).toEqual([
      'POST /v2/a/blobs/uploads/',
      'DELETE /v2/a/up/1?s=2',
    ]);
  });

  test.each([
    [401, '', 'registry-unauthenticated'],
    [403, '{"errors":[{"code":"DENIED","message":"Permission denied"}]}', 'registry-denied'],
    [
      404,
      '{"errors":[{"code":"NAME_UNKNOWN","message":"Registry x not found"}]}',
      'registry-denied',
    ],
    [405, '{"errors":[{"code":"UNSUPPORTED"}]}', 'registry-read-only'],
    [500, 'write /var/lib: no space left on device', 'disk-full'],
    [
      500,
      '{"errors":[{"code":"UNKNOWN","detail":{"Enclosed":{"Op":"write","Err":28}}}]}',
      'disk-full',
    ],
    [503, '', 'registry-unreachable'],
  ])('that answers a push with %i %s is told as such', async (status, body, code) => {
    const { host, client } = await serve((_, response) => response.writeHead(status).end(body));
    const finding = await refusal(client.checkPush(`${host}/a`));
    expect(finding).toMatchObject({ code, severity: 'fatal' });
    expect(finding.evidence[0]).toContain(`HTTP ${status}`);
    expect(finding.what).toContain(`${host}/a`);
  });

  test('that is not there is told with the reason', async () => {
    const { host, client } = await serve(() => undefined);
    closeAll();
    const finding = await refusal(client.find(`${host}/a`, 'x'));
    expect(finding).toMatchObject({ code: 'registry-unreachable' });
    expect(finding.evidence[0]).toContain('ECONNREFUSED');
  });

  test('has no such tag', async () => {
    const { host, client } = await serve((_, response) => response.writeHead(404).end());
    expect(await client.find(`${host}/a`, 'x')).toBeUndefined();
  });

  test('gives a manifest further tags, as the bytes that it had', async () => {
    const puts: string[] = [];
    const { host, client } = await serve((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/x' }).end('{"a": 1}');
        return;
      }
      request.on('data', (piece) => puts.push(`${request.headers['content-type']} ${piece}`));
      request.on('end', () => response.writeHead(201).end());
    });
    await client.tag(`${host}/a`, digest, ['x', 'y']);
    expect(puts).toEqual(['application/x {"a": 1}', 'application/x {"a": 1}']);
  });
});
