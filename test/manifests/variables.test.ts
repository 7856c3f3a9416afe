import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { valueAt } from '../../src/kube/json.ts';
import { fillVariables } from '../../src/manifests/variables.ts';
import { documentOf, documentsOf } from '../support/manifests/documents.ts';

const deployment = (image: string, extra = '') => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: app
        image: ${image}
${extra}`;

describe('values', () => {
  const hostile = [
    'a\nmetadata:\n  name: other',
    'a: b',
    '${OTHER}',
    '${HOSTILE}',
    '!!binary aGVsbG8=',
    '&anchor',
    '*alias',
    '{"a": [1]}',
    '- a',
    '"quoted"',
    "it's",
    '# no comment',
    '---\nkind: Secret',
    '\u0000\u001b[31m',
    '$&$1$`',
    'yes',
    '012',
    '',
  ];

  test.each(hostile)('%j stays one text, exactly as it was given', (value) => {
    const document = documentOf(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: "<${HOSTILE}>"\n  l: ${HOSTILE}\n  m: ${OTHER}\n',
    );
    const { documents, findings } = fillVariables([document], { HOSTILE: value, OTHER: 'other' });
    expect(findings).toEqual([]);
    const object = documents[0]?.object;
    expect(object?.['data']).toEqual({ k: `<${value}>`, l: value, m: 'other' });
    expect({ ...object, data: undefined }).toEqual({ ...document.object, data: undefined });
    expect(parse(stringify(object))).toEqual(object);
  });

  test('random texts come through unchanged, whatever stands around them', () => {
    const pieces = [
      '${A}',
      '${B}',
      '$',
      '{',
      '}',
      '\n',
      ': ',
      '"',
      "'",
      '\\',
      'x',
      '$$',
      '!',
      '%s',
    ];
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 500; round += 1) {
      const value = Array.from({ length: next(8) }, () => pieces[next(pieces.length)]).join('');
      const data = { k: 'before ${A} after' };
      const document = documentOf('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
      const with_ = { ...document, object: { ...document.object, data } };
      const { documents } = fillVariables([with_], { A: value });
      expect(documents[0]?.object['data']).toEqual({ k: `before ${value} after` });
    }
  });

  test('keys are never filled, and $${NAME} stays as written', () => {
    const document = documentOf(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "${A}"}\ndata:\n  "${A}": $${A} $$${A} ${A} ${ A } $A\n',
    );
    const { documents, findings } = fillVariables([document], { A: 'x' });
    expect(findings).toEqual([]);
    expect(documents[0]?.object['data']).toEqual({ '${A}': '$${A} $$${A} x ${ A } $A' });
  });

  test('names of an object prototype are no variables', () => {
    const document = documentOf(deployment('${constructor}:${toString}'));
    const { findings } = fillVariables([document], {});
    expect(findings.map(({ code }) => code)).toEqual(['variable-unset', 'variable-unset']);
  });

  test('a number field gets a number; a text field keeps its text', () => {
    const text = [
      'apiVersion: apps/v1',
      'kind: Deployment',
      'metadata: {name: a, annotations: {port: "${N}"}, labels: {port: "${N}"}}',
      'spec:',
      '  replicas: ${N}',
      '  template:',
      '    metadata: {labels: {port: "${N}"}}',
      '    spec:',
      '      containers:',
      '      - name: app',
      '        env: [{name: port, value: "${N}"}]',
      '        ports: [{containerPort: "${N}"}]',
      '        livenessProbe: {httpGet: {port: "${NAMED}", path: "/${N}"}}',
    ].join('\n');
    const { documents } = fillVariables([documentOf(text)], { N: '8080', NAMED: 'http' });
    const object = documents[0]?.object;
    const container = ['spec', 'template', 'spec', 'containers', 0];
    expect(valueAt(object, ['spec', 'replicas'])).toBe(8080);
    expect(valueAt(object, [...container, 'ports', 0, 'containerPort'])).toBe(8080);
    expect(valueAt(object, [...container, 'env', 0, 'value'])).toBe('8080');
    expect(valueAt(object, [...container, 'livenessProbe', 'httpGet'])).toEqual({
      port: 'http',
      path: '/8080',
    });
    expect(object?.metadata.labels).toEqual({ port: '8080' });
    expect(object?.metadata.annotations).toEqual({ port: '8080' });
    expect(valueAt(object, ['spec', 'template', 'metadata', 'labels', 'port'])).toBe('8080');
  });

  test.each(['1.10', '007', '1e3', '-1', ' 1', '99999999999999999999'])(
    '%p is no whole number, so it stays a text everywhere',
    (value) => {
      const document = documentOf(
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: "${N}"}',
      );
      const { documents } = fillVariables([document], { N: value });
      expect(documents[0]?.object['spec']).toEqual({ replicas: value });
    },
  );
});

describe('what is left unfilled', () => {
  const one = (text: string) =>
    fillVariables([documentOf(text)], {}).findings.map(
      ({ code, severity, line, file }) => `${severity} ${code} ${file}:${line}`,
    );

  test.each([
    ['a name', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a-${X}\n', 4],
    ['a namespace', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: ${X}\n', 5],
    [
      'a label called env',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    env: ${X}\n',
      6,
    ],
    ['an image', deployment('repo/app:${X}'), 11],
    [
      'a selector',
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  selector:\n    app: ${X}\n',
      6,
    ],
    [
      'a host of an Ingress',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  rules:\n  - host: ${X}\n',
      6,
    ],
    [
      'a TLS host of an Ingress',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  tls:\n  - hosts:\n    - ${X}\n',
      7,
    ],
    [
      'a name in a volume',
      deployment(
        'a',
        '      volumes:\n      - name: v\n        configMap:\n          name: ${X}\n',
      ),
      15,
    ],
    [
      'a namespace of a custom kind',
      'apiVersion: example.org/v1\nkind: Thing\nmetadata:\n  name: a\n  namespace: ${X}\n',
      5,
    ],
  ])('%s is fatal', (_what, text, line) => {
    expect(one(text)).toEqual([`fatal variable-unset app.yaml:${line}`]);
  });

  test.each([
    ['data', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {run.sh: "echo ${X}"}'],
    ['stringData', 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: "${X}"}'],
    ['command', deployment('a', '        command: [sh, -c, "echo ${X}"]')],
    ['args', deployment('a', '        args: ["${X}"]')],
    ['env', deployment('a', '        env: [{name: A, value: "${X}"}]')],
    [
      'a custom kind',
      'apiVersion: example.org/v1\nkind: A\nmetadata: {name: a}\nspec: {name: "${X}"}',
    ],
    [
      'the schema of a CRD',
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {versions: [{schema: {openAPIV3Schema: {description: "${X}"}}}]}',
    ],
  ])('%s stays as written, in silence', (_what, text) => expect(one(text)).toEqual([]));

  test('anything else stays as written, with a warning', () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    a: ${X} ${X}\n';
    expect(one(text)).toEqual(['warning variable-unset app.yaml:6']);
    expect(fillVariables([documentOf(text)], {}).documents[0]?.object.metadata.annotations).toEqual(
      {
        a: '${X} ${X}',
      },
    );
  });
});

test('a variable that nothing uses is an error of the input', () => {
  const documents = documentsOf(deployment('a:${USED}'));
  const { findings } = fillVariables(documents, { USED: '1', UNUSED: '2', OTHER: '3' });
  expect(
    findings.map(({ code, what }) => [code, what.includes('UNUSED') || what.includes('OTHER')]),
  ).toEqual([
    ['input-invalid', true],
    ['input-invalid', true],
  ]);
});
