import { describe, expect, test } from '@jest/globals';
import { type FieldSet, withoutAll } from '../../src/kube/field-set.ts';
import type { KubeObject, ManagedField } from '../../src/kube/objects.ts';
import { earlierOwners, earlierValues, leftovers } from '../../src/undo/earlier-state.ts';

const manager = 'webgen-deploy/shop';
const time = '2026-11-02T20:40:00Z';

const entry = (
  name: string,
  fieldsV1: FieldSet,
  more: Partial<ManagedField> = {},
): ManagedField => ({
  manager: name,
  operation: name === manager ? 'Apply' : 'Update',
  apiVersion: 'v1',
  time,
  fieldsV1,
  ...more,
});

const data = (...keys: readonly string[]): FieldSet => ({
  'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])),
});

function config(values: object, ...managedFields: readonly ManagedField[]): KubeObject {
  const metadata = { name: 'c', namespace: 'shop', uid: 'u', managedFields };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: values };
}

const values = (object: KubeObject) => object['data'];

describe('the values that are put back', () => {
  test('what we own now, as it was then; what we added is absent', () => {
    const before = config({ a: '1', b: '2' }, entry(manager, data('a', 'b')));
    const now = config({ a: '9', c: '3' }, entry(manager, data('a', 'c')));
    expect(values(earlierValues({ before, now, manager }))).toEqual({ a: '1', b: '2' });
  });

  test('what was taken from another manager', () => {
    const before = config({ a: '1' }, entry('kubectl-set', data('a')));
    const now = config({ a: '9' }, entry(manager, data('a')));
    expect(values(earlierValues({ before, now, manager }))).toEqual({ a: '1' });
  });

  test('not what somebody else has taken over since', () => {
    const before = config({ a: '1', b: '2' }, entry(manager, data('a', 'b')));
    const now = config({ a: '9', b: '7' }, entry(manager, data('a')), entry('hotfix', data('b')));
    expect(values(earlierValues({ before, now, manager }))).toEqual({ a: '1' });
    expect(leftovers({ before, now: { ...now, data: { a: '1', b: '7' } }, manager })).toEqual([]);
  });

  test('by JSON Patch what nobody owns', () => {
    const before = { ...config({ a: '1' }, entry(manager, data('a'))), spec: { type: 'Recreate' } };
    const spec = { type: 'Recreate', rollingUpdate: { maxSurge: 1 } };
    const now = { ...before, spec };
    expect(leftovers({ before, now, manager })).toEqual([
      { op: 'add', path: '/spec', value: { type: 'Recreate' } },
    ]);
  });

  test('items that others own stay in their lists', () => {
    const set = { 'f:spec': { 'f:ports': { 'k:{"port":2}': { '.': {}, 'f:port': {} } } } };
    const object = (...ports: readonly number[]): KubeObject => ({
      ...config({}, entry('other', set)),
      spec: { ports: ports.map((port) => ({ port })) },
    });
    expect(leftovers({ before: object(1), now: object(1, 2), manager })).toEqual([]);
    expect(leftovers({ before: object(1), now: object(3, 2), manager })).toMatchObject([
      { value: { ports: [{ port: 1 }, { port: 2 }] } },
    ]);
  });
});

describe('the owners that are put back', () => {
  const before = config({}, entry('kubectl-client-side-apply', data('a')), entry('x', data('b')));

  test('ours goes, those that lost fields have them again', () => {
    const now = config({}, entry(manager, data('a', 'b')), entry('x', {}));
    expect(earlierOwners({ before, now, manager })).toEqual(before.metadata.managedFields);
  });

  test('who wrote since keeps what he wrote, new ones too', () => {
    const later = entry('x', data('b', 'c'), { time: '2026-11-02T20:41:00Z' });
    const added = entry('y', data('d'));
    const now = config({}, entry(manager, data('a')), later, added);
    const [first] = before.metadata.managedFields ?? [];
    expect(earlierOwners({ before, now, manager })).toEqual([first, later, added]);
  });
});

test('a set without another keeps the keys of an item whose other fields it keeps', () => {
  const item = { '.': {}, 'f:name': {}, 'f:image': {}, 'f:args': {} };
  const set = { 'k:{"name":"main"}': item };
  const other = { 'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:image': {} } };
  expect(withoutAll(set, other)).toEqual({
    'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:args': {} },
  });
  expect(withoutAll(set, { 'k:{"name":"main"}': item })).toEqual({});
});
