import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../../src/apply/planned/planned-object.ts';
import { type Writer, writeObject } from '../../../src/apply/write/write-object.ts';
import { ActionError } from '../../../src/core/errors.ts';
import type { ApiRequest } from '../../../src/core/ports.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'web' },
} as KubeObject;

function written(provenUid: string | undefined, uid: string | undefined) {
  const sent: ApiRequest[] = [];
  const send = async (request: ApiRequest) => {
    sent.push(request);
    return { status: 200, headers: {}, body: object };
  };
  const live = uid === undefined ? undefined : { ...object, metadata: { name: 'web', uid } };
  const planned = {
    document: { object, file: '', line: 1, lineOf: () => 1, ...(provenUid ? { provenUid } : {}) },
    resource: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
    object,
    live,
    change: 'configured',
  } as unknown as PlannedObject;
  const writer = { api: { send, now: () => 0 }, clock: {}, manager: 'm' } as unknown as Writer;
  const done = writeObject({ ...planned }, writer).then(
    () => 'written',
    (error) => (error instanceof ActionError ? error.findings[0].code : error),
  );
  return done.then((end) => ({ end, bodies: sent.map(({ body }) => body) }));
}

describe('an object that a record names elsewhere', () => {
  test('is written with the uid that was proven, so that the server takes no other', async () => {
    const pinned = { ...object, metadata: { name: 'web', uid: 'u' } };
    expect(await written('u', 'u')).toEqual({ end: 'written', bodies: [pinned] });
    expect(await written(undefined, 'u')).toEqual({ end: 'written', bodies: [object] });
  });

  test.each([['another'], [undefined]])('is not sent where the live one is %s', async (uid) => {
    expect(await written('u', uid)).toEqual({ end: 'release-invalid', bodies: [] });
  });
});
