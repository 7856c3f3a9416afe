// What a record leaves out, and what a rollback puts there instead: never a `***`.
import { expect, test } from '@jest/globals';
import { known } from '../../src/core/redaction/redaction.ts';
import { fillIn, leaveOut, leftOutMark, recordable } from '../../src/kube/left-out.ts';
import type { KubeObject } from '../../src/kube/objects.ts';

known.remember('Zq8vN3xW5kLp-0TgY7');
known.remember('backend');

const object = (password: string, args: readonly string[], image = 'r/backend:1'): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'backend', namespace: 'backend', labels: { app: 'shop' } },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            {
              name: 'backend',
              image,
              args,
              env: [
                { name: 'PASSWORD', value: password },
                { name: 'LEVEL', value: 'info' },
              ],
            },
          ],
        },
      },
    },
  }) as KubeObject;

test('fields with a secret are left out in any encoding, everything else stays', () => {
  const form = encodeURIComponent('a Zq8vN3xW5kLp-0TgY7');
  const kept = leaveOut(object(`postgres://u:${form}@h/`, ['--key', 'Zq8vN3xW5kLp-0TgY7']));
  const text = JSON.stringify(kept);
  expect(text).not.toMatch(/Zq8v|\*\*\*/);
  const container = ['spec', 'template', 'spec', 'containers', { name: 'backend' }];
  expect(JSON.parse(kept.metadata.annotations?.[leftOutMark] ?? '')).toEqual([
    [...container, 'args'],
    [...container, 'env', { name: 'PASSWORD' }, 'value'],
  ]);
  expect(kept.metadata).toMatchObject({ name: 'backend', namespace: 'backend' });
  expect(text).toContain('r/backend:1');
  expect(text).toContain('info');
});

test('nothing is touched where there is none, and a short one counts only as a whole value', () => {
  const plain = object('not-a-secret', ['--name=backend-1']);
  expect(leaveOut(plain)).toBe(plain);
  expect(leaveOut(object('backend', [])).metadata.annotations?.[leftOutMark]).toContain('PASSWORD');
});

test('a rollback keeps the live values, and the mark is gone', () => {
  const kept = leaveOut(object('Zq8vN3xW5kLp-0TgY7', ['-k=Zq8vN3xW5kLp-0TgY7'], 'r/backend:1'));
  const live = object('the-live-one', ['-k=live'], 'r/backend:2');
  const filled = fillIn(kept, live);
  expect(filled.missing).toEqual([]);
  const { annotations, ...metadata } = filled.object.metadata;
  expect(annotations ?? {}).toEqual({});
  expect({ ...filled.object, metadata }).toEqual(
    object('the-live-one', ['-k=live'], 'r/backend:1'),
  );
  expect(JSON.stringify(filled.object)).not.toContain('***');
});

test('what is not live any more is named', () => {
  const kept = leaveOut(object('Zq8vN3xW5kLp-0TgY7', []));
  const path = 'spec.template.spec.containers.[backend].env.[PASSWORD].value';
  expect(fillIn(kept, undefined).missing).toEqual([path]);
});

test.each(['', 'x', '{}', '[1]', '[["kind"]]', '[["__proto__","x"]]', '[[{"name":7}]]'])(
  'a mark that somebody else wrote changes nothing: %s',
  (mark) => {
    const plain = object('a', []);
    const marked = {
      ...plain,
      metadata: { ...plain.metadata, annotations: { [leftOutMark]: mark } },
    };
    const filled = fillIn(marked, object('b', []));
    expect(filled.missing).toEqual([]);
    expect(filled.object.kind).toBe('Deployment');
    expect(JSON.stringify(filled.object['spec'])).toBe(JSON.stringify(plain['spec']));
  },
);

test('images of a release', () => {
  const images = { a: 'r/shop:1', b: 'r/Zq8vN3xW5kLp-0TgY7/shop:1' };
  expect(recordable(images)).toEqual({ a: 'r/shop:1' });
});
