import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../src/apply/planned/planned-object.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { ranBefore, type Touched, undoOf } from '../../src/undo/undo-plan.ts';

const since = Date.UTC(2026, 10, 2, 20, 40);
const about = { app: 'shop', keepCreated: false, since };
const managedFields = [{ manager: 'webgen-deploy/shop', operation: 'Apply' }];

function object(kind: string, uid: string, more: object = {}): KubeObject {
  const apiVersion =
    { Deployment: 'apps/v1', StatefulSet: 'apps/v1', Job: 'batch/v1' }[kind] ?? 'v1';
  const creationTimestamp = '2026-11-02T20:40:01Z';
  const metadata = { name: 'x', uid, resourceVersion: uid, creationTimestamp, managedFields };
  return { apiVersion, kind, metadata, ...more };
}

function touched(live: KubeObject | undefined, written?: KubeObject): Touched {
  const planned = { live } as PlannedObject;
  return { planned, ...(written ? { written } : {}) };
}

describe('what was made by the run', () => {
  const made = object('Deployment', '1');

  test('is deleted', () => {
    expect(undoOf(touched(undefined, made), made, about)).toEqual({ do: 'delete', now: made });
    // The answer to the write was lost.
    expect(undoOf(touched(undefined), made, about)).toEqual({ do: 'delete', now: made });
  });

  test('stays where nothing ran before', () => {
    const action = undoOf(touched(undefined, made), made, { ...about, keepCreated: true });
    expect(action).toMatchObject({ do: 'leave' });
  });

  test.each(['PersistentVolumeClaim', 'PersistentVolume', 'Namespace'])('stays: %s', (kind) => {
    const claim = object(kind, '1');
    expect(undoOf(touched(undefined, claim), claim, about)).toMatchObject({ do: 'leave' });
  });

  test('stays where its annotation says so, or its claims would go with it', () => {
    const { metadata } = made;
    const marked = {
      ...made,
      metadata: { ...metadata, annotations: { 'webgen-deploy/keep': 'true' } },
    };
    expect(undoOf(touched(undefined, marked), marked, about)).toMatchObject({ do: 'leave' });
    const spec = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    const set = object('StatefulSet', '1', { spec });
    expect(undoOf(touched(undefined, set), set, about)).toMatchObject({ do: 'leave' });
  });

  test('is somebody else’s where the uid is another, or it is older than the run', () => {
    const other = object('Deployment', '2');
    expect(undoOf(touched(undefined, made), other, about)).toMatchObject({ do: 'leave' });
    const late = { ...about, since: since + 60_000 };
    expect(undoOf(touched(undefined), made, late)).toMatchObject({ do: 'leave' });
  });
});

describe('what was there before', () => {
  const before = object('Deployment', '1', { spec: { replicas: 1 } });
  const now = object('Deployment', '1', { spec: { replicas: 2 } });

  test('is put back, or left alone where it is the same', () => {
    const changed = { ...now, metadata: { ...now.metadata, resourceVersion: '9' } };
    expect(undoOf(touched(before), changed, about)).toMatchObject({ do: 'put-back' });
    expect(undoOf(touched(before), before, about)).toEqual({ do: 'nothing' });
  });

  test('is made again where it is gone or was replaced, but no task', () => {
    expect(undoOf(touched(before), undefined, about)).toEqual({ do: 'make-again', before });
    const young = object('Deployment', '2');
    const again = { do: 'make-again', before, now: young };
    expect(undoOf(touched(before, young), young, about)).toEqual(again);
    const job = object('Job', '1');
    expect(undoOf(touched(job, object('Job', '2')), object('Job', '2'), about)).toMatchObject({
      do: 'leave',
    });
  });

  test('ran, if it has pods that are meant to run on', () => {
    const planned = (live: KubeObject) => [{ live } as PlannedObject];
    const spec = { template: { spec: {} } };
    expect(ranBefore(planned(object('Deployment', '1', { spec })))).toBe(true);
    expect(ranBefore(planned(object('Job', '1', { spec })))).toBe(false);
    expect(ranBefore(planned(object('ConfigMap', '1')))).toBe(false);
  });
});
