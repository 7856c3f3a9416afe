import { describe, expect, test } from '@jest/globals';
import {
  isBuiltIn,
  isPlainGroup,
  kindRow,
  kindsWhere,
  resourceOfKind,
  stages,
} from '../../src/kube/kinds.ts';
import { judges } from '../../src/rollout/judge/judges.ts';

test('a kind is its group too, and no name of Object is one', () => {
  expect(kindRow({ apiVersion: 'apps/v1', kind: 'Deployment' }).rolls).toBe(true);
  expect(kindRow({ apiVersion: 'example.org/v1', kind: 'Deployment' })).toEqual({});
  expect(kindRow({ apiVersion: 'v1', kind: 'constructor' })).toEqual({});
});

test('every row that we ask for says in which version', () => {
  const asked = kindsWhere((row) => !!(row.status ?? row.takesImages ?? row.plural));
  expect(asked.length).toBeGreaterThan(20);
  for (const [apiVersion] of asked) expect(apiVersion).toMatch(/(^|\/)v\d+$/);
});

test('every stage but that of the others has kinds', () => {
  const empty = stages.filter((stage) => kindsWhere((row) => row.stage === stage).length === 0);
  expect(empty).toEqual(['traffic and everything else']);
});

test('paths without discovery', () => {
  expect(resourceOfKind('node.k8s.io/RuntimeClass')).toEqual({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    plural: 'runtimeclasses',
    namespaced: false,
  });
  expect(resourceOfKind('Pod').namespaced).toBe(true);
});

test('what status always finds has a verdict of its own', () => {
  const found = kindsWhere(({ status }) => status !== undefined);
  const keys = found.map(([apiVersion, kind]) => apiVersion.replace(/\/?v\d+$/, '/') + kind);
  expect(keys.map((key) => key.replace(/^\//, '')).filter((key) => !judges[key])).toEqual([]);
});

describe('groups', () => {
  test.each([
    ['', true, true],
    ['apps', true, true],
    ['extensions', true, false],
    ['apiextensions.k8s.io', true, false],
    ['newer.k8s.io', true, false],
    ['gateway.networking.k8s.io', false, false],
    ['autoscaling.k8s.io', false, false],
    ['cluster.x-k8s.io', false, false],
    ['argoproj.io', false, false],
  ])('%p: built in %p, plain %p', (group, builtIn, plain) => {
    expect(isBuiltIn({ apiVersion: group === '' ? 'v1' : `${group}/v1` })).toBe(builtIn);
    expect(isPlainGroup(group)).toBe(plain);
  });
});
