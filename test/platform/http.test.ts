import { createServer } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import { type Retry, realHttp } from '../../src/platform/http.ts';
import { certificate, privateKey } from '../support/platform/certificate.ts';
import { connectProxy, type Handler, type Running, serve } from '../support/platform/servers.ts';

const running: Running[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function server(handler: Handler): Promise<Running> {
  const made = await serve(handler);
  running.push(made);
  return made;
}

/** Answers with these statuses in turn, the last one again and again. */
const inTurn = (...answers: readonly [number, Record<string, string>?][]): Handler => {
  let next = 0;
  return (_request, response) => {
    const [status, headers = {}] = answers[Math.min(next, answers.length - 1)] ?? [500];
    next += 1;
    response.writeHead(status, headers).end(`answer ${next}`);
  };
};

function client(environment: Record<string, string> = {}) {
  const retries: Retry[] = [];
  const slept: number[] = [];
  const clock: Clock = {
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    sleep: async (ms) => {
      slept.push(ms);
    },
  };
  const onRetry = (retry: Retry) => retries.push(retry);
  const http = realHttp({ clock, userAgent: 'webgen-deploy/test', environment, onRetry });
  return { http, retries, slept };
}

describe('retries', () => {
  test('5xx until it passes, with growing jittered waits, each one told', async () => {
    const { url, seen } = await server(inTurn([503], [502], [500], [200]));
    const { http, retries, slept } = client();
    const response = await http.send({ url: `${url}/path?token=x` });
    expect(response).toMatchObject({ status: 200, body: 'answer 4' });
    expect(seen).toHaveLength(4);
    expect(retries.map((each) => [each.url, each.reason, each.attempt])).toEqual([
      [`${url}/path`, '503', 1],
      [`${url}/path`, '502', 2],
      [`${url}/path`, '500', 3],
    ]);
    const limits = [200, 400, 800];
    for (const [index, ms] of slept.entries()) {
      expect(ms).toBeLessThanOrEqual(limits[index] ?? 0);
      expect(ms).toBeGreaterThanOrEqual((limits[index] ?? 0) / 2);
    }
  });

  test('four attempts, then the last answer as it is', async () => {
    const { url, seen } = await server(inTurn([503]));
    const { http } = client();
    expect(await http.send({ url })).toMatchObject({ status: 503, body: 'answer 4' });
    expect(seen).toHaveLength(4);
  });

  test.each([
    ['3', 3_000],
    ['600', 30_000],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['0', 0],
  ])('429 waits as Retry-After %s says: %d ms', async (value, ms) => {
    const { url } = await server(inTurn([429, { 'retry-after': value }], [200]));
    const { http, slept } = client();
    expect((await http.send({ url })).status).toBe(200);
    expect(slept).toEqual([ms]);
  });

  test.each([400, 401, 403, 404, 409])('not %d', async (status) => {
    const { url, seen } = await server(inTurn([status]));
    expect((await client().http.send({ url })).status).toBe(status);
    expect(seen).toHaveLength(1);
  });

  test('a broken connection, then TransportError with the reason', async () => {
    const { url, seen } = await server((request) => request.socket.destroy());
    const { http, retries } = client();
    await expect(http.send({ url })).rejects.toMatchObject({
      name: 'TransportError',
      reason: 'ECONNRESET',
    });
    expect(seen).toHaveLength(4);
    expect(retries.map((each) => each.reason)).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET']);
  });

  test('a refused connection', async () => {
    const closed = await serve(inTurn([200]));
    await closed.close();
    const { http, retries } = client();
    await expect(http.send({ url: closed.url })).rejects.toMatchObject({ reason: 'ECONNREFUSED' });
    expect(retries).toHaveLength(3);
  });

  test('an answer that ends in its middle', async () => {
    let first = true;
    const { url } = await server((_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      if (first) response.flushHeaders();
      setTimeout(() => (first ? response.destroy() : response.end('whole!')), 50);
      setTimeout(() => (first = false), 60);
    });
    expect((await client().http.send({ url })).body).toBe('halfwhole!');
  });
});

describe('limits', () => {
  test('time, without a second attempt', async () => {
    const { url, seen } = await server(() => undefined);
    await expect(client().http.send({ url, timeoutMs: 100 })).rejects.toMatchObject({
      name: 'TransportError',
      reason: 'TIME_LIMIT',
    });
    expect(seen).toHaveLength(1);
  });

  test('time, also where the body drips', async () => {
    const { url } = await server((_request, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const sent = client().http.send({ url, timeoutMs: 200 });
    await expect(sent).rejects.toMatchObject({ reason: 'TIME_LIMIT' });
  });

  test('size', async () => {
    const { url, seen } = await server((_request, response) => response.end('x'.repeat(2_000)));
    const { http } = client();
    await expect(http.send({ url, maxBytes: 1_999 })).rejects.toMatchObject({
      reason: 'TOO_LARGE',
    });
    expect((await http.send({ url, maxBytes: 2_000 })).body).toHaveLength(2_000);
    expect(seen).toHaveLength(2);
  });

  test('the run’s own signal ends a request and the wait for the next', async () => {
    const stop = new AbortController();
    const { url, seen } = await server(() => stop.abort(new Error('cancelled')));
    const clock: Clock = { now: () => 0, sleep: async () => undefined };
    const http = realHttp({ clock, userAgent: 'x', environment: {}, signal: stop.signal });
    await expect(http.send({ url })).rejects.toThrow('cancelled');
    expect(seen).toHaveLength(1);
  });
});

describe('redirects', () => {
  test('are not followed unless asked', async () => {
    const { url, seen } = await server(inTurn([302, { location: '/elsewhere' }], [200]));
    expect(await client().http.send({ url })).toMatchObject({ status: 302 });
    expect(seen).toEqual(['GET /']);
  });

  test('same-host stays on the host, headers with it', async () => {
    const { url, seen } = await server((request, response) => {
      if (request.url === '/end') response.end(`hello ${request.headers.authorization}`);
      else response.writeHead(307, { location: '/end' }).end();
    });
    const headers = { authorization: new Secret('Bearer t') };
    const answer = await client().http.send({ url, headers, redirect: 'same-host' });
    expect(answer.body).toBe('hello Bearer t');
    expect(seen).toEqual(['GET /', 'GET /end']);
  });

  test('same-host never leaves it; any-host does, without the headers', async () => {
    const other = await server((request, response) => {
      response.end(`other ${request.headers.authorization ?? 'nobody'}`);
    });
    const { url } = await server(inTurn([302, { location: `${other.url}/x` }]));
    const headers = { authorization: new Secret('Bearer t') };
    const { http } = client();
    expect((await http.send({ url, headers, redirect: 'same-host' })).status).toBe(302);
    expect(other.seen).toEqual([]);
    const left = await http.send({ url, headers, redirect: 'any-host' });
    expect(left.body).toBe('other nobody');
  });

  test('that go round in a circle end', async () => {
    const { url, seen } = await server(inTurn([302, { location: '/' }]));
    expect((await client().http.send({ url, redirect: 'same-host' })).status).toBe(302);
    expect(seen).toHaveLength(6);
  });
});

describe('proxies', () => {
  test('of the environment lead to the server, by CONNECT, the certificate checked', async () => {
    const target = await serve(inTurn([200]), { cert: certificate, key: privateKey });
    const proxy = await connectProxy(target.port);
    running.push(target, proxy);
    const { http } = client({ HTTPS_PROXY: proxy.url });
    setDefaultCACertificates([...getCACertificates(), certificate]);
    expect(await http.send({ url: 'https://cloud.test/x' })).toMatchObject({ status: 200 });
    expect(proxy.seen).toEqual(['CONNECT cloud.test:443']);
    await expect(http.send({ url: 'https://other.test/x' })).rejects.toMatchObject({
      name: 'TransportError',
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test.each([
    [407, 'PROXY_REFUSED', 0],
    [502, 'PROXY_FAILED', 3],
  ])('that answer %i are named: %s, asked again %i times', async (status, reason, again) => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as AddressInfo;
    const { http, retries } = client({ HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}` });
    const message = `the proxy answered CONNECT with ${status}`;
    const sending = http.send({ url: 'https://cloud.test/x' });
    await expect(sending).rejects.toMatchObject({ reason, message });
    expect(retries).toHaveLength(again);
    proxy.close();
  });

  test('that are not there are named without their login', async () => {
    const { http, retries } = client({ HTTPS_PROXY: 'http://me:secret@127.0.0.1:9' });
    await expect(http.send({ url: 'https://cloud.test/x' })).rejects.toMatchObject({
      reason: 'PROXY_UNREACHABLE',
      message: 'the proxy http://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9',
    });
    expect(retries).toHaveLength(3);
  });

  test('are not asked for loopback', async () => {
    const target = await server(inTurn([200]));
    const proxy = await connectProxy(target.port);
    running.push(proxy);
    const { http } = client({ http_proxy: proxy.url, https_proxy: proxy.url });
    expect((await http.send({ url: target.url })).status).toBe(200);
    expect(proxy.seen).toEqual([]);
  });
});

test('a request carries method, body, headers and who asks', async () => {
  const { url } = await server((request, response, body) => {
    const { 'user-agent': agent, 'x-one': one } = request.headers;
    response.setHeader('X-Request-Id', 'r1');
    response.end(JSON.stringify({ method: request.method, body, agent, one }));
  });
  const body = new Secret('{"jwt":"x"}');
  const answer = await client().http.send({ method: 'POST', url, body, headers: { 'x-one': '1' } });
  expect(JSON.parse(answer.body)).toEqual({
    method: 'POST',
    body: '{"jwt":"x"}',
    agent: 'webgen-deploy/test',
    one: '1',
  });
  expect(answer.headers['x-request-id']).toBe('r1');
});

test.each([
  'HTTP/9.9 200 OK\r\n\r\n',
  'ICY 200 OK\r\n\r\n',
  'SSH-2.0-x\r\n',
  'HTTP/1.1 200\r\na\r\n\r\n',
])('what speaks no HTTP is an answer that did not come: %j', async (bytes) => {
  const listener = createListener((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(bytes));
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  const { port } = listener.address() as AddressInfo;
  try {
    const sent = client().http.send({ url: `http://127.0.0.1:${port}/` });
    await expect(sent).rejects.toMatchObject({ name: 'TransportError', reason: 'EPROTO' });
  } finally {
    listener.close();
  }
});

describe('what cannot be sent is an answer that did not come', () => {
  test.each(['a\nb', 'ключ', '\0'])('a token %j', async (token) => {
    const { url } = await server(inTurn([200]));
    const headers = { authorization: new Secret(`Bearer ${token}`) };
    const error = await client()
      .http.send({ url, headers })
      .catch((each: Error) => each);
    expect(error).toMatchObject({ name: 'TransportError', reason: 'EPROTO' });
    expect(JSON.stringify(error)).not.toContain(JSON.stringify(token).slice(1, -1));
  });

  test.each(['http://[', 'nonsense', 'file:///etc/passwd'])('an address %s', async (url) => {
    await expect(client().http.send({ url })).rejects.toMatchObject({ reason: 'EPROTO' });
  });
});
