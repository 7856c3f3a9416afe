import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../src/cluster/create-api.ts';
import { ActionError, type Finding } from '../../src/core/errors.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type Cluster,
  TransportError,
} from '../../src/core/ports.ts';
import { fastClock, rememberedLog } from '../support/cluster/fakes.ts';
import { status } from '../support/cluster/scripted-server.ts';

type Step = ApiResponse | TransportError;

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };
const ok: ApiResponse = { status: 200, headers: {}, body: object };
const get: ApiRequest = { method: 'GET', path: '/api/v1/namespaces/web/pods' };
const patch: ApiRequest = { method: 'PATCH', path: '/api/v1/namespaces/web/pods/a', body: {} };

function answer(code: number, reason = '', message = '', details = {}, headers = {}): ApiResponse {
  return { status: code, headers, body: status(code, reason, message, details) };
}

const broken = (reason: string) => new TransportError(reason, `${reason} 10.0.0.1:443`);

/** An API over a cluster that plays the steps, the last one for ever. */
function playing(steps: readonly Step[], factor = 100) {
  const sent: ApiRequest[] = [];
  const at: number[] = [];
  const clock = fastClock(factor);
  const log = rememberedLog();
  const play = async (request: ApiRequest): Promise<ApiResponse> => {
    sent.push(request);
    at.push(clock.now());
    const step = steps[Math.min(sent.length, steps.length) - 1] ?? ok;
    if (step instanceof TransportError) throw step;
    return step;
  };
  const cluster: Cluster = {
    server: 'https://k8s.example:443',
    namespace: 'web',
    send: play,
    stream: play,
    close: async () => undefined,
  };
  return { api: createApi(cluster, { clock, log, random: () => 0.5 }), sent, at, log, clock };
}

async function findingOf(work: Promise<unknown>): Promise<Finding> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ActionError);
  return (error as ActionError).findings[0];
}

describe('what passes by itself is tried again', () => {
  test.each<[string, Step]>([
    ['429', answer(429, 'TooManyRequests')],
    ['502 of a balancer', { status: 502, headers: {}, body: '<html>' }],
    ['503', answer(503, 'ServiceUnavailable')],
    ['504', answer(504, 'Timeout')],
    ['etcd without a leader', answer(500, 'InternalError', 'etcdserver: leader changed')],
    ['etcd too slow', answer(500, '', 'etcdserver: request timed out, possibly due to …')],
    ['a webhook away', answer(500, 'InternalError', 'failed calling webhook "a.b": refused')],
    [
      'a quota in use',
      answer(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "q"'),
    ],
    ['a reset', broken('ECONNRESET')],
    ['GOAWAY', broken('GOAWAY')],
    ['silence', broken('NO_ANSWER')],
    ['name servers', broken('EAI_AGAIN')],
    ['an unknown name, later', broken('ENOTFOUND')],
  ])('%s', async (_, step) => {
    const { api, sent } = playing([ok, step, step, ok]);
    await api.send(get);
    expect(await api.send(patch)).toBe(ok);
    expect(sent).toHaveLength(4);
    expect(api.requests).toBe(4);
  });

  test.each<[string, ApiResponse]>([
    ['400', answer(400, 'BadRequest')],
    ['403', answer(403, 'Forbidden')],
    ['404', answer(404, 'NotFound')],
    ['422', answer(422, 'Invalid')],
    ['500 of another kind', answer(500, 'InternalError', 'boom')],
    [
      'a conflict of field managers',
      answer(409, 'Conflict', 'Apply failed', { causes: [{ reason: 'FieldManagerConflict' }] }),
    ],
  ])('%s is an answer', async (_, step) => {
    const { api, sent } = playing([step]);
    expect(await api.send(patch)).toBe(step);
    expect(sent).toHaveLength(1);
  });

  test('a conflict with a version that the request names stands', async () => {
    const conflict = answer(409, 'Conflict', 'Operation cannot be fulfilled on leases "l"');
    const { api, sent } = playing([conflict]);
    const body = { metadata: { name: 'l', resourceVersion: '7' } };
    expect((await api.send({ ...patch, body })).status).toBe(409);
    expect(sent).toHaveLength(1);
  });

  test('the pauses grow, and Retry-After is honoured', async () => {
    const busy = answer(503, 'ServiceUnavailable');
    const named = answer(429, 'TooManyRequests', '', {}, { 'retry-after': '3' });
    const { api, at } = playing([busy, busy, busy, named, ok], 20);
    await api.send(get);
    const gaps = at.slice(1).map((each, index) => each - (at[index] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(149);
    expect(gaps[1]).toBeGreaterThanOrEqual(299);
    expect(gaps[2]).toBeGreaterThanOrEqual(599);
    expect(gaps[3]).toBeGreaterThanOrEqual(3000);
  });

  test('after two minutes the last answer counts', async () => {
    const busy = answer(503, 'ServiceUnavailable');
    const { api, clock } = playing([busy], 1000);
    const began = clock.now();
    expect(await api.send(get)).toBe(busy);
    expect(clock.now() - began).toBeGreaterThan(100_000);
    expect(clock.now() - began).toBeLessThan(150_000);
  });

  test('an abort ends the waiting', async () => {
    const { api } = playing([answer(503, '')], 1);
    const stop = new AbortController();
    const sent = api.send({ ...get, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });
});

describe('creates', () => {
  const post = (body: unknown): ApiRequest => ({ method: 'POST', path: '/api/v1/x', body });
  const generated = post({ kind: 'Pod', metadata: { generateName: 'a-' } });

  test.each<[string, Step, ApiRequest, number]>([
    ['named, lost', broken('ECONNRESET'), post({ kind: 'Pod', metadata: { name: 'a' } }), 2],
    ['a review, lost', broken('ECONNRESET'), post({ kind: 'SelfSubjectAccessReview' }), 2],
    ['generated, refused', broken('ECONNREFUSED'), generated, 2],
    ['generated, too many', answer(429, ''), generated, 2],
    ['generated, lost', broken('ECONNRESET'), generated, 1],
    ['generated, timed out', answer(504, ''), generated, 1],
  ])('%s', async (_, step, request, times) => {
    const { api, sent } = playing([ok, step, ok]);
    await api.send(get);
    await api.send(request).catch(() => undefined);
    expect(sent).toHaveLength(1 + times);
  });
});

describe('no answer', () => {
  test('an address that never answered is given up after 15 s, in words', async () => {
    const { api, clock } = playing([broken('ECONNREFUSED')]);
    const began = clock.now();
    const found = await findingOf(api.send(get));
    expect(found).toMatchObject({
      code: 'cluster-unreachable',
      evidence: ['ECONNREFUSED: ECONNREFUSED 10.0.0.1:443'],
    });
    expect(found.what).toMatch(
      /^The Kubernetes API at https:\/\/k8s\.example:443 cannot be reached: the connection is refused \(tried for \d+ s\)\.$/,
    );
    expect(found.hint).toMatch(/443 and 6443/);
    expect(clock.now() - began).toBeLessThan(17_000);
  });

  test('the first contact leaves no request more time than that', async () => {
    const { api, sent } = playing([ok]);
    await api.send(get);
    expect(sent[0]?.timeoutMs).toBeLessThanOrEqual(15_000);
    await api.send(get);
    expect(sent[1]?.timeoutMs).toBeUndefined();
  });

  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is not trusted'],
    ['ERR_OSSL_PEM_NO_START_LINE', 'the certificate or the key of the kubeconfig cannot be used'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it breaks off the TLS handshake'],
    ['EPROTO', 'what answers there is not the Kubernetes API over TLS'],
    ['PROXY_REFUSED', 'the proxy refuses to connect'],
  ])('%s is hopeless at once', async (reason, words) => {
    const { api, sent } = playing([broken(reason)]);
    expect((await findingOf(api.send(get))).what).toContain(words);
    expect(sent).toHaveLength(1);
  });

  test.each([
    ['ETIMEDOUT', 'the connection times out'],
    ['ENOTFOUND', 'the name is not known'],
    ['EAI_AGAIN', 'the name servers do not answer'],
    ['NO_ANSWER', 'it takes the connection but does not answer'],
    ['PROXY_FAILED', 'the proxy cannot connect to it'],
    ['PROXY_UNREACHABLE', 'the proxy before it cannot be reached'],
    ['ESOMETHING', 'the connection breaks'],
  ])('%s in words', async (reason, words) => {
    const { api } = playing([broken(reason)], 1000);
    expect((await findingOf(api.send(get))).what).toContain(words);
  });

  test('people are told once when it stops and once when it is back', async () => {
    const { api, log } = playing([ok, broken('ECONNREFUSED'), broken('ECONNREFUSED'), ok]);
    await api.send(get);
    await api.send(get);
    await api.send(get);
    expect(log.lines).toEqual([
      'The Kubernetes API is in trouble: the connection is refused. Trying again.',
      expect.stringMatching(/^The Kubernetes API is back after \d+ s\.$/),
    ]);
  });

  test.each([broken('GOAWAY'), broken('ECONNRESET'), answer(429, '')])(
    'what happens every day is not told: $reason $status',
    async (step) => {
      const { api, log, sent } = playing([ok, step, ok]);
      await api.send(get);
      await api.send(get);
      expect(sent).toHaveLength(3);
      expect(log.lines).toEqual([]);
    },
  );

  test('a bug is not taken for a failure', async () => {
    const bug = async () => {
      throw new SyntaxError('a bug');
    };
    const cluster = { server: '', namespace: undefined, send: bug, stream: bug, close: bug };
    const api = createApi(cluster, { clock: fastClock(), log: rememberedLog() });
    await expect(api.send(get)).rejects.toThrow(new SyntaxError('a bug'));
  });
});

test('401 ends the run as unauthenticated', async () => {
  const { api, sent } = playing([answer(401, 'Unauthorized', 'Unauthorized')]);
  expect(await findingOf(api.send(get))).toMatchObject({
    code: 'unauthenticated',
    evidence: ['Unauthorized'],
  });
  expect(sent).toHaveLength(1);
});

test('the server’s own clock', async () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const { api } = playing([{ ...ok, headers: { date } }], 1);
  await api.send(get);
  expect(Math.abs(api.now() - Date.now() - 3_600_000)).toBeLessThan(1500);
});
