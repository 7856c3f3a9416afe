// What somebody else may have written in place of a release: read strictly, within bounds.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import { leaping } from '../../src/releases/choose.ts';
import { decode, encode, headOf, readHead } from '../../src/releases/codec.ts';
import type { ReleaseContents, ReleaseHead } from '../../src/releases/record.ts';

const head: ReleaseHead = {
  number: 3,
  state: 'good',
  app: 'shop',
  environment: 'production',
  startedAt: '2026-11-02T20:40:00.000Z',
  endedAt: '2026-11-02T20:41:00.000Z',
  actor: 'octocat',
  commit: '1f3c2a',
  branch: 'main',
  confirmed: {
    commit: '2a1f',
    branch: 'main',
    runUrl: 'https://github.com/acme/shop/actions/runs/8',
  },
  runUrl: 'https://github.com/acme/shop/actions/runs/7',
  images: { web: 'registry.example/web:1' },
  objects: 1,
  of: 1,
  parts: 1,
  repository: { server: 'https://github.com', id: '42', name: 'acme/shop' },
  repositories: [{ server: 'https://github.com', id: '42', name: 'acme/shop' }],
};

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'staging', labels: { a: 'b' } },
  spec: { replicas: 1 },
} as KubeObject;

const contents: ReleaseContents = {
  objects: [web],
  inventory: [
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'staging', name: 'web', uid: 'a-1' },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:web' },
  ],
  whole: true,
  timings: [{ name: 'apply', from: 0, to: 20 }],
};

const secretOf = (note: string, name = 'webgen-deploy.shop.3') =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'staging', annotations: { 'webgen-deploy/release': note } },
  }) as KubeObject;

const problemOf = (note: unknown, name?: string) => {
  const text = typeof note === 'string' ? note : JSON.stringify(note);
  const read = readHead(secretOf(text, name), 'shop');
  return read && 'problem' in read ? read.problem : undefined;
};

const { startedAt: _, ...undated } = head;

describe('the head of a release', () => {
  test('comes back as it was written', () => {
    const [secret] = encode({ head, contents }, 'staging');
    expect(headOf(secret as KubeObject, 'shop')).toEqual(head);
  });

  test.each([
    ['no JSON', 'no JSON'],
    ['a list', '[]'],
    ['parts: 2^32', { ...head, parts: 2 ** 32 }],
    ['parts: 0', { ...head, parts: 0 }],
    ['number: 2^53', { ...head, number: 2 ** 53 }],
    ['another number than its name', { ...head, number: 4 }],
    ['no startedAt', undated],
    ['startedAt: a word', { ...head, startedAt: 'yesterday' }],
    ['startedAt: a year of six digits', { ...head, startedAt: '+275760-09-13T00:00:00.000Z' }],
    ['an unknown state', { ...head, state: 'best' }],
    ['images: a list', { ...head, images: [] }],
    ['images: numbers', { ...head, images: { a: 1 } }],
    ['objects: a text', { ...head, objects: '1' }],
    ['of: 0', { ...head, of: 0 }],
    ['an actor of 10 KB', { ...head, actor: 'x'.repeat(10_000) }],
    ['a repository that is a text', { ...head, repository: 'acme/shop' }],
    ['repositories without end', { ...head, repositories: Array(5000).fill(head.repository) }],
    ['repositories: {}', { ...head, repositories: {} }],
    ['a branch of 10 KB', { ...head, branch: 'x'.repeat(10_000) }],
    ['a branch that is a list', { ...head, branch: ['main'] }],
    ['confirmed: a text', { ...head, confirmed: 'main' }],
    ['confirmed without a branch', { ...head, confirmed: { commit: '', runUrl: '' } }],
    [
      'a confirmed run of 10 KB',
      { ...head, confirmed: { ...head.confirmed, runUrl: 'x'.repeat(10_000) } },
    ],
  ])('is a problem with %s', (_name, note) => {
    expect(problemOf(note)).toEqual(expect.any(String));
  });

  test('of an earlier version, which recorded no branch, is read as it was', () => {
    const { branch: _branch, confirmed: _confirmed, ...old } = head;
    expect(readHead(secretOf(JSON.stringify(old)), 'shop')).toEqual({ head: old });
  });

  test('of another application, and later parts, are no problem and no release', () => {
    const other = secretOf(JSON.stringify({ ...head, app: 'other' }), 'webgen-deploy.other.3');
    expect(readHead(other, 'shop')).toBeUndefined();
    const part = { ...secretOf(''), metadata: { name: 'webgen-deploy.shop.3.2' } };
    expect(readHead(part, 'shop')).toBeUndefined();
  });

  test.each([
    ['a number of sixteen digits', 'webgen-deploy.shop.9007199254740992'],
    ['no number', 'webgen-deploy.shop.x'],
    ['a part of one', 'webgen-deploy.shop.3.2'],
    ['a name of its own', 'evil'],
  ])('under %s is a problem, and never a release', (_name, name) => {
    expect(readHead(secretOf(JSON.stringify(head), name), 'shop')).toMatchObject({
      secret: name,
      problem: expect.any(String),
    });
  });

  test('a number that leaps ahead is none: the next release would have no number left', () => {
    const numbered = (number: number) => ({ ...head, number });
    const heads = [12, 13, 999_999, 1_000_000].map(numbered);
    expect(leaping(heads).map(({ number }) => number)).toEqual([999_999, 1_000_000]);
    expect(leaping([numbered(999_000)])).toEqual([]);
  });
});

const partOf = (data: Buffer | string): readonly KubeObject[] => [
  { ...secretOf('x'), data: { release: Buffer.from(data).toString('base64') } },
];
const zipped = (value: unknown) => partOf(gzipSync(JSON.stringify(value)));
const withObject = (object: unknown) => zipped({ ...contents, objects: [object] });
const entry = contents.inventory[0];

describe('the contents of a release', () => {
  test('come back as they were written', () => {
    expect(decode(encode({ head, contents }, 'staging'))).toEqual(contents);
  });

  test('a bomb is not unpacked', () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 'a'), { level: 1 });
    const before = process.memoryUsage().rss;
    const from = performance.now();
    expect(() => decode(partOf(bomb))).toThrow(/unpacks to more than/);
    expect(performance.now() - from).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  test('a text of millions of values is not parsed', () => {
    expect(() => decode(partOf(gzipSync(`[${'[],'.repeat(4_500_000)}1]`)))).toThrow(/values/);
  });

  let deep: unknown = {};
  for (let at = 0; at < 300; at += 1) deep = { deep };

  test.each([
    ['no gzip', partOf('plain')],
    ['a text', zipped('x')],
    ['null', zipped(null)],
    ['objects: null', zipped({ ...contents, objects: null })],
    ['no inventory', zipped({ objects: [], whole: true, timings: [] })],
    ['whole: a text', zipped({ ...contents, whole: 'yes' })],
    ['an object that is null', withObject(null)],
    ['an object without metadata', withObject({ apiVersion: 'v1', kind: 'ConfigMap' })],
    ['labels that are a text', withObject({ ...web, metadata: { name: 'a', labels: 'x' } })],
    [
      'a label that is an object',
      withObject({ ...web, metadata: { name: 'a', labels: { a: {} } } }),
    ],
    ['a name with a path', withObject({ ...web, metadata: { name: '../../secrets/x' } })],
    ['a name that is ..', withObject({ ...web, metadata: { name: '..' } })],
    ['a namespace with a path', withObject({ ...web, metadata: { name: 'a', namespace: 'a/b' } })],
    ['an apiVersion with a path', withObject({ ...web, apiVersion: 'v1/../x/y' })],
    ['a kind with a path', withObject({ ...web, kind: 'a/b' })],
    ['an object 300 levels deep', withObject({ ...web, spec: deep })],
    [
      'owners that are a text',
      withObject({ ...web, metadata: { name: 'a', ownerReferences: 'x' } }),
    ],
    ['an entry that is a text', zipped({ ...contents, inventory: ['x'] })],
    ['an entry with a path', zipped({ ...contents, inventory: [{ ...entry, name: 'a/b' }] })],
    ['a uid that is a number', zipped({ ...contents, inventory: [{ ...entry, uid: 1 }] })],
    [
      'more entries than anybody deploys',
      zipped({ ...contents, inventory: Array(20_001).fill(entry) }),
    ],
    [
      'entries in more places than anybody deploys to',
      zipped({
        ...contents,
        inventory: Array.from({ length: 3000 }, (_each, at) => ({ ...entry, namespace: `n${at}` })),
      }),
    ],
    ['a time that is a text', zipped({ ...contents, timings: [{ name: 'a', from: '0', to: 1 }] })],
  ])('is refused with %s', (_name, parts) => {
    expect(() => decode(parts)).toThrow();
  });

  test('a part without data is refused by name', () => {
    expect(() => decode([{ ...secretOf('x'), data: { release: 7 } }])).toThrow(
      /webgen-deploy.shop.3/,
    );
  });
});
