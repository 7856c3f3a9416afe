import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Document } from '../../src/kube/document.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { dockerfileFiles, manifestFiles } from '../../src/scan/files-to-scan.ts';

function document(kind: string, name: string, more: Partial<KubeObject> = {}): Document {
  const object: KubeObject = { apiVersion: 'v1', kind, metadata: { name }, ...more };
  return { object, file: 'manifests/app.yaml', line: 7, lineOf: () => 7 };
}

test('a manifest is a file under a stable name, which knows where it comes from', () => {
  const [file] = manifestFiles([document('ConfigMap', 'settings', { data: { a: '1' } })]);
  expect(file).toMatchObject({
    path: 'manifests/ConfigMap/settings.yaml',
    object: 'ConfigMap/settings',
    file: 'manifests/app.yaml',
    line: 7,
  });
  expect(parse(file?.text ?? '')).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { a: '1' },
  });
});

test('an object without a namespace has the one that it goes to', () => {
  const [file] = manifestFiles([document('Service', 'web')], 'shop');
  expect(parse(file?.text ?? '').metadata).toEqual({ name: 'web', namespace: 'shop' });
  const other = document('Service', 'web', { metadata: { name: 'web', namespace: 'own' } });
  expect(parse(manifestFiles([other], 'shop')[0]?.text ?? '').metadata.namespace).toBe('own');
});

test('no Secret is written, wherever it comes from', () => {
  const secret = document('Secret', 'db', { data: { password: 'aHVudGVyMg==' } });
  expect(manifestFiles([secret, document('Service', 'web')])).toHaveLength(1);
});

test('a custom kind that is called Secret is no Secret', () => {
  const other = document('Secret', 'x', { apiVersion: 'example.org/v1' });
  expect(manifestFiles([other])).toHaveLength(1);
});

test('two of one name are told apart, and a hostile name stays in its folder', () => {
  const named = (namespace: string) =>
    document('Service', 'web', { metadata: { name: 'web', namespace } });
  const paths = manifestFiles([
    named('a'),
    named('b'),
    named('b'),
    document('../../etc', '../passwd\n'),
  ]).map(({ path }) => path);
  expect(paths).toEqual([
    'manifests/Service/web.yaml',
    'manifests/b/Service/web.yaml',
    'manifests/b/Service/web-2.yaml',
    'manifests/.._.._etc/.._passwd_.yaml',
  ]);
});

test('a Dockerfile keeps its path, and a name that the scanner knows', () => {
  const files = [
    { file: 'backend/Dockerfile', text: 'FROM scratch' },
    { file: 'backend/Dockerfile', text: 'FROM scratch' },
    { file: './ops/../images/api.dockerfile', text: 'FROM scratch' },
  ];
  expect(dockerfileFiles(files).map(({ path }) => path)).toEqual([
    'dockerfiles/backend/Dockerfile',
    'dockerfiles/ops/images/Dockerfile.api.dockerfile',
  ]);
});
