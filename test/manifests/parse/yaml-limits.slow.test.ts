// Texts that a parser chews on for long: each is refused at once, and nothing that anybody deploys is.
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/manifests/parse/parse.ts';

const size = 1_600_000;
const filled = (piece: string) => piece.repeat(size / piece.length);

const hostile: Readonly<Record<string, string>> = {
  'opening brackets': filled('['),
  'opening braces, a line each': filled('{\n'),
  'closing brackets': filled(']'),
  'brackets that close at once': filled('[]'),
  'a list of empty lists': `[${filled('[],')}]`,
  'one JSON object after the other': filled('{}'),
  'keys in keys': filled('{"a":'),
  'empty keys of one map': `{${filled('"":')}}`,
  quotes: filled('"'),
  'escaped quotes': filled('\\"'),
  'empty texts': filled('"" '),
  commas: `[${filled(',')}]`,
  tags: filled('! '),
  anchors: filled('&a '),
  aliases: filled('*a '),
  directives: filled('%\n'),
  'empty documents': filled('---\n'),
  'empty lines': filled('\r\n'),
  comments: filled('#\n'),
  'keys without a value': filled('a:\n'),
};

test.each(Object.keys(hostile))('%s, 1.6 MB of them', (name) => {
  // Processor time: a busy machine is no fault.
  const before = process.cpuUsage();
  const { documents, findings } = parseManifests(hostile[name] ?? '', 'a.yaml');
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(2_000);
  expect(documents).toEqual([]);
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.length).toBeLessThan(200);
  for (const each of findings) {
    expect(each).toMatchObject({ code: 'manifest-invalid', file: 'a.yaml' });
    expect(each.line).toBeGreaterThan(0);
  }
});

describe('what is large and real is read:', () => {
  const parts = (count: number, part: (at: number) => unknown) =>
    Array.from({ length: count }, (_, at) => part(at));
  const read = (text: string) => {
    const { documents, findings } = parseManifests(text, 'a.yaml');
    expect(findings).toEqual([]);
    return documents.length;
  };
  const container = (at: number) => ({
    name: `c-${at}`,
    image: 'nginx',
    ports: [{ containerPort: at }],
  });
  const pod = (at: number, containers = 3) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p-${at}`, labels: { a: 'b' } },
    spec: { containers: parts(containers, container) },
  });

  test('a schema of 1 MB, with sixty levels', () => {
    const level = (depth: number): string =>
      depth === 0 ? '' : `${'  '.repeat(60 - depth)}p:\n${level(depth - 1)}`;
    const fields = parts(
      12_000,
      (at) =>
        `    field${at}:\n      type: string\n      description: What it is for, in some words.\n`,
    );
    const head =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a.b.c\n';
    expect(
      read(
        `${head}spec:\n  properties:\n${fields.join('')}other:\n${level(58).replace(/^/gm, '  ')}`,
      ),
    ).toBe(1);
  });

  test('a list of JSON on one line', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: parts(4_000, pod) };
    expect(read(JSON.stringify(list))).toBe(4_000);
  });

  test('thousands of JSON objects, one after the other', () => {
    expect(read(parts(12_000, (at) => JSON.stringify(pod(at, 1))).join('\n'))).toBe(12_000);
  });

  test('a dashboard as JSON in a ConfigMap, quoted and as a block', () => {
    const dashboard = JSON.stringify({ panels: parts(20_000, (at) => [at, [[]], { a: {} }]) });
    const map = (text: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a.json: ${text}\n`;
    expect(read(map(JSON.stringify(dashboard)))).toBe(1);
    expect(read(map(`|\n    ${dashboard.replaceAll('},', '},\n    ')}`))).toBe(1);
  });
});
