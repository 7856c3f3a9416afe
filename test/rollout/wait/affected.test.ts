import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { identityOf } from '../../../src/kube/objects.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import { affectedBy } from '../../../src/rollout/wait/affected.ts';

function object(kind: string, name: string, owner?: string): KubeObject {
  const apiVersion = ['Pod', 'Event', 'Node'].includes(kind) ? 'v1' : 'apps/v1';
  const ownerReferences = owner ? [{ apiVersion, kind: 'X', name: owner, uid: owner }] : [];
  return { apiVersion, kind, metadata: { name, namespace: 'web', uid: name, ownerReferences } };
}

const event = (about: string): KubeObject =>
  ({ ...object('Event', `event-${about}`), involvedObject: { uid: about } }) as KubeObject;

const deployment = object('Deployment', 'shop');
const other = object('Deployment', 'other');
const set = object('ReplicaSet', 'shop-1', 'shop');
const pod = object('Pod', 'shop-1-a', 'shop-1');
const stranger = object('Pod', 'stranger', 'nobody');

const snapshot = createSnapshot();
for (const each of [deployment, other, set, pod, stranger]) snapshot.put(each);
const awaited = new Set([deployment, other].map(identityOf));
const shop = [identityOf(deployment)];

describe('whom a change concerns', () => {
  test.each<[string, KubeObject, readonly string[] | 'all']>([
    ['the workload itself', deployment, shop],
    ['what it owns', set, shop],
    ['what that owns', pod, shop],
    ['an event about a pod', event('shop-1-a'), shop],
    ['an event about the workload', event('shop'), shop],
    ['a pod of somebody else: nobody', stranger, []],
    ['an event about what is not known: nobody', event('unknown'), []],
    ['a node: everybody', object('Node', 'node-1'), 'all'],
  ])('%s', (_, changed, expected) => {
    expect(affectedBy(changed, snapshot, awaited)).toEqual(expected);
  });

  test('references that go in circles come to an end', () => {
    const round = createSnapshot();
    for (const [name, owner] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      round.put(object('ReplicaSet', name, owner));
    }
    expect(affectedBy(object('Pod', 'p', 'a'), round, awaited)).toEqual([]);
  });
});
