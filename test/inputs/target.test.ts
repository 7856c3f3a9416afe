// Exactly one cluster and exactly one way to open it, or a finding for each broken rule.
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import { readFields } from '../../src/inputs/fields.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { chooseTarget, type TargetRules } from '../../src/inputs/target.ts';

const id = { 'yc-k8s-cluster-id': 'cat1' };
const name = { 'yc-k8s-cluster-name': 'main', 'yc-folder-id': 'b1g1' };
const token = { 'yc-iam-token': 't1.x' };
const config = `clusters: [{name: c}]
contexts: [{name: dev}, {name: prod}]
current-context: dev
`;

function choose(raw: RawInputs, rules: Partial<TargetRules> = {}) {
  return chooseTarget(readFields(raw), {
    on: 'github',
    required: true,
    opensRegistry: false,
    ...rules,
  });
}

const said = (raw: RawInputs, rules: Partial<TargetRules> = {}) =>
  choose(raw, rules).findings.map(({ severity, what }) => `${severity}: ${what}`);

describe('one cluster', () => {
  test('by id, by name, by kubeconfig', () => {
    expect(choose({ ...id, ...token }).target).toMatchObject({ by: 'id', id: 'cat1' });
    expect(choose({ ...name, ...token }).target).toMatchObject({
      by: 'name',
      name: 'main',
      folderId: 'b1g1',
    });
    expect(choose({ kubeconfig: './kube', 'kube-context': 'prod' }).target).toEqual({
      by: 'kubeconfig',
      path: './kube',
      context: 'prod',
    });
    const { target } = choose({ kubeconfig: Buffer.from(config).toString('base64') });
    expect(target?.by === 'kubeconfig' && target.text && reveal(target.text)).toBe(config);
  });
  test.each([
    [{ ...id, ...name, ...token }, '`yc-k8s-cluster-id` excludes `yc-k8s-cluster-name`'],
    [{ ...id, kubeconfig: 'x' }, '`yc-k8s-cluster-id` excludes `kubeconfig`'],
    [{ ...name, kubeconfig: 'x' }, '`yc-k8s-cluster-name` excludes `kubeconfig`'],
    [{ ...id, ...name, kubeconfig: 'x' }, 'excludes `yc-k8s-cluster-name`, `kubeconfig`'],
    [{}, '`yc-k8s-cluster-id` or another cluster is missing'],
    [{ 'yc-k8s-cluster-name': 'main', ...token }, '`yc-k8s-cluster-name` needs `yc-folder-id`'],
    [{ ...id, ...token, 'kube-context': 'x' }, '`kube-context` needs `kubeconfig` beside it'],
    [
      { kubeconfig: config, 'kube-context': 'prd' },
      'is not a context of the kubeconfig; did you mean `prod`?',
    ],
    [{ kubeconfig: config.replace(': dev\n', ': gone\n') }, 'has no current context'],
  ])('%j is one fatal finding', (raw, words) => {
    expect(choose(raw).findings).toEqual([
      expect.objectContaining({ severity: 'fatal', what: expect.stringContaining(words) }),
    ]);
  });
  test('a wrong value is told by its reader alone', () => {
    expect(said({ 'yc-k8s-cluster-id': 'a/b', ...token })).toEqual([]);
    expect(said({ ...id, 'yc-iam-token': 'a b' })).toEqual([]);
  });
});

describe('one credential', () => {
  test('keyless, with or without an audience', () => {
    const raw = { ...id, 'yc-sa-id': 'aje1' };
    expect(choose(raw).target).toMatchObject({
      credentials: { by: 'oidc', serviceAccountId: 'aje1' },
    });
    expect(choose({ ...raw, 'yc-oidc-audience': 'https://x' }).target).toMatchObject({
      credentials: { audience: 'https://x' },
    });
  });
  test.each([
    [{ ...id }, 'or another credential for Yandex Cloud is missing'],
    [{ ...id, ...token, 'yc-sa-id': 'a' }, '`yc-sa-id` excludes `yc-iam-token`'],
    [{ ...id, ...token, 'yc-oidc-audience': 'a' }, '`yc-oidc-audience` needs `yc-sa-id`'],
  ])('%j is one fatal finding', (raw, words) => {
    expect(said(raw)).toEqual([expect.stringMatching(/^fatal: /)]);
    expect(said(raw)[0]).toContain(words);
  });
  test('conflicts of clusters and of credentials are told together', () => {
    expect(said({ ...id, ...name, ...token, 'yc-sa-id': 'a' })).toHaveLength(2);
    expect(said({ ...token, 'yc-sa-id': 'a' })).toHaveLength(2);
  });
  test('what is not used is a warning', () => {
    expect(said({ kubeconfig: './kube', ...token })).toEqual([
      'warning: Input `yc-iam-token` is not used: the kubeconfig brings its own credentials.',
    ]);
    expect(said({ ...id, ...token, 'yc-folder-id': 'b1g1' })).toEqual([
      'warning: Input `yc-folder-id` is not used without `yc-k8s-cluster-name`.',
    ]);
    expect(said(token, { required: false })).toEqual([
      'warning: Input `yc-iam-token` is not used: no cluster is given.',
    ]);
  });
});

describe('a terminal', () => {
  const rules = { on: 'terminal', defaultKubeconfig: '/home/me/.kube/config' } as const;
  test('falls back to its kubeconfig, in the context that is given', () => {
    const path = '/home/me/.kube/config';
    expect(choose({}, rules)).toEqual({ findings: [], target: { by: 'kubeconfig', path } });
    expect(choose({ 'kube-context': 'x' }, rules).target).toMatchObject({ path, context: 'x' });
  });
  test('but not when something for Yandex Cloud was given', () => {
    for (const raw of [token, { 'yc-folder-id': 'b1g1' }]) {
      expect(choose(raw, rules).target).toBeUndefined();
      expect(said(raw, rules)[0]).toContain('or another cluster is missing');
    }
  });
  test('without any says that KUBECONFIG would do', () => {
    const [missing] = choose({}, { on: 'terminal', required: true }).findings;
    expect(missing?.hint).toContain('KUBECONFIG');
  });
  test('and a runner never does', () => {
    expect(choose({}, { ...rules, on: 'github' }).target).toBeUndefined();
  });
  test('has no OIDC token', () => {
    expect(said({ ...id, 'yc-sa-id': 'aje1' }, rules)).toEqual([
      "fatal: Input `yc-sa-id` needs GitHub's OIDC token, which a terminal does not have.",
    ]);
  });
});
