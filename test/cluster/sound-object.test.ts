// Whatever answers in the API's place: a finding, and never a stack.
import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../src/cluster/create-api.ts';
import { fieldSetOf } from '../../src/cluster/field-set.ts';
import { listAll } from '../../src/cluster/list.ts';
import { readOne } from '../../src/cluster/live-objects.ts';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { isSoundObject } from '../../src/cluster/sound-object.ts';
import { watchAll } from '../../src/cluster/watch.ts';
import { ActionError } from '../../src/errors.ts';
import { quickClock, rememberingLog, scriptedCluster } from '../fuzz/doors.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'web', uid: '1' } };
const pods = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

const apiOf = (...parameters: Parameters<typeof scriptedCluster>) =>
  createApi(scriptedCluster(...parameters), { clock: quickClock(), log: rememberingLog() });

async function whatOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ActionError)) throw error;
  return `${error.findings[0].code}: ${error.findings[0].what}`;
}

const bodies: readonly unknown[] = [
  null,
  '<html>',
  [],
  {},
  { ...pod, metadata: null },
  { ...pod, metadata: { name: 5 } },
  { ...pod, metadata: { name: 'a', ownerReferences: 'x' } },
  { ...pod, metadata: { name: 'a', ownerReferences: [null] } },
  { ...pod, metadata: { name: 'a', managedFields: [{ fieldsV1: 'x' }] } },
  { ...pod, metadata: { name: 'a', annotations: { a: 1 } } },
];

describe('an object that is none', () => {
  test.each(bodies)('%j as an answer', async (body) => {
    const api = apiOf(() => ({ status: 200, body }));
    const read = readOne({ resource: pods, object: pod as KubeObject, api, signal: undefined });
    expect(await whatOf(read)).toBe(
      'api-error: The API answered GET /api/v1/namespaces/web/pods/a with something else than an object.',
    );
  });

  test.each([...bodies.filter((body) => body !== null), { items: 5 }, { items: [null] }])(
    '%j as a list',
    async (body) => {
      const items = typeof body === 'object' && body && 'items' in body ? body : { items: [body] };
      const api = apiOf(() => ({ status: 200, body: items }));
      expect(await whatOf(listAll(api, pods, { namespace: 'web' }))).toBe(
        'api-error: The API answered GET /api/v1/namespaces/web/pods with something else than a list of objects.',
      );
    },
  );

  test('what Go leaves out or writes as null is sound', () => {
    const empty = { ownerReferences: null, labels: null, creationTimestamp: null };
    expect(isSoundObject({ ...pod, metadata: { name: 'a', ...empty } })).toBe(true);
    expect(isSoundObject(pod)).toBe(true);
  });
});

test('a list that never ends is ended', async () => {
  const api = apiOf(() => ({ status: 200, body: { metadata: { continue: 'x' }, items: [] } }));
  expect(await whatOf(listAll(api, pods))).toContain('something else than a list that ends');
  expect(api.requests).toBe(400);
});

test('a watch whose events are none begins again, and still knows the list', async () => {
  const versioned = { ...pod, metadata: { ...pod.metadata, resourceVersion: '1' } };
  const frames = [null, 'x', { type: 'MODIFIED' }, { type: 'ADDED', object: { metadata: 5 } }];
  for (const frame of frames) {
    const list = { metadata: { resourceVersion: '1' }, items: [versioned] };
    const api = apiOf(() => ({ status: 200, body: list }), [frame]);
    const stop = new AbortController();
    const events: string[] = [];
    const session = watchAll(
      api,
      [pods],
      { onEvent: (_, { type }) => events.push(type) },
      { signal: stop.signal, clock: quickClock() },
    );
    await session.synced;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('enough'));
    await session.ended;
    expect(events).toEqual(['synced']);
    expect(api.requests).toBeGreaterThan(3);
  }
});

test('managed fields of another form own nothing', () => {
  const odd = { 'f:a': { 'k:{': {}, 'k:[]': {}, 'v:x': {}, 'f:b': 5, 'v:1': {}, '.': {} }, b: {} };
  expect(fieldSetOf(odd)).toEqual({ 'f:a': { 'v:1': {}, '.': {} } });
  expect(fieldSetOf('x')).toEqual({});
});
