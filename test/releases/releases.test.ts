import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import { chooseTarget, liveRelease, outdated } from '../../src/releases/choose.ts';
import { decode, encode, headOf } from '../../src/releases/codec.ts';
import { prunePlan, pruneRefusal } from '../../src/releases/prune-plan.ts';
import {
  entryKey,
  entryOf,
  type InventoryEntry,
  mergedInventory,
  type ReleaseHead,
  type ReleaseState,
  recorded,
} from '../../src/releases/record.ts';

const head = (number: number, state: ReleaseState = 'good', of?: number): ReleaseHead => ({
  number,
  state,
  app: 'shop',
  environment: 'production',
  startedAt: '2026-11-02T20:40:00.000Z',
  actor: 'octocat',
  commit: '',
  runUrl: '',
  images: {},
  objects: 1,
  parts: 1,
  ...(of === undefined ? {} : { of }),
});

const object = (kind: string, name: string, metadata: object = {}, more: object = {}) =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'web', ...metadata },
    ...more,
  }) as KubeObject;

describe('what is kept of an object', () => {
  test('no value of a Secret, no owner, no copy of the manifest, nothing of the server', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'x', mine: 'y' };
    const metadata = { annotations, uid: '1', managedFields: [], resourceVersion: '2' };
    const data = { data: { a: 'c2VjcmV0' }, stringData: { b: 'secret' }, status: {} };
    expect(recorded(object('Secret', 's', metadata, { ...data, type: 'Opaque' }))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 's', namespace: 'web', annotations: { mine: 'y' } },
    });
    expect(recorded(object('ConfigMap', 'c', {}, data))['data']).toEqual(data.data);
  });
});

describe('a release as Secrets', () => {
  test('comes back as it was, in parts below the limit of the API', () => {
    let seed = 7;
    const noise = Array.from({ length: 250_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed.toString(36);
    }).join('');
    const objects = [object('ConfigMap', 'big', {}, { data: { noise } })];
    const contents = { objects, inventory: objects.map(entryOf), whole: true, timings: [] };
    const parts = encode({ head: head(3), contents }, 'web');
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      const { release } = part['data'] as { release: string };
      expect(Buffer.from(release, 'base64').length).toBeLessThan(1024 * 1024);
    }
    expect(parts.map(({ metadata }) => metadata.name).slice(0, 2)).toEqual([
      'webgen-deploy.shop.3',
      'webgen-deploy.shop.3.2',
    ]);
    expect(headOf(parts[0] as KubeObject, 'shop')).toEqual({ ...head(3), parts: parts.length });
    expect(headOf(parts[1] as KubeObject, 'shop')).toBeUndefined();
    expect(headOf(parts[0] as KubeObject, 'other')).toBeUndefined();
    expect(decode(parts)).toEqual(contents);
  });

  test.each(['', 'no JSON', '[]', '{"number":"1"}', 'null'])(
    'is none where its note is %j',
    (note) => {
      const annotations = { 'webgen-deploy/release': note };
      expect(headOf(object('Secret', 'x', { annotations }), 'shop')).toBeUndefined();
    },
  );
});

describe('where a rollback goes', () => {
  const number = (heads: readonly ReleaseHead[], asked?: number) => {
    const chosen = chooseTarget(heads, asked);
    return 'code' in chosen ? chosen.code : chosen.number;
  };

  test('the newest good one that is older than the live one', () => {
    expect(number([head(1), head(2), head(3)])).toBe(2);
    expect(number([head(1), head(2, 'failed'), head(3)])).toBe(1);
    expect(number([head(1), head(2, 'applied'), head(3)])).toBe(1);
  });

  test('what was put back was never live; what was kept, killed or cancelled is', () => {
    expect(liveRelease([head(1), head(2, 'rolled-back')])?.number).toBe(1);
    expect(number([head(1), head(2), head(3, 'rolled-back')])).toBe(1);
    for (const state of ['failed', 'pending', 'cancelled'] as const) {
      expect(number([head(1), head(2), head(3, state)])).toBe(2);
    }
  });

  test('never back to the one that was left', () => {
    expect(number([head(1), head(2), head(3), head(4, 'good', 2)])).toBe(1);
  });

  test('a number that was asked for, if it may be', () => {
    expect(number([head(1), head(2), head(3)], 1)).toBe(1);
    expect(number([head(1), head(2, 'failed'), head(3)], 2)).toBe('release-not-found');
    expect(number([head(1)], 9)).toBe('release-not-found');
    expect(number([head(1)])).toBe('release-not-found');
    expect(number([])).toBe('release-not-found');
  });

  test('ten are kept, and always two good ones', () => {
    const many = Array.from({ length: 14 }, (_, at) => head(at + 1, at < 3 ? 'good' : 'failed'));
    expect(outdated(many)).toEqual([1, 4]);
    expect(outdated(many.slice(0, 10))).toEqual([]);
  });
});

describe('the inventory', () => {
  test('forgets nothing, and knows an object under every version', () => {
    const one: InventoryEntry = { apiVersion: 'autoscaling/v1', kind: 'H', name: 'h', uid: '1' };
    const two: InventoryEntry = { apiVersion: 'autoscaling/v2', kind: 'H', name: 'h' };
    const other: InventoryEntry = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c' };
    expect(mergedInventory([one, other], [two])).toEqual([{ ...two, uid: '1' }, other]);
  });
});

describe('what is pruned', () => {
  const ours = [{ manager: 'webgen-deploy/shop', operation: 'Apply' }];
  const live = (name: string, metadata: object = {}, kind = 'ConfigMap') =>
    object(kind, name, { uid: name, managedFields: ours, ...metadata });
  const plan = (objects: readonly KubeObject[], current: readonly InventoryEntry[] = []) =>
    prunePlan({
      app: 'shop',
      inventory: objects.map((each) => ({ ...entryOf(each), uid: each.metadata.name })),
      current,
      live: new Map(objects.map((each) => [entryKey(entryOf(each)), each])),
    });

  test('only what is still ours, free, and meant to go', () => {
    const controller = [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x', controller: true }];
    const other = { manager: 'webgen-deploy/other', operation: 'Apply' };
    const { candidates, kept } = plan([
      live('goes'),
      live('foreign', { managedFields: [] }),
      live('owned', { ownerReferences: controller }),
      live('shared', { managedFields: [...ours, other] }),
      live('helm', { annotations: { 'meta.helm.sh/release-name': 'x' } }),
      live('marked', { annotations: { 'webgen-deploy/keep': 'true' } }),
      live('anew', { uid: 'another' }),
      live('claim', {}, 'PersistentVolumeClaim'),
      live('space', {}, 'Namespace'),
    ]);
    expect(candidates.map(({ metadata }) => metadata.name)).toEqual(['goes']);
    expect(kept).toHaveLength(8);
  });

  test('not what pods of this release read, though its own lines are gone', () => {
    const volumes = [{ name: 's', secret: { secretName: 'read' } }];
    const template = { spec: { containers: [], volumes } };
    const user = { ...object('Deployment', 'web', { namespace: 'shop' }), spec: { template } };
    const secret = (name: string, namespace = 'shop') => live(name, { namespace }, 'Secret');
    const objects = [secret('read'), secret('unread'), secret('read', 'elsewhere')];
    const found = prunePlan({
      app: 'shop',
      inventory: objects.map((each) => ({ ...entryOf(each), uid: each.metadata.name })),
      current: [entryOf(user)],
      users: [user],
      live: new Map(objects.map((each) => [entryKey(entryOf(each)), each])),
    });
    expect(found.kept).toMatchObject([{ entry: { name: 'read' }, why: 'Deployment/web uses it' }]);
    expect(found.candidates.map(({ metadata }) => metadata)).toMatchObject([
      { name: 'unread' },
      { name: 'read', namespace: 'elsewhere' },
    ]);
  });

  test('not what this release has, under whatever version or group', () => {
    const old = live('same', { uid: 'same' });
    const renamed = { apiVersion: 'new.example/v1', kind: 'Thing', name: 'same', uid: 'same' };
    expect(plan([old], [entryOf(old)]).candidates).toEqual([]);
    expect(plan([old], [renamed])).toMatchObject({ candidates: [], gone: [{ name: 'same' }] });
  });

  test('more than half is refused unless it is confirmed, everything always', () => {
    const two = plan([live('a'), live('b')]);
    expect(pruneRefusal(two, 2, false)).toBeUndefined();
    expect(pruneRefusal(two, 1, false)).toMatchObject({ code: 'prune-refused' });
    expect(pruneRefusal(two, 1, true)).toBeUndefined();
    expect(pruneRefusal(two, 0, true)).toMatchObject({ code: 'prune-refused' });
    expect(pruneRefusal(plan([]), 0, false)).toBeUndefined();
  });
});
