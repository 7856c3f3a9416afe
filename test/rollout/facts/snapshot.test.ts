// The picture of the cluster: found by name, by owner and by subject, and never older than the last list.
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';

interface Parts {
  readonly uid: string;
  readonly namespace?: string;
  readonly owner?: string;
}

function make(kind: string, name: string, { uid, namespace = 'web', owner }: Parts): KubeObject {
  const ownerReferences = owner
    ? [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: owner }]
    : [];
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
  return { apiVersion, kind, metadata: { name, namespace, uid, ownerReferences } };
}

function event(uid: string, about: string, lastTimestamp: string): KubeObject {
  return { ...make('Event', uid, { uid }), involvedObject: { uid: about }, lastTimestamp };
}

describe('a snapshot', () => {
  test('finds an object by kind, namespace and name, whatever its version', () => {
    const snapshot = createSnapshot();
    snapshot.put({ ...make('Deployment', 'a', { uid: '1' }), apiVersion: 'apps/v1beta2' });
    expect(snapshot.get('apps/Deployment', 'web', 'a')?.metadata.uid).toBe('1');
    expect(snapshot.get('apps/Deployment', 'other', 'a')).toBeUndefined();
    expect(snapshot.byUid('1')?.metadata.name).toBe('a');
  });

  test('follows a change of owner', () => {
    const snapshot = createSnapshot();
    snapshot.put(make('Pod', 'p', { uid: '1', owner: 'r1' }));
    snapshot.put(make('Pod', 'p', { uid: '1', owner: 'r2' }));
    expect(snapshot.childrenOf('r1')).toEqual([]);
    expect(snapshot.childrenOf('r2', 'Pod')).toHaveLength(1);
    expect(snapshot.childrenOf('r2', 'apps/ReplicaSet')).toEqual([]);
  });

  test('an object recreated under its old name outlives the removal of the old one', () => {
    const snapshot = createSnapshot();
    const old = make('Pod', 'db-0', { uid: 'old' });
    snapshot.put(old);
    snapshot.put(make('Pod', 'db-0', { uid: 'new' }));
    snapshot.remove(old);
    expect(snapshot.get('Pod', 'web', 'db-0')?.metadata.uid).toBe('new');
  });

  test('a fresh list of one namespace leaves the others alone and says what went', () => {
    const snapshot = createSnapshot();
    snapshot.put(make('Pod', 'a', { uid: '1', owner: 'r' }));
    snapshot.put(make('Pod', 'b', { uid: '2', owner: 'r' }));
    snapshot.put(make('Pod', 'c', { uid: '3', namespace: 'other' }));
    const fresh = make('Pod', 'b', { uid: '2', owner: 'r' });
    const gone = snapshot.replace({ kind: 'Pod', namespace: 'web' }, [fresh]);
    expect(gone.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(snapshot.childrenOf('r')).toEqual([fresh]);
    expect(snapshot.all('Pod')).toHaveLength(2);
  });

  test('only after a whole list is what it lacks known to be missing', () => {
    const snapshot = createSnapshot();
    snapshot.put(make('Service', 'a', { uid: '1' }));
    expect(snapshot.knows('Service', 'web')).toBe(false);
    snapshot.replace({ kind: 'Service', namespace: 'web' }, []);
    expect(snapshot.knows('Service', 'web')).toBe(true);
    expect(snapshot.knows('Service', 'other')).toBe(false);
    snapshot.replace({ kind: 'Service' }, []);
    expect(snapshot.knows('Service', 'other')).toBe(true);
  });

  test('events are those about exactly this object, in order, since a time', () => {
    const snapshot = createSnapshot();
    snapshot.put(event('e2', 'pod', '2026-11-24T12:00:20Z'));
    snapshot.put(event('e1', 'pod', '2026-11-24T12:00:10Z'));
    snapshot.put(event('e3', 'other', '2026-11-24T12:00:30Z'));
    const names = (since?: number) => snapshot.eventsOf('pod', since).map((e) => e.metadata.name);
    expect(names()).toEqual(['e1', 'e2']);
    expect(names(Date.parse('2026-11-24T12:00:15Z'))).toEqual(['e2']);
    snapshot.put(event('e1', 'pod', '2026-11-24T12:00:40Z'));
    expect(names()).toEqual(['e2', 'e1']);
  });
});
