import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { labelValue } from '../../src/kube/objects.ts';
import { setLabels, transform } from '../../src/manifests/transform.ts';
import { documentOf, documentsOf } from '../support/manifests/documents.ts';

const nothing = { app: 'shop', variables: {}, images: {}, secrets: [] };
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: \${REGISTRY}/team/backend:old
      - name: side
        image: Nginx:1
`;

describe('transform', () => {
  test('variables come before images, and labels are only the object’s own', () => {
    const digest = `cr.yandex/x/backend@sha256:${'a'.repeat(64)}`;
    const { documents, findings } = transform(documentsOf(deployment.replace('Nginx', 'nginx')), {
      ...nothing,
      variables: { REGISTRY: 'localhost:5000' },
      images: { 'team/backend': digest },
    });
    expect(findings).toEqual([]);
    expect(documents[0]?.object).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        labels: {
          'app.kubernetes.io/managed-by': 'webgen-deploy',
          'app.kubernetes.io/part-of': 'shop',
        },
      },
      spec: {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              { name: 'app', image: digest },
              { name: 'side', image: 'nginx:1' },
            ],
          },
        },
      },
    });
  });

  test('every problem at once, with file and line', () => {
    const { findings } = transform(documentsOf(deployment), {
      ...nothing,
      images: { frontend: 'x/y:1', bakend: 'x/y:1', other: 'x:y:z' },
      variables: { UNUSED: '1' },
    });
    expect(findings.map(({ code, line }) => [code, line])).toEqual([
      ['variable-unset', 12],
      ['input-invalid', undefined],
      ['image-name-invalid', undefined],
      ['image-not-matched', undefined],
      ['image-not-matched', undefined],
      ['image-not-matched', undefined],
      ['image-name-invalid', 14],
    ]);
  });

  test('the secrets input gets the labels too', () => {
    const { documents } = transform([], {
      ...nothing,
      secrets: [{ secret: 'db', key: 'password', value: new Secret('x') }],
    });
    expect(documents[0]?.object.metadata.labels).toMatchObject({
      'app.kubernetes.io/part-of': 'shop',
    });
  });

  test('names that variables make equal are duplicates', () => {
    const documents = documentsOf(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: "${A}"}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n',
    );
    const { findings } = transform(documents, { ...nothing, variables: { A: 'b' } });
    expect(findings.map(({ what }) => what)).toEqual([
      'Pod/b is written twice: app.yaml:1 and app.yaml:5.',
    ]);
  });

  test('the documents that were given stay as they were', () => {
    const documents = documentsOf(deployment);
    const before = JSON.stringify(documents);
    transform(documents, { ...nothing, variables: { REGISTRY: 'r' }, images: { backend: 'a:1' } });
    expect(JSON.stringify(documents)).toBe(before);
  });
});

describe('setLabels', () => {
  test('leaves labels alone that are there', () => {
    const document = documentOf(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app.kubernetes.io/managed-by: Helm}}',
    );
    expect(setLabels([document], 'shop')[0]?.object.metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'Helm',
      'app.kubernetes.io/part-of': 'shop',
    });
  });

  test.each([
    ['shop', 'shop'],
    ['-.Shop/x_', 'Shop-x'],
    ['a'.repeat(80), 'a'.repeat(63)],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
    ['магазин', ''],
  ])('%s becomes the label value %s', (text, value) => expect(labelValue(text)).toBe(value));
});
