import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../src/core/errors.ts';
import { findDuplicates } from '../../../src/kube/document.ts';
import { isFields } from '../../../src/kube/json.ts';
import { parseManifests } from '../../../src/manifests/parse/parse.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'manifests');
const read = (name: string) => readFileSync(join(fixtures, name), 'utf8');

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function show(finding: Finding): string {
  const { code, severity, file, line, what, evidence, hint } = finding;
  return [
    `${severity} ${code} ${file}:${line}`,
    `  ${what}`,
    ...evidence.map((each) => `  | ${each}`),
    `  → ${hint}`,
  ].join('\n');
}

function sorted(value: unknown): string {
  const byKey = (_key: string, each: unknown) =>
    isFields(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  return JSON.stringify(value, byKey, 1);
}

describe('values', () => {
  test('mean what they mean to kubectl, digit by digit', () => {
    const { documents, findings } = parseManifests(read('scalars.yaml'), 'scalars.yaml');
    expect(findings).toEqual([]);
    const squeeze = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
    expect(squeeze(sorted(documents[0]?.object))).toBe(squeeze(read('scalars.json')));
  });

  test('a key __proto__ is a key like any other', () => {
    const { documents } = parseManifests(`${configMap('a')}data: {__proto__: {x: 1}}\n`, 'a.yaml');
    expect(JSON.stringify(documents[0]?.object['data'])).toBe('{"__proto__":{"x":1}}');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('a bomb of aliases is refused before it unfolds', () => {
    const levels = Array.from({ length: 60 }, (_, level) =>
      level === 0 ? 'x0: &x0 [a, a]' : `x${level}: &x${level} [*x${level - 1}, *x${level - 1}]`,
    );
    const { documents, findings } = parseManifests(
      `${configMap('a')}${levels.join('\n')}`,
      'a.yaml',
    );
    expect(documents).toEqual([]);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toContain('16 MiB');
  });

  test('thousands of aliases of one anchor are read in no time', () => {
    const list = '- *one\n'.repeat(20_000);
    const started = performance.now();
    const { documents } = parseManifests(
      `${configMap('a')}one: &one {a: b}\nmany:\n${list}`,
      'a.yaml',
    );
    expect(documents[0]?.object['many']).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test.each(['[ ', '- ', '{a: '])('endless nesting of %p is a finding, not a crash', (open) => {
    const { documents, findings } = parseManifests(`a: ${open.repeat(5_000)}`, 'a.yaml');
    expect(documents).toEqual([]);
    expect(findings.length).toBeGreaterThan(0);
  });
});

describe('streams', () => {
  test('empty and comment-only documents are skipped; lines count from the file', () => {
    const text = `# head\n---\n${configMap('a')}--- # more\n# nothing\n---\n~\n---\n${configMap('b')}...\n`;
    const { documents, findings } = parseManifests(text, 'a.yaml');
    expect(findings).toEqual([]);
    expect(documents.map(({ object, line }) => [object.metadata.name, line])).toEqual([
      ['a', 3],
      ['b', 12],
    ]);
  });

  test.each(['', '\n', '# c', '---\n---\n', '\uFEFF'])('%p has no documents', (text) => {
    expect(parseManifests(text, 'a.yaml')).toEqual({ documents: [], findings: [] });
  });

  test('a byte order mark and CRLF line ends change nothing', () => {
    const text = `\uFEFF${configMap('a')}---\n${configMap('b')}`.replaceAll('\n', '\r\n');
    const { documents } = parseManifests(text, 'a.yaml');
    expect(documents.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
    expect(documents[1]?.lineOf(['metadata', 'name'])).toBe(9);
  });

  test('a broken document does not hide the others', () => {
    const text = `${configMap('a')}---\na: "b" c\n---\n${configMap('b')}`;
    const { documents, findings } = parseManifests(text, 'a.yaml');
    expect(documents.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
    expect(findings.map(({ line }) => line)).toEqual([6]);
  });

  test('JSON, with tabs and several objects in a row', () => {
    const one =
      '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "a}{"}\n}';
    const { documents, findings } = parseManifests(
      `${one}\n${one.replace('a}{', 'b\\"')}`,
      'a.json',
    );
    expect(findings).toEqual([]);
    expect(documents.map(({ object, line }) => [object.metadata.name, line])).toEqual([
      ['a}{', 1],
      ['b"', 6],
    ]);
    expect(documents[1]?.lineOf(['metadata', 'name'])).toBe(9);
  });
});

describe('lists', () => {
  test('are unpacked, nested ones too, each item with its own lines', () => {
    const text = [
      'apiVersion: v1',
      'kind: List',
      'items:',
      '- apiVersion: v1',
      '  kind: ConfigMap',
      '  metadata:',
      '    name: a',
      '- apiVersion: v1',
      '  kind: SecretList',
      '  items:',
      '  - metadata:',
      '      name: b',
      '      labels: {tier: web}',
    ].join('\n');
    const { documents, findings } = parseManifests(text, 'a.yaml');
    expect(findings).toEqual([]);
    expect(documents.map(({ object, line }) => [object.kind, object.apiVersion, line])).toEqual([
      ['ConfigMap', 'v1', 4],
      ['Secret', 'v1', 11],
    ]);
    expect(documents[0]?.lineOf(['metadata', 'name'])).toBe(7);
    expect(documents[1]?.lineOf(['metadata', 'labels', 'tier'])).toBe(13);
  });

  test('an empty one is nothing; a kind that only sounds like one is an object', () => {
    expect(parseManifests('apiVersion: v1\nkind: List\nitems: []\n', 'a.yaml').documents).toEqual(
      [],
    );
    const custom =
      'apiVersion: example.org/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: []}';
    expect(parseManifests(custom, 'a.yaml').documents[0]?.object.kind).toBe('AllowList');
  });
});

describe('lines', () => {
  const text = [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: web}',
    'x-defaults: &defaults',
    '  imagePullPolicy: Always',
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '      - name: a',
    '        image: b',
    '      - <<: *defaults',
    '        name: c',
    '        "image": d',
  ].join('\n');
  const document = parseManifests(text, 'a.yaml').documents[0];
  const containers = ['spec', 'template', 'spec', 'containers'];

  test.each([
    [[], 1],
    [['spec'], 6],
    [[...containers, 0], 10],
    [[...containers, 0, 'image'], 11],
    [[...containers, 1, 'image'], 14],
    [[...containers, 1, 'imagePullPolicy'], 5],
    [[...containers, 1, 'nothing'], 12],
    [[...containers, 7, 'image'], 9],
    [['nothing', 'at', 'all'], 1],
    [['metadata', 'name', 'below'], 3],
  ])('%j is on line %d', (path, line) => expect(document?.lineOf(path)).toBe(line));
});

describe('what is wrong', () => {
  const names = readdirSync(join(fixtures, 'invalid')).filter((name) => !name.endsWith('.txt'));

  test.each(names)('%s', (name) => {
    const { documents, findings } = parseManifests(read(join('invalid', name)), name);
    const kept = documents.map(({ object, line }) => `kept ${object.kind} on line ${line}`);
    const text = `${[...findings.map(show), ...kept].join('\n')}\n`;
    const golden = join(fixtures, 'invalid', `${name}.txt`);
    if (process.env['UPDATE_GOLDEN']) writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
    expect(findings.length).toBeGreaterThan(0);
  });

  test.each(names.filter((name) => name.startsWith('secret')))('%s tells no secret', (name) => {
    expect(JSON.stringify(parseManifests(read(join('invalid', name)), name))).not.toContain(
      'hunter',
    );
  });

  test('hostile names cannot write lines of their own', () => {
    const text = 'apiVersion: v1\nkind: "::error::x\\n::warning::y"\nmetadata: {name: 1}\n';
    const { findings } = parseManifests(text, 'a.yaml');
    expect(findings[0]?.what).not.toContain('\n');
  });

  test('empty namespace, labels and annotations are taken as not written', () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: "", labels: , annotations: ~}';
    expect(parseManifests(text, 'a.yaml').documents[0]?.object.metadata).toEqual({ name: 'a' });
  });
});

test('duplicates name both places, whatever the API version', () => {
  const hpa = (version: string) =>
    `apiVersion: autoscaling/${version}\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n`;
  const first = parseManifests(hpa('v1'), 'a.yaml').documents;
  const second = parseManifests(`# c\n${hpa('v2')}`, 'b.yaml').documents;
  const [finding, ...more] = findDuplicates([...first, ...second]);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ code: 'manifest-invalid', file: 'b.yaml', line: 2 });
  expect(finding?.what).toContain('a.yaml:1');
  expect(finding?.what).toContain('b.yaml:2');
});

test('the same name in two namespaces, groups or kinds is no duplicate', () => {
  const texts = [
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: b}',
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}',
  ];
  expect(findDuplicates(parseManifests(texts.join('\n---\n'), 'a.yaml').documents)).toEqual([]);
});
