// What two versions have in common is held once, and nothing that is told apart is mixed up.
import { expect, test } from '@jest/globals';
import { watched } from '../../src/cluster/watched.ts';
import { Secret } from '../../src/core/secret.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { shareParts } from '../../src/kube/shared-parts.ts';

const fresh = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('what is equal is the very same', () => {
  const before = { a: { b: [1, { c: 'x' }] }, d: null };
  expect(shareParts(before, fresh(before))).toBe(before);
});

test('only the way to a difference is new', () => {
  const before = { spec: { list: [{ n: 1 }, { n: 2 }] }, status: { ready: 1, more: { x: 'y' } } };
  const changed = fresh({ ...before, status: { ready: 2, more: { x: 'y' } } });
  const now = shareParts(before, changed);
  expect(now).toEqual({ ...before, status: { ready: 2, more: { x: 'y' } } });
  expect(now.spec).toBe(before.spec);
  expect(now.status.more).toBe(before.status.more);
  expect(before.status.ready).toBe(1);
});

test.each([
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }],
  [[1, 2], [1]],
  [[1], [1, 2]],
  [[1], { 0: 1 }],
  [{ 0: 1 }, [1]],
  [{ a: 1 }, { b: 1 }],
  [{ a: null }, { a: {} }],
  [{}, { a: undefined }],
  ['1', 1],
])('%j → %j stays what it is', (before, now) => {
  const kept = structuredClone(now);
  expect(shareParts<unknown>(before, now)).toStrictEqual(kept);
});

test('names that every object inherits, and `__proto__`, are keys like others', () => {
  const now: unknown = JSON.parse('{"constructor":{},"__proto__":{},"toString":"x"}');
  const text = JSON.stringify(now);
  const shared = shareParts<unknown>({}, now) as object;
  expect(JSON.stringify(shared)).toBe(text);
  expect(Object.getPrototypeOf(shared)).toBe(Object.prototype);
  expect(Object.entries(shared)[0]?.[1]).not.toBe(Object.prototype.constructor);
});

test('a Secret is never taken for what the server answered', () => {
  const sent = { data: { key: new Secret('x') } };
  expect(shareParts<unknown>(sent, { data: { key: {} } })).toStrictEqual({ data: { key: {} } });
});

const pod = (name: string, version: string, phase = 'Pending'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    uid: `uid-${name}`,
    resourceVersion: version,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'set' }],
  },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
  status: { phase },
});

test('pods of one owner, and the versions of a pod, share their template', () => {
  const state = watched();
  state.list([pod('a', '1')]);
  const told = [pod('b', '2'), pod('a', '3', 'Running')].flatMap((each) => state.upsert(each));
  const objects = told.map((event) => ('object' in event ? event.object : undefined));
  expect(objects).toEqual([pod('b', '2'), pod('a', '3', 'Running')]);
  expect(objects[0]?.['spec']).toBe(objects[1]?.['spec']);
});
