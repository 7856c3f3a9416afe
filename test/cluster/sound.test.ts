// Answers of any shape: what is no object of the API is a finding, and never a stack.
import { describe, expect, test } from '@jest/globals';
import { apiFailure, forbiddenFinding, statusOf } from '../../src/cluster/api-errors.ts';
import { createApi } from '../../src/cluster/create-api.ts';
import { discovery } from '../../src/cluster/discovery.ts';
import { patienceWith, retryAfter } from '../../src/cluster/retry.ts';
import { servedKinds } from '../../src/cluster/served-kinds.ts';
import { isSoundAnswer } from '../../src/cluster/sound.ts';
import { streamOnce } from '../../src/cluster/watch-stream.ts';
import { ActionError } from '../../src/core/errors.ts';
import type { ApiRequest, ApiResponse } from '../../src/core/ports.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { refusalFindings } from '../../src/rejection/rejection-findings.ts';
import { fastClock, rememberedLog } from '../support/cluster/fakes.ts';

const odd: readonly unknown[] = [
  ...[null, undefined, true, 0, -1, 1e308, '', 'text', '<html>', [], [null], [1], {}, { a: 1 }],
  ...[{ toString: 1 }, { length: 1e9 }, [[[[]]]], { metadata: null }, { metadata: 'x' }],
];
const list: ApiRequest = { method: 'GET', path: '/apis/apps/v1/namespaces/a/deployments' };
const one: ApiRequest = { method: 'GET', path: '/apis/apps/v1/namespaces/a/deployments/b' };
const sound = { metadata: { name: 'a', labels: { a: 'b' }, generation: 1, uid: 'u' } };
const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
const whole = { apiVersion: 'apps/v1', kind: 'Deployment' };

test.each([
  [one, { ...whole, ...sound }, true],
  [one, sound, false],
  [one, { ...whole, ...sound, spec: nested(150) }, true],
  [one, { ...whole, ...sound, spec: nested(300) }, false],
  [one, { ...whole, ...sound, kind: 5 }, false],
  [one, { metadata: {} }, false],
  [one, { metadata: { name: 1 } }, false],
  [one, { metadata: { name: 'a', labels: { a: 1 } } }, false],
  [one, { metadata: { name: 'a', labels: [] } }, false],
  [one, { metadata: { name: 'a', ownerReferences: [null] } }, false],
  [one, { metadata: { name: 'a', ownerReferences: {} } }, false],
  [one, { ...whole, metadata: { name: 'a', managedFields: null, annotations: null } }, true],
  [one, { metadata: { name: 'a', finalizers: [1] } }, false],
  [list, { metadata: {}, items: [sound] }, true],
  [list, { metadata: {}, items: null }, true],
  [list, { items: [] }, true],
  [list, { metadata: {}, items: [sound, null] }, false],
  [list, { metadata: {}, items: {} }, false],
  [list, { metadata: { continue: 1 }, items: [] }, false],
  [{ ...one, accept: '*/*' }, 'a log', true],
  [{ ...one, path: `${one.path}/log` }, 'a log', false],
  [{ method: 'GET', path: '/version' } as const, { gitVersion: 'v1' }, true],
  [{ method: 'GET', path: '/version' } as const, null, false],
])('%j with %j: %s', (request, body, expected) => {
  expect(isSoundAnswer({ status: 200, body }, request)).toBe(expected);
});

describe('whatever answers', () => {
  const apiOf = (response: ApiResponse) =>
    createApi(
      {
        server: 'https://k',
        namespace: undefined,
        send: async () => response,
        stream: async (_, onEvent) => {
          onEvent(response.body);
          return { status: 200, headers: {}, body: undefined };
        },
        close: async () => undefined,
      },
      { clock: fastClock(), log: rememberedLog() },
    );

  test.each(odd.map((body) => [JSON.stringify(body), body]))('%s', async (_, body) => {
    const answer = { status: 200, headers: {}, body };
    const api = apiOf(answer);
    const settled = await Promise.allSettled([
      api.send(list),
      api.send(one),
      api.resourceOf('apps/v1', 'Deployment'),
      servedKinds(api, () => true),
      servedKinds({ send: async () => answer }, () => true),
      discovery(async () => answer).resourceOf('apps/v1', 'Deployment'),
    ]);
    for (const each of settled) {
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(ActionError);
    }
    const seen: unknown[] = [];
    const handlers = { upsert: (each: unknown) => seen.push(each), remove: () => undefined };
    for (const event of [body, { type: 'ADDED', object: body }, { type: 'ERROR', object: body }]) {
      const end = await streamOnce(
        apiOf({ ...answer, body: event }),
        {
          path: '/x',
          version: '1',
          signal: new AbortController().signal,
          clock: fastClock(),
          upToDate: async () => true,
        },
        handlers,
      );
      expect(['gone', 'failed']).toContain(end.how);
    }
    expect(seen).toEqual([]);
  });

  test('a Status of any shape becomes findings', () => {
    const base = (value: unknown) => ({
      status: value,
      code: value,
      reason: value,
      message: value,
      details: { name: value, group: value, kind: value, causes: value, retryAfterSeconds: value },
    });
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } } as KubeObject;
    const document = { object, file: 'a.yaml', line: 1, lineOf: () => 1 };
    const causes = (value: unknown) => ({ reason: value, message: value, field: value });
    const bodies = odd.flatMap((a) =>
      odd.flatMap((b) => [
        { kind: 'Status', reason: 'Invalid', message: a, details: b },
        { kind: 'Status', reason: a, message: b, details: { causes: [causes(a), causes(b), b] } },
        { kind: 'Status', ...base(a), details: { ...base(b).details, causes: [b, causes(a)] } },
        { kind: a, ...base(b) },
      ]),
    );
    for (const body of bodies) {
      for (const status of [400, 403, 404, 409, 422, 429, 500]) {
        const response = { status, headers: {}, body };
        const refused = { document, object, live: object, request: one, response };
        expect(refusalFindings(refused).length).toBeGreaterThan(0);
        apiFailure('Reading', response, one);
        forbiddenFinding(response, one);
        const pause = retryAfter(response);
        expect(pause === undefined || (pause > 0 && pause <= 30_000)).toBe(true);
        patienceWith(response, one, true);
        statusOf(response);
      }
    }
  });
});
