// What a forged inventory says about where an object lies counts for nothing: the live object does.
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import { prunePlan } from '../../src/releases/prune-plan.ts';
import { entryKey } from '../../src/releases/record.ts';

test('a cluster-scoped object is not of the namespace that an entry claims', () => {
  const entry = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    namespace: 'staging',
    name: 'shop',
    uid: 'u1',
  };
  // An older release of production/shop wrote it, before objects had a home.
  const live = {
    apiVersion: entry.apiVersion,
    kind: entry.kind,
    metadata: { name: 'shop', uid: 'u1', managedFields: [{ manager: 'webgen-deploy/shop' }] },
  } as unknown as KubeObject;
  const { candidates, kept } = prunePlan({
    app: 'shop',
    namespace: 'staging',
    inventory: [entry],
    current: [],
    live: new Map([[entryKey(entry), live]]),
  });
  expect(candidates).toEqual([]);
  expect(kept).toMatchObject([{ why: 'it has no webgen-deploy/home' }]);
});
