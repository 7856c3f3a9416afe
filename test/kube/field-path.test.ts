import { describe, expect, test } from '@jest/globals';
import { placeOf } from '../../src/kube/document.ts';
import { pathOfField } from '../../src/kube/field-path.ts';
import { documentOf } from '../support/manifests/documents.ts';

const document = documentOf(
  [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata:',
    '  name: web',
    '  annotations:',
    '    example.org/a.b: c',
    'spec:',
    '  replcas: 3',
    '  selector:',
    '    matchLabels: {app.kubernetes.io/name: web}',
    '  template:',
    '    spec:',
    '      containers:',
    '      - name: side',
    '      - name: app',
    '        imagee: x',
    '        ports:',
    '        - containerPort: 80',
    '          protocol: TCP',
    '        - containerPort: 80',
    '          protocol: UDP',
  ].join('\n'),
);

describe.each([
  ['spec.replcas', ['spec', 'replcas'], 8],
  ['.spec.replcas', ['spec', 'replcas'], 8],
  [
    'spec.template.spec.containers[1].imagee',
    ['spec', 'template', 'spec', 'containers', 1, 'imagee'],
    16,
  ],
  [
    '.spec.template.spec.containers[name="app"].imagee',
    ['spec', 'template', 'spec', 'containers', 1, 'imagee'],
    16,
  ],
  [
    '.spec.template.spec.containers[name="app"].ports[containerPort=80,protocol="UDP"].protocol',
    ['spec', 'template', 'spec', 'containers', 1, 'ports', 1, 'protocol'],
    21,
  ],
  ['metadata.annotations[example.org/a.b]', ['metadata', 'annotations', 'example.org/a.b'], 6],
  ['metadata.annotations.example.org/a.b', ['metadata', 'annotations', 'example.org/a.b'], 6],
  [
    'spec.selector.matchLabels.app.kubernetes.io/name',
    ['spec', 'selector', 'matchLabels', 'app.kubernetes.io/name'],
    10,
  ],
  ['spec.template.nothing.here', ['spec', 'template', 'nothing', 'here'], 11],
  ['', [], 1],
])('%p', (text, path, line) => {
  test('is this path', () => expect(pathOfField(document.object, text)).toEqual(path));
  test('is on this line', () =>
    expect(placeOf(document, pathOfField(document.object, text)).line).toBe(line));
});

test('without places of its own a document is its file', () => {
  expect(placeOf(document, pathOfField(document.object, 'spec.replcas'))).toEqual({
    file: 'app.yaml',
    line: 8,
  });
});

test('a hostile path is harmless', () => {
  expect(() => pathOfField(document.object, '[[[".".__proto__.constructor][')).not.toThrow();
  expect(pathOfField(document.object, '__proto__.x')).toEqual(['__proto__', 'x']);
});
