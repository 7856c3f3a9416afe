// What services answer: registries, Yandex Cloud, GitHub, makers of tools; and bytes on the wire.
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { ActionError, finding } from '../../../src/core/errors.ts';
import { type GitHub, TransportError } from '../../../src/core/ports.ts';
import { Secret } from '../../../src/core/secret.ts';
import { compareCommits } from '../../../src/github/compare.ts';
import { recordDeployment } from '../../../src/github/deployment.ts';
import { keepComment } from '../../../src/github/pull-request.ts';
import { runStatus } from '../../../src/github/run-status.ts';
import { connectCluster } from '../../../src/platform/cluster.ts';
import { realHttp } from '../../../src/platform/http.ts';
import { loadKubeconfig } from '../../../src/platform/kubeconfig.ts';
import { registryClient } from '../../../src/registry/client.ts';
import { dockerConfig, storedLogin } from '../../../src/registry/docker-config.ts';
import { catalog } from '../../../src/tools/catalog.ts';
import { resolveVersion } from '../../../src/tools/versions.ts';
import { openCloud } from '../../../src/yandex/cloud.ts';
import { findCluster } from '../../../src/yandex/cluster.ts';
import { canaries } from '../../support/canaries.ts';
import { outcomes } from '../../support/report/outcomes.ts';
import { mutated, spliced, text, value } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import { isRecord, quickClock, rememberingLog, scriptedHttp } from '../doors.ts';
import { target } from '../target.ts';

const challenge = fc.oneof(
  {
    weight: 3,
    arbitrary: spliced(
      fc.constantFrom(
        'Bearer realm="https://registry.example/token",service="registry.example",scope="x"',
        'Bearer realm="http://127.0.0.1:1/token"',
        'Basic realm="x"',
        'Negotiate, Basic realm="x"',
      ),
    ),
  },
  { weight: 1, arbitrary: text },
);

const body = fc.oneof(
  {
    weight: 3,
    arbitrary: mutated({ errors: [{ code: 'DENIED', message: 'no', detail: {} }] }).map((each) => ({
      $json: each,
    })),
  },
  {
    weight: 2,
    arbitrary: mutated({ token: 't', access_token: 'u', expires_in: 300 }).map((each) => ({
      $json: each,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('<!DOCTYPE html><html>no</html>', 'null', '[]', '"x"', ''),
  },
  { weight: 1, arbitrary: text },
);

const registryAnswer = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      status: fc.constant(401),
      headers: fc.record({ 'www-authenticate': challenge }),
      body,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      status: fc.constantFrom(200, 201, 202, 301, 400, 401, 403, 404, 405, 429, 500, 503),
      headers: fc.record(
        {
          'docker-content-digest': fc.oneof(text, fc.constant(`sha256:${'a'.repeat(64)}`)),
          'content-type': text,
          location: fc.oneof(
            text,
            fc.constantFrom('http://[', '/v2/x?y=z', 'https://registry.example/u'),
          ),
          'www-authenticate': challenge,
        },
        { requiredKeys: [] },
      ),
      body,
    }),
  },
  { weight: 1, arbitrary: fc.record({ lost: text }) },
);

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const key = {
  id: 'ajekey',
  serviceAccountId: 'ajesa',
  privateKey: new Secret(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
};

const endpoints = {
  endpoints: [
    { id: 'iam', address: 'iam.api.cloud.yandex.net:443' },
    { id: 'managed-kubernetes', address: 'mks.api.cloud.yandex.net:443' },
    { id: 'oauth', address: 'auth.yandex.cloud:443' },
  ],
};
const cluster = {
  id: 'cat1',
  name: 'main',
  status: 'RUNNING',
  master: {
    version: '1.34',
    endpoints: { externalV4Endpoint: 'https://127.0.0.1', internalV4Endpoint: 'https://10.0.0.1' },
    masterAuth: {
      clusterCaCertificate: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n',
    },
  },
  networkPolicy: { provider: 'CALICO' },
};
const refusal = {
  code: 7,
  message: 'Permission denied',
  details: [{ '@type': 'x/google.rpc.RequestInfo', requestId: 'r' }],
};

const cloudAnswer = (base: unknown) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: mutated(base, 2).map((each) => ({ status: 200, body: { $json: each } })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        status: fc.constantFrom(400, 401, 403, 404, 429, 500, 503),
        headers: fc.record({ 'x-request-id': text }, { requiredKeys: [] }),
        body: mutated(refusal).map((each) => ({ $json: each })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ status: fc.constant(200), body: text }) },
    { weight: 1, arbitrary: fc.record({ lost: text }) },
  );

const asJson = (given: unknown): unknown => given;

function scriptedGithub(answers: readonly unknown[]): GitHub {
  let index = 0;
  const next = async () => {
    const given = answers[index % Math.max(1, answers.length)];
    index += 1;
    if (index > 400) throw new Error('more than 400 requests');
    if (!isRecord(given)) return { status: 200, data: given };
    if (given['lost'] !== undefined) throw new TransportError('ECONNRESET', String(given['lost']));
    return { status: Number(given['status']) || 200, data: given['data'] };
  };
  return { send: next, list: next };
}

const deployments = [{ id: 1, environment: 'staging', payload: {}, statuses: [] }];
const comments = [
  {
    id: 1,
    body: '<!-- webgen-deploy shop staging -->\nx',
    user: { type: 'Bot' },
    author_association: 'NONE',
  },
];

const githubAnswer = fc.oneof(
  { weight: 2, arbitrary: mutated({ status: 200, data: deployments }) },
  { weight: 2, arbitrary: mutated({ status: 200, data: comments }) },
  { weight: 2, arbitrary: mutated({ status: 201, data: { id: 5, status: 'completed' } }) },
  {
    weight: 1,
    arbitrary: fc.record({
      status: fc.constantFrom(200, 201, 401, 403, 404, 422, 500),
      data: value,
    }),
  },
  { weight: 1, arbitrary: fc.record({ lost: text }) },
);

/** A server on loopback that answers every request with the bytes of the case, and closes. */
const wire: { bytes: Uint8Array; port: number; server?: Server } = {
  bytes: new Uint8Array(),
  port: 0,
};
const sockets = new Set<Socket>();

async function answering(bytes: Buffer): Promise<number> {
  wire.bytes = bytes;
  if (wire.server) return wire.port;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => socket.end(wire.bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  wire.server = server;
  wire.port = (server.address() as { readonly port: number }).port;
  return wire.port;
}

const response = fc.record({
  line: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'HTTP/1.1 200 OK',
        'HTTP/1.1 302 Found',
        'HTTP/1.1 403 No',
        'HTTP/1.1 500 X',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'HTTP/1.1 999 X',
        'HTTP/1.1 099 X',
        'HTTP/9.9 200',
        'ICY 200 OK',
        '',
      ),
    },
    { weight: 1, arbitrary: text },
  ),
  headers: fc.array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'location: http://[',
          'location: //',
          'location: https://',
          'content-type: application/json',
        ],
        ...[
          'content-encoding: gzip',
          'content-encoding: br',
          'retry-after: -1',
          'retry-after: 1e9',
        ],
        ...[
          'transfer-encoding: chunked',
          'content-length: 5',
          'content-length: -1',
          'content-length: 1e9',
        ],
        ...['date: never', 'connection: keep-alive', 'content-type: application/json;stream=watch'],
      ),
      text.map((each) => ({ $join: ['x: ', each] })),
    ),
    { maxLength: 4 },
  ),
  body: fc.oneof(
    { weight: 2, arbitrary: body },
    { weight: 1, arbitrary: value.map((each) => ({ $json: each })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '5\r\nhello\r\n0\r\n\r\n',
        'zz\r\n',
        '{"a":1}\n{"b":',
        '\u001f\u008b',
      ),
    },
  ),
});

export const serviceTargets = {
  registry: target<readonly unknown[]>(
    fc.array(registryAnswer, { minLength: 1, maxLength: 6 }),
    async (answers) => {
      const client = registryClient({
        host: 'registry.example',
        http: scriptedHttp(answers),
        login: async () => ({ username: 'robot', password: new Secret(canaries[0] ?? '') }),
        mask: () => undefined,
      });
      const repository = 'registry.example/shop/backend';
      const tried = [
        () => client.find(repository, '1'),
        () => client.checkPush(repository),
        () => client.tag(repository, `sha256:${'a'.repeat(64)}`, ['1', '2']),
      ];
      const findings = [];
      for (const each of tried) {
        const error = await each().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined && !(error instanceof ActionError)) throw error;
        findings.push(...(error?.findings ?? []));
      }
      return { findings };
    },
  ),

  'docker-configuration': target<unknown>(
    fc.oneof(
      mutated({
        auths: { 'registry.example': { auth: 'YTpi' } },
        credsStore: 'x',
        credHelpers: {},
      }).map((each) => ({ $json: each })),
      text,
    ),
    (given) => {
      const existing = textOf(given);
      const login = storedLogin(existing, 'registry.example');
      dockerConfig(existing, {
        plugins: '/p',
        own: { host: 'registry.example', login: { username: 'a', password: new Secret('b') } },
      });
      return { lines: [login ? 'a login' : 'none'] };
    },
  ),

  yandex: target<{ readonly answers: readonly unknown[]; readonly by: string }>(
    fc.record({
      by: fc.constantFrom('key', 'oidc', 'token'),
      answers: fc.tuple(
        cloudAnswer(endpoints),
        cloudAnswer({
          iamToken: 't1.x',
          expiresAt: '2026-11-27T20:00:00Z',
          value: 'a.b.c',
          access_token: 'x',
          expires_in: 9,
        }),
        cloudAnswer({
          ...cluster,
          clusters: [cluster],
          nextPageToken: '',
          access_token: 'x',
          expires_in: 9,
        }),
        cloudAnswer({ ...cluster, clusters: [cluster], nextPageToken: 'next' }),
      ),
    }),
    async ({ answers, by }) => {
      const http = scriptedHttp(asJson(answers));
      const log = rememberingLog();
      const ports = { http, log, clock: quickClock() };
      const credentials =
        by === 'key'
          ? ({ by: 'key', key } as const)
          : by === 'oidc'
            ? ({ by: 'oidc', serviceAccountId: 'ajesa' } as const)
            : ({ by: 'token', token: new Secret('t1.given-token') } as const);
      const idToken = { url: 'https://token.example/?a=b', token: new Secret('request-token') };
      const cloud = await openCloud(
        credentials,
        { apiEndpoint: 'https://api.example', idToken },
        ports,
      );
      const token = await cloud.tokens.get(60_000);
      const lookup = { http, endpoints: cloud.endpoints, token, endpoint: 'external' } as const;
      const found = await findCluster({ by: 'name', name: 'main', folderId: 'f' }, lookup);
      await findCluster({ by: 'id', id: 'cat1' }, lookup);
      return { lines: [...log.lines, found.name, found.server, found.version] };
    },
  ),

  github: target<readonly unknown[]>(
    fc.array(githubAnswer, { minLength: 1, maxLength: 6 }),
    async (answers) => {
      const log = rememberingLog();
      const github = scriptedGithub(Array.isArray(answers) ? answers : []);
      const runUrl = 'https://github.com/org/shop/actions/runs/1';
      const on = {
        github,
        owner: 'org',
        repo: 'shop',
        server: 'https://github.com',
        runUrl,
        attempt: 1,
        sha: 'abc',
      };
      const record = recordDeployment({
        on,
        app: 'shop',
        environment: 'staging',
        log,
        clock: quickClock(),
      });
      const outcome = outcomes['deployed'];
      if (outcome) await record.finish(outcome);
      const marker = '<!-- webgen-deploy shop staging -->';
      const why = await keepComment({ on, number: 3 }, { marker, body: `${marker}\ny` });
      await runStatus(on, log)('https://github.com/org/shop/actions/runs/2/attempts/1#x');
      const waiting = { clock: quickClock(), signal: new AbortController().signal };
      const compared = await compareCommits(on, { base: 'a', head: 'b' }, waiting);
      return { lines: [...log.lines, why ?? '', JSON.stringify(compared)] };
    },
  ),

  versions: target<{ readonly asked: unknown; readonly answers: readonly unknown[] }>(
    fc.record({
      asked: fc.oneof(
        fc.constantFrom('auto', 'latest', '1.34', '>=1.0 <1.2', '~1.30.0', '*', '>1'),
        text,
      ),
      answers: fc.array(
        fc.oneof(
          fc
            .constantFrom('v1.34.2', 'v1.999999.999999', 'v1.1000000000.0', '1.2.3-rc.1+x')
            .map((each) => ({ body: each })),
          text.map((each) => ({ body: each })),
          fc.record({ status: fc.constantFrom(404, 500), body: text }),
          fc.record({ lost: text }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    async ({ asked, answers }) => {
      const version = await resolveVersion({
        tool: catalog.kubectl,
        asked: textOf(asked),
        platform: { os: 'linux', arch: 'amd64' },
        http: scriptedHttp(answers),
        maker: 'https://dl.k8s.io',
      });
      return { lines: [version] };
    },
  ),

  wire: target<{
    readonly line: unknown;
    readonly headers: readonly unknown[];
    readonly body: unknown;
  }>(response, async ({ line, headers, body: given }) => {
    const content = textOf(given);
    const bytes = [textOf(line), ...headers.map(textOf), '', content].join('\r\n');
    const port = await answering(Buffer.from(bytes, 'latin1'));
    const http = realHttp({ clock: quickClock(), userAgent: 'fuzz', environment: {}, attempts: 2 });
    const url = `http://127.0.0.1:${port}/`;
    const findings = [];
    try {
      await http.send({ url, redirect: 'same-host', timeoutMs: 1_000, maxBytes: 2 ** 20 });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const evidence = [`${error.reason}: ${error.message}`];
      findings.push(finding('registry-unreachable', 'no answer', { evidence }));
    }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: { token: 'abcdefgh' } }],
      contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    };
    const access = await loadKubeconfig(new Secret(JSON.stringify(config)));
    const server = connectCluster(access, { userAgent: 'fuzz', environment: {} });
    try {
      await server.send({ method: 'GET', path: '/api/v1', timeoutMs: 1_000 });
      await server.stream(
        { method: 'GET', path: '/api/v1/pods?watch=1', timeoutMs: 1_000 },
        () => undefined,
      );
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      findings.push(finding('cluster-unreachable', `${error.reason}: ${error.message}`));
    } finally {
      await server.close();
    }
    return { findings };
  }),
};
