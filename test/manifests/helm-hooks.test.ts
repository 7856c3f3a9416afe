import { expect, test } from '@jest/globals';
import { withoutHelmHooks } from '../../src/manifests/helm-hooks.ts';
import { documentsOf } from '../support/manifests/documents.ts';

const hook = (value: string) => `apiVersion: batch/v1
kind: Job
metadata:
  name: one
  annotations:
    helm.sh/hook: ${value}
`;

test.each(['test', 'pre-delete', 'post-delete', 'pre-rollback,post-rollback', ' test-success '])(
  'a hook of %s is left out, and said at its line',
  (value) => {
    const { documents, findings } = withoutHelmHooks(documentsOf(hook(`"${value}"`)));
    expect(documents).toEqual([]);
    expect(findings).toMatchObject([
      {
        code: 'helm-hook',
        severity: 'warning',
        line: 6,
        what: expect.stringContaining('is not applied'),
        hint: expect.stringContaining('helm template --no-hooks'),
      },
    ]);
  },
);

test.each([
  ['pre-install,pre-upgrade', 'webgen-deploy/phase: pre-deploy'],
  ['post-upgrade', 'webgen-deploy/phase: post-deploy'],
  ['pre-install,pre-delete', 'webgen-deploy/phase: pre-deploy'],
  ['crd-install', 'remove the annotation'],
  ['something-new', 'remove the annotation'],
])('a hook of %s is applied, with a word how to say when', (value, hint) => {
  const { documents, findings } = withoutHelmHooks(documentsOf(hook(value)));
  expect(documents).toHaveLength(1);
  expect(findings).toMatchObject([{ severity: 'warning', hint: expect.stringContaining(hint) }]);
});

test('other annotations, and values that are no text, are no hooks', () => {
  const plain =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {helm.sh/hook-weight: "1"}}\n';
  expect(withoutHelmHooks(documentsOf(plain)).findings).toEqual([]);
  const empty = withoutHelmHooks(documentsOf(hook('""')));
  expect(empty.documents).toHaveLength(1);
  expect(empty.findings).toEqual([]);
});
