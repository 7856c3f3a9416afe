// What a preview says of objects that kubectl apply made: what goes, and not the server's defaults.
import { expect, test } from '@jest/globals';
import { predict } from '../../../src/apply/dry-run/prediction.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const manager = 'webgen-deploy/shop';
const note = 'kubectl.kubernetes.io/last-applied-configuration';

function live(kind: string, body: object, before: string | undefined): KubeObject {
  const set = Object.fromEntries(
    Object.entries(body).map(([part, fields]) => [
      `f:${part}`,
      Object.fromEntries(Object.keys(fields).map((name) => [`f:${name}`, {}])),
    ]),
  );
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name: 'x',
      ...(before === undefined ? {} : { annotations: { [note]: before } }),
      managedFields: [
        {
          manager: 'kubectl-client-side-apply',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsV1: set,
        },
      ],
    },
    ...body,
  };
}

function fieldsOf(there: KubeObject, sent: object): readonly string[] {
  const object = { apiVersion: 'v1', kind: there.kind, metadata: { name: 'x' }, ...sent };
  const asked = { sent: object, live: there, answer: there, manager };
  return predict({ ...asked, autoscaled: false, takeClientSide: true }).fields;
}

const applied = (body: object, apiVersion = 'v1') => JSON.stringify({ apiVersion, ...body });

test('what was written then and is no more goes; what the server filled in stays', () => {
  const body = { spec: { old: 1, kept: 1, filledIn: 1 } };
  const there = live('Thing', body, applied({ spec: { old: 1, kept: 1 } }));
  expect(fieldsOf(there, { spec: { kept: 1 } })).toEqual(['spec.old']);
});

test.each([
  ['there is no note', undefined],
  ['the note is of another version', applied({ spec: { kept: 1 } }, 'v0')],
  ['the note is broken', '{'],
])('everything goes where %s', (_, before) => {
  const there = live('Thing', { spec: { kept: 1, unknown: 1 } }, before);
  expect(fieldsOf(there, { spec: { kept: 1 } })).toEqual(['spec.unknown']);
});

test('a key of a Secret that was written as text goes', () => {
  const there = live(
    'Secret',
    { data: { a: 'YQ==', b: 'Yg==' } },
    applied({ stringData: { a: 'a', b: 'b' } }),
  );
  expect(fieldsOf(there, { data: { a: 'YQ==' } })).toEqual(['data.b']);
});
