import { describe, expect, test } from '@jest/globals';
import { differenceText } from '../../src/apply/dry-run/difference-text.ts';
import { covers, differences, lastApplied, unmet } from '../../src/kube/compare.ts';
import type { KubeObject } from '../../src/kube/objects.ts';

const object = (spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});

describe('differences', () => {
  test('what the server keeps for itself is none', () => {
    const before = object({ a: 1 }, { resourceVersion: '1', generation: 1, managedFields: [] });
    const annotations = { [lastApplied]: 'secret', 'deployment.kubernetes.io/revision': '2' };
    const after = { ...object({ a: 1 }, { resourceVersion: '2', annotations }), status: { x: 1 } };
    expect(differences(before, after)).toEqual([]);
  });

  test('are dotted paths, list items by name', () => {
    const before = object({
      list: [
        { name: 'a', v: 1 },
        { name: 'b', v: 1 },
      ],
      n: [1, 2],
    });
    const after = object({
      list: [
        { name: 'b', v: 2 },
        { name: 'c', v: 1 },
      ],
      n: [1, 3],
      x: {},
    });
    expect(differences(before, after)).toEqual([
      'spec.list[a]',
      'spec.list[b].v',
      'spec.list[c]',
      'spec.n[1]',
      'spec.x',
    ]);
  });

  test('another order is one, and so is another length', () => {
    const names = (...list: string[]) => object({ list: list.map((name) => ({ name })) });
    expect(differences(names('a', 'b'), names('b', 'a'))).toEqual(['spec.list']);
    expect(differences(object({ n: [1] }), object({ n: [1, 2] }))).toEqual(['spec.n']);
  });

  test('what was asked for is there, whatever else is', () => {
    expect(covers({ a: [{ b: 1, c: 2 }], d: 3 }, { a: [{ b: 1 }] })).toBe(true);
    expect(unmet({ a: [{ b: 1 }] }, { a: [{ b: 2 }], e: 1 }, '')).toEqual(['a[0].b', 'e']);
  });
});

describe('as text', () => {
  test('a unified difference in YAML', () => {
    const text = differenceText(
      object({ replicas: 1, keep: true }),
      object({ replicas: 2, keep: true }),
    );
    expect(text).toContain('-  replicas: 1\n+  replicas: 2\n');
    expect(text).toContain('--- live Deployment/web\n+++ Deployment/web\n');
  });

  test('nothing where nothing differs; all of it where it is new', () => {
    expect(differenceText(object({ a: 1 }), object({ a: 1 }))).toBe('');
    expect(differenceText(undefined, object({ a: 1 }))).toContain('+kind: Deployment\n');
  });

  test('never shows the values of a Secret', () => {
    const secret = (data: Record<string, string>, annotations = {}): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', annotations: { [lastApplied]: 'b25l', ...annotations } },
      data,
    });
    const before = secret({ same: 'c2FtZQ==', other: 'b25l', gone: 'Z29uZQ==' });
    const text = differenceText(before, secret({ same: 'c2FtZQ==', other: 'dHdv', new: 'bmV3' }));
    expect(text).not.toMatch(/c2FtZQ|b25l|dHdv|Z29uZQ|bmV3/);
    expect(text).toContain('-  gone: "***"\n-  other: "*** (before)"\n');
    expect(text).toContain('+  new: "***"\n+  other: "*** (after)"\n');
    expect(text).toContain('\n   same: "***"\n');
    expect(
      differenceText(before, secret({ ...(before['data'] as object) }, { a: 'b' })),
    ).not.toContain('(after)');
  });
});
