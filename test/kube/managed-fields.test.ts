import { describe, expect, test } from '@jest/globals';
import {
  extract,
  type FieldSet,
  removeFields,
  unionOf,
  withoutField,
} from '../../src/kube/field-set.ts';
import {
  appliedObject,
  handedOver,
  hasClientSideApply,
  isProvablySame,
  ownsReplicas,
} from '../../src/kube/managed-fields.ts';
import type { KubeObject, ManagedField } from '../../src/kube/objects.ts';

const ours = 'webgen-deploy/shop';

const applied = (fieldsV1: ManagedField['fieldsV1'], manager = ours): ManagedField => ({
  manager,
  operation: 'Apply',
  apiVersion: 'apps/v1',
  ...(fieldsV1 === undefined ? {} : { fieldsV1 }),
});

const containers: FieldSet = { 'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:image': {} } };
const template = (set: FieldSet): FieldSet => ({
  'f:template': { 'f:spec': { 'f:containers': set } },
});

function live(...managedFields: readonly ManagedField[]): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', managedFields },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        spec: {
          containers: [
            { name: 'sidecar', image: 's:1' },
            { name: 'main', image: 'm:1', imagePullPolicy: 'Always' },
          ],
          dnsPolicy: 'ClusterFirst',
        },
      },
    },
    status: { replicas: 3 },
  };
}

const set: FieldSet = { 'f:spec': { 'f:selector': {}, ...template(containers) } };

describe('what a manager owns', () => {
  test('is taken out of the live object: list items by key, atomic values as a whole', () => {
    expect(appliedObject(live(applied(set)), ours)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { spec: { containers: [{ name: 'main', image: 'm:1' }] } },
      },
    });
  });

  test('is only the head where it never applied', () => {
    expect(appliedObject(live(), ours)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
    });
  });

  test('items of a set go by value', () => {
    expect(extract({ f: ['a', 'b'] }, { 'f:f': { 'v:"b"': {} } })).toEqual({ f: ['b'] });
  });
});

describe('proof without a request', () => {
  const sent = appliedObject(live(applied(set)), ours);

  test('holds where we own exactly the fields and the values are the same', () => {
    expect(isProvablySame(sent, live(applied(set)), ours)).toBe(true);
  });

  test.each([
    ['we own one field more', live(applied(unionOf(set, { 'f:spec': { 'f:replicas': {} } })))],
    ['we own one field less', live(applied(withoutField(set, ['f:spec', 'f:selector'])))],
    ['somebody else owns them', live(applied(set, 'helm'))],
    ['it was an update', live({ ...applied(set), operation: 'Update' })],
    ['it was a subresource', live({ ...applied(set), subresource: 'status' })],
    ['it was another version', live({ ...applied(set), apiVersion: 'apps/v1beta1' })],
  ])('fails where %s', (_, object) => {
    expect(isProvablySame(sent, object, ours)).toBe(false);
  });
});

describe('handing over', () => {
  const clientSide: ManagedField = {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  };
  const all = { takeClientSide: true, releaseReplicas: false };

  test('there is nothing to do where nobody applied on the client', () => {
    expect(handedOver(live(applied(set)), ours, all)).toBeUndefined();
  });

  test('the fields of client-side apply become ours, with or without an entry of ours', () => {
    const before = live(clientSide, applied({}, 'helm'));
    expect(hasClientSideApply(before)).toBe(true);
    expect(handedOver(before, ours, all)).toEqual([
      { ...clientSide, manager: ours, operation: 'Apply' },
      applied({}, 'helm'),
    ]);
    expect(handedOver(live(clientSide, applied(set)), ours, all)).toEqual([
      applied(unionOf(set, { 'f:spec': { 'f:replicas': {} } })),
    ]);
  });

  test('replicas become nobody’s, also those of client-side apply', () => {
    const owned = live(applied(unionOf(set, { 'f:spec': { 'f:replicas': {} } })));
    expect(ownsReplicas(owned, ours)).toBe(true);
    const release = { takeClientSide: true, releaseReplicas: true };
    expect(handedOver(owned, ours, release)).toEqual([applied(set)]);
    expect(handedOver(live(clientSide, applied(set)), ours, release)).toEqual([applied(set)]);
    expect(handedOver(live(applied(set)), ours, release)).toBeUndefined();
  });
});

describe('removing fields', () => {
  const value = { spec: { env: [{ name: 'A', value: '1' }, { name: 'B' }], keep: 1, drop: 2 } };
  const owned = {
    'f:spec': {
      'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {} }, 'k:{"name":"B"}': { '.': {} } },
      'f:drop': {},
      'f:keep': {},
    },
  };

  test('takes what is not kept, list items as a whole', () => {
    const keep = (steps: readonly string[]) =>
      ['f:keep', 'k:{"name":"A"}'].includes(steps.at(-1) ?? '') || steps.at(-1) === 'f:name';
    expect(removeFields(value, owned, keep)).toEqual({
      spec: { env: [{ name: 'A', value: '1' }], keep: 1 },
    });
  });
});
