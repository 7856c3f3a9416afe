// Inputs that action.yml does not declare: an error where a declared one was meant, else a warning.
import { describe, expect, test } from '@jest/globals';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { type ReadInputs, readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';

const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token', manifests: 'k8s' };
const read = (raw: RawInputs) => readInputs(raw, run(), { overlays: [] });
const whats = ({ findings }: ReadInputs) => findings.map(({ what }) => what);

describe('undeclared inputs', () => {
  test.each([
    ['yc_sa_id', 'yc-sa-id'],
    ['ycsaid', 'yc-sa-id'],
    ['manifest', 'manifests'],
    ['time-out', 'timeout'],
    ['cluster-id', 'yc-k8s-cluster-id'],
    ['kube-config', 'kubeconfig'],
    ['kubectl-versoin', 'kubectl-version'],
  ])('%s: did you mean %s?', (name, meant) => {
    const result = read({ ...cluster, [name]: 'hunter2' });
    expect(whats(result)).toEqual([
      `Input \`${name}\` is not declared; did you mean \`${meant}\`?`,
    ]);
    expect(result.inputs).toBeUndefined();
  });
  test.each(['glory', 'colour', 'on-trouble', 'x', 'constructor'])(
    '%s is close to nothing: a warning',
    (name) => {
      const { inputs, findings } = read({ ...cluster, [name]: 'hunter2' });
      expect(inputs).toBeDefined();
      expect(findings).toEqual([expect.objectContaining({ severity: 'warning' })]);
      expect(JSON.stringify(findings)).not.toContain('hunter2');
    },
  );
  test('a hostile name is cut and cleaned', () => {
    const [finding] = read({ ...cluster, ['x\n::error::'.repeat(20)]: '' }).findings;
    expect(finding?.what).not.toContain('\n');
    expect(finding?.what.length).toBeLessThan(100);
  });
});
