import { describe, expect, test } from '@jest/globals';
import { predictByReading } from '../../../src/apply/dry-run/overlay.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const manager = 'webgen-deploy/shop';

function made(parts: object, fieldsV1: object = {}): KubeObject {
  const managedFields = [{ manager, operation: 'Apply', fieldsV1: fieldsV1 as never }];
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', managedFields }, ...parts };
}

const sent = (parts: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a' },
  ...parts,
});

const seen = (before: object, after: object, owned: object = {}) =>
  predictByReading(sent(after), made(before, owned), manager);

describe('by reading alone', () => {
  test('what is not there is created', () => {
    expect(predictByReading(sent({}), undefined, manager).change).toBe('created');
  });

  test('defaults of the server are no change', () => {
    const guess = seen({ spec: { a: 1, added: 'x' } }, { spec: { a: 1 } });
    expect(guess).toMatchObject({ change: 'unchanged', fields: [] });
  });

  test('a value, an item by its name, a new item', () => {
    const before = {
      spec: {
        items: [
          { name: 'one', v: 1, added: true },
          { name: 'two', v: 2 },
        ],
      },
    };
    const after = {
      spec: {
        items: [
          { name: 'one', v: 3 },
          { name: 'new', v: 1 },
        ],
      },
    };
    const { change, fields, predicted } = seen(before, after);
    expect(change).toBe('configured');
    expect(fields).toEqual(['spec.items[one].v', 'spec.items[new]']);
    expect(predicted['spec']).toEqual({
      items: [
        { name: 'one', v: 3, added: true },
        { name: 'two', v: 2 },
        { name: 'new', v: 1 },
      ],
    });
  });

  test('a field that was ours alone goes when the manifest lacks it', () => {
    const owned = { 'f:data': { 'f:a': {}, 'f:b': {} } };
    const { fields, predicted } = seen({ data: { a: '1', b: '2' } }, { data: { a: '1' } }, owned);
    expect(fields).toEqual(['data.b']);
    expect(predicted['data']).toEqual({ a: '1' });
  });

  test('a list without names is compared place by place, or replaced', () => {
    expect(seen({ args: ['a', 'b'] }, { args: ['a', 'c'] }).fields).toEqual(['args[1]']);
    expect(seen({ args: ['a', 'b'] }, { args: ['a'] }).fields).toEqual(['args']);
  });

  test('a secret input is compared by its value', () => {
    const same = { data: { key: new Secret('YQ==') } };
    expect(seen({ data: { key: 'YQ==' } }, same).change).toBe('unchanged');
    expect(seen({ data: { key: 'Yg==' } }, same).fields).toEqual(['data.key']);
  });
});
