import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Cluster, TransportError } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import { type ClusterAccess, connectCluster } from '../../src/platform/cluster.ts';
import {
  json,
  makeCertificate,
  type ScriptedServer,
  scriptedServer,
} from '../support/cluster/scripted-server.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanup.splice(0).reverse()) await each();
});

async function serve(options: { http2?: boolean } = {}): Promise<ScriptedServer> {
  const server = await scriptedServer(options);
  cleanup.push(() => server.close());
  return server;
}

function connected(server: ScriptedServer, more: Partial<ClusterAccess> = {}): Cluster {
  const access: ClusterAccess = {
    server: server.url,
    tls: { ca: server.certificate },
    authorization: async () => new Secret('Bearer one'),
    ...more,
  };
  const cluster = connectCluster(access, { userAgent: 'webgen-deploy/1', environment: {} });
  cleanup.push(() => cluster.close());
  return cluster;
}

async function failureOf(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError;
}

describe('requests', () => {
  test('sends JSON with its headers and reads JSON', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 201, { kind: 'ConfigMap' }));
    const answer = await connected(server).send({
      method: 'PATCH',
      path: '/api/v1/namespaces/a/configmaps/b?fieldManager=x',
      body: { data: { a: 'ü' } },
      contentType: 'application/apply-patch+yaml',
    });
    expect(answer).toMatchObject({ status: 201, body: { kind: 'ConfigMap' } });
    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/a/configmaps/b?fieldManager=x',
      body: '{"data":{"a":"ü"}}',
      headers: {
        authorization: 'Bearer one',
        'content-type': 'application/apply-patch+yaml',
        accept: 'application/json',
        'user-agent': 'webgen-deploy/1',
      },
    });
  });

  test('reads logs as text and unpacks gzip', async () => {
    const server = await serve();
    server.script(({ path }, response) => {
      if (path.endsWith('/log')) {
        response.writeHead(200, { 'content-type': 'text/plain' }).end('{"not":"json for us"}\n');
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync('{"items":[]}'));
    });
    const cluster = connected(server);
    const log = await cluster.send({ method: 'GET', path: '/pods/a/log', accept: '*/*' });
    expect(log.body).toBe('{"not":"json for us"}\n');
    const list = await cluster.send({ method: 'GET', path: '/pods' });
    expect(list.body).toEqual({ items: [] });
  });

  test('reveals a Secret inside a body and nowhere else', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 200, {}));
    const body = { data: { key: new Secret('cGFzc3dvcmQ=') } };
    await connected(server).send({ method: 'PATCH', path: '/x', body });
    expect(server.requests[0]?.body).toBe('{"data":{"key":"cGFzc3dvcmQ="}}');
    expect(JSON.stringify(body)).toBe('{"data":{"key":"***"}}');
  });

  test('keeps the path of the server and sends impersonation headers', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 200, {}));
    const cluster = connected(server, {
      server: `${server.url}/k8s/clusters/c-1/`,
      headers: { 'Impersonate-User': 'jane', 'Impersonate-Group': ['a', 'b'] },
    });
    await cluster.send({ method: 'GET', path: '/api/v1' });
    expect(server.requests[0]).toMatchObject({
      path: '/k8s/clusters/c-1/api/v1',
      headers: { 'impersonate-user': 'jane', 'impersonate-group': 'a, b' },
    });
  });
});

describe('one kept connection', () => {
  test('HTTP/2: many requests at once go over a single socket', async () => {
    const server = await serve();
    let most = 0;
    let running = 0;
    server.script(async (_, response) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      json(response, 200, {});
    });
    const cluster = connected(server);
    const path = '/api/v1/namespaces';
    await Promise.all(
      Array.from({ length: 60 }, () => cluster.send({ method: 'PATCH', path, body: {} })),
    );
    expect(server.connections).toBe(1);
    expect(server.requests.map((each) => each.version)).toEqual(Array(60).fill('2.0'));
    expect(most).toBeGreaterThan(40);
  });

  test('HTTP/1.1: sixteen sockets are kept and used again', async () => {
    const server = await serve({ http2: false });
    server.script(async (_, response) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      json(response, 200, {});
    });
    const cluster = connected(server);
    await Promise.all(
      Array.from({ length: 80 }, () => cluster.send({ method: 'PATCH', path: '/', body: {} })),
    );
    expect(server.requests).toHaveLength(80);
    expect(server.requests[0]?.version).toBe('1.1');
    expect(server.connections).toBeLessThanOrEqual(16);
  });

  test('a watch has a connection of its own', async () => {
    const server = await serve();
    server.script(({ path }, response) => {
      if (path === '/watch')
        response.writeHead(200, { 'content-type': 'application/json' }).write('\n');
      else json(response, 200, {});
    });
    const cluster = connected(server);
    const stop = new AbortController();
    const watch = cluster.stream({ method: 'GET', path: '/watch', signal: stop.signal }, () => {});
    await cluster.send({ method: 'GET', path: '/' });
    expect(server.connections).toBe(2);
    stop.abort(new Error('enough'));
    await expect(watch).rejects.toThrow('enough');
  });

  test('what a GOAWAY leaves behind is sent again over a new connection', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 200, {}));
    const cluster = connected(server);
    await cluster.send({ method: 'GET', path: '/' });
    server.sessions[0]?.goaway(0);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => cluster.send({ method: 'PATCH', path: '/', body: {} })),
    );
    expect(answers.map((each) => each.status)).toEqual(Array(20).fill(200));
    expect(server.connections).toBe(2);
  });
});

describe('credentials', () => {
  test('a refused one is renewed once, for all that were refused together', async () => {
    const server = await serve();
    server.script(({ headers }, response) =>
      json(response, headers['authorization'] === 'Bearer two' ? 200 : 401, {}),
    );
    let token = 'Bearer one';
    let renewals = 0;
    const cluster = connected(server, {
      authorization: async (refresh) => {
        if (refresh) {
          renewals += 1;
          await new Promise((resolve) => setTimeout(resolve, 50));
          token = 'Bearer two';
        }
        return new Secret(token);
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => cluster.send({ method: 'GET', path: '/' })),
    );
    expect(answers.map((each) => each.status)).toEqual(Array(10).fill(200));
    expect(renewals).toBe(1);
  });

  test('the second refusal is the answer', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 401, { kind: 'Status' }));
    const answer = await connected(server).send({ method: 'GET', path: '/' });
    expect(answer.status).toBe(401);
    expect(server.requests).toHaveLength(1);
  });
});

describe('no answer', () => {
  const get = { method: 'GET', path: '/' } as const;

  test('names the reason: refused, unknown name, untrusted certificate', async () => {
    const server = await serve();
    const { port } = server;
    const untrusted = connected(server, { tls: {} });
    expect((await failureOf(untrusted.send(get))).reason).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    const other = connected(server, { tls: { ca: makeCertificate().cert } });
    expect((await failureOf(other.send(get))).reason).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    await server.close();
    const refused = await failureOf(connected(server).send(get));
    expect(refused.reason).toBe('ECONNREFUSED');
    expect(refused.message).toContain(String(port));
    const unknown = connected(server, { server: 'https://no-such-host.invalid' });
    expect((await failureOf(unknown.send(get))).reason).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  test('a key that is none is named, and a bug is not taken for a broken network', async () => {
    const server = await serve();
    const cluster = connected(server, {
      tls: { ca: server.certificate, cert: server.certificate, key: 'none' },
    });
    expect((await failureOf(cluster.send(get))).reason).toMatch(/^ERR_OSSL_/);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const sent = connected(server).send({ ...get, method: 'PATCH', body: circular });
    await expect(sent).rejects.toBeInstanceOf(TypeError);
  });

  test('a server of plain HTTP is named, not taken for a broken network', async () => {
    const plain = createServer((_, response) => response.end('hello'));
    await listening(plain);
    const { port } = plain.address() as AddressInfo;
    const server = await serve();
    const cluster = connected(server, { server: `https://127.0.0.1:${port}` });
    expect((await failureOf(cluster.send(get))).reason).toBe('EPROTO');
  });

  test.each([true, false])('a cut connection, HTTP/2: %s', async (http2) => {
    const server = await serve({ http2 });
    server.script(() => server.cut());
    const error = await failureOf(connected(server).send(get));
    expect(error.reason).toMatch(/^(ECONNRESET|GOAWAY)$/);
  });

  test('an answer that is cut short is no answer', async () => {
    const server = await serve({ http2: false });
    server.script((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"items":');
      setTimeout(() => server.cut(), 20);
    });
    expect((await failureOf(connected(server).send(get))).reason).toBe('ECONNRESET');
  });

  test('silence ends with the time limit, and the next request takes a new connection', async () => {
    const server = await serve();
    const cluster = connected(server);
    server.script((_, response) => json(response, 200, {}));
    // Its connection is there: a busy machine might not make one in the tenth of a second.
    expect((await cluster.send(get)).status).toBe(200);
    server.script(() => undefined);
    const began = performance.now();
    const error = await failureOf(cluster.send({ ...get, timeoutMs: 100 }));
    expect(error).toMatchObject({ reason: 'NO_ANSWER', message: 'no answer within 0.1 s' });
    expect(performance.now() - began).toBeLessThan(1500);
    server.script((_, response) => json(response, 200, {}));
    expect((await cluster.send(get)).status).toBe(200);
    expect(server.connections).toBe(2);
  });

  test('errors hold neither the credentials nor the body', async () => {
    const server = await serve();
    server.script(() => server.cut());
    const cluster = connected(server, { authorization: async () => new Secret('Bearer hush') });
    const error = await failureOf(
      cluster.send({ method: 'PATCH', path: '/', body: { a: 'hush' } }),
    );
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('hush');
  });

  test('an abort ends a request at once, with its own reason', async () => {
    const server = await serve();
    server.script(() => undefined);
    const stop = new AbortController();
    const sent = connected(server).send({ ...get, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(sent).rejects.toThrow('enough');
  });
});

test('after close nothing is sent, and what still ran has ended', async () => {
  const server = await serve();
  server.script(() => undefined);
  const cluster = connected(server);
  const running = failureOf(cluster.send({ method: 'GET', path: '/' }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await cluster.close();
  expect((await running).reason).toBe('ECONNRESET');
  const late = cluster.send({ method: 'GET', path: '/' });
  await expect(late).rejects.toThrow(new Error('the connection to the cluster was closed'));
  expect(server.requests).toHaveLength(1);
});

describe('streams', () => {
  test('lines may be cut anywhere, inside a character too, and be long', async () => {
    const server = await serve();
    const long = 'ж'.repeat(300_000);
    const bytes = Buffer.from(`{"a":"привет"}\n\n{"b":"${long}"}\n{"c":1}\n{"cut":`);
    server.script(async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let at = 0; at < 20; at += 1) {
        response.write(bytes.subarray(at, at + 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end(bytes.subarray(20));
    });
    const events: unknown[] = [];
    const answer = await connected(server).stream({ method: 'GET', path: '/' }, (event) =>
      events.push(event),
    );
    expect(answer.status).toBe(200);
    expect(events).toEqual([{ a: 'привет' }, { b: long }, { c: 1 }]);
  });

  test('events come while the stream is open', async () => {
    const server = await serve();
    server.script((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"first":1}\n');
    });
    const stop = new AbortController();
    const seen: unknown[] = [];
    const request = { method: 'GET', path: '/', signal: stop.signal, timeoutMs: 100 } as const;
    const stream = connected(server).stream(request, (event) => {
      seen.push(event);
      // Longer than the time limit, which is for the answer and not for the stream.
      setTimeout(() => stop.abort(new Error('enough')), 200);
    });
    await expect(stream).rejects.toThrow('enough');
    expect(seen).toEqual([{ first: 1 }]);
  });

  test('an answer that is no success comes as a whole', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 410, { kind: 'Status', code: 410 }));
    const never = () => {
      throw new Error('no event was sent');
    };
    const answer = await connected(server).stream({ method: 'GET', path: '/' }, never);
    expect(answer).toMatchObject({ status: 410, body: { code: 410 } });
  });

  test('a line that is no JSON is a broken stream', async () => {
    const server = await serve();
    server.script((_, response) => response.writeHead(200).end('<html>\n'));
    const stream = connected(server).stream({ method: 'GET', path: '/' }, () => undefined);
    expect((await failureOf(stream)).reason).toBe('EPROTO');
  });

  test('what a handler throws comes out as it is', async () => {
    const server = await serve();
    server.script((_, response) => response.writeHead(200).end('{}\n'));
    const bug = Object.assign(new Error('a bug'), { code: 'ECONNRESET' });
    const stream = connected(server).stream({ method: 'GET', path: '/' }, () => {
      throw bug;
    });
    await expect(stream).rejects.toBe(bug);
  });
});

describe('proxies', () => {
  async function proxyOf(answer: number, targets: string[]): Promise<string> {
    const proxy = createServer();
    proxy.on('connect', ({ url = '', headers }, client) => {
      targets.push(`${url} ${headers['proxy-authorization'] ?? ''}`);
      if (answer !== 200) {
        client.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
        return;
      }
      const upstream = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const each of [upstream, client]) each.on('error', () => undefined);
    });
    await listening(proxy);
    return `http://me:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }

  test('HTTP/2 goes through a tunnel, the proxy gets its own credentials only', async () => {
    const server = await serve();
    server.script((_, response) => json(response, 200, {}));
    const targets: string[] = [];
    const cluster = connected(server, { proxyUrl: await proxyOf(200, targets) });
    const all = Array.from({ length: 10 }, () => cluster.send({ method: 'GET', path: '/' }));
    expect((await Promise.all(all)).map((each) => each.status)).toEqual(Array(10).fill(200));
    const login = Buffer.from('me:p@ss').toString('base64');
    expect(targets).toEqual([`127.0.0.1:${server.port} Basic ${login}`]);
    expect(server.requests[0]?.version).toBe('2.0');
  });

  test('a proxy that refuses is named', async () => {
    const server = await serve();
    const cluster = connected(server, { proxyUrl: await proxyOf(403, []) });
    const error = await failureOf(cluster.send({ method: 'GET', path: '/' }));
    expect(error).toMatchObject({
      reason: 'PROXY_REFUSED',
      message: 'the proxy answered CONNECT with 403',
    });
  });

  test('a proxy that is not there is named, without its login', async () => {
    const server = await serve();
    const cluster = connected(server, { proxyUrl: 'http://me:secret@127.0.0.1:9' });
    const error = await failureOf(cluster.send({ method: 'GET', path: '/' }));
    expect(error).toMatchObject({
      reason: 'PROXY_UNREACHABLE',
      message: 'the proxy http://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9',
    });
  });
});

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => {
    server.closeAllConnections();
    server.close();
  });
}
