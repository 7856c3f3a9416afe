// A Lease that somebody else filled: it neither keeps the next holder out nor fills the report.
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import {
  durationOf,
  holderOf,
  holderWords,
  lastWriteOf,
  runOf,
  takenLease,
} from '../../src/lock/lease.ts';

const leaseOf = (spec: unknown, metadata: object = {}) =>
  ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'webgen-deploy-shop', namespace: 'web', ...metadata },
    spec,
  }) as KubeObject;

const holder = { identity: 'me', actor: 'eve', repository: 'github.com/1' };

describe('a hostile Lease', () => {
  test('cannot fill the count of holders', () => {
    const taken = takenLease(leaseOf({ leaseTransitions: 2 ** 31 - 1 }), holder, 0);
    expect(taken['spec']).toMatchObject({ leaseTransitions: 0, holderIdentity: 'me' });
  });

  test('leaves room for the annotations of the next holder', () => {
    const annotations = { junk: 'x'.repeat(262_000), mine: 'y' };
    expect(takenLease(leaseOf({}, { annotations }), holder, 0).metadata.annotations).toEqual({
      'webgen-deploy/actor': 'eve',
      'webgen-deploy/repository': 'github.com/1',
    });
    const small = { mine: 'y', 'webgen-deploy/repository': 'github.com/2' };
    const unknown = { identity: 'me', actor: 'eve' };
    expect(
      takenLease(leaseOf({}, { annotations: small }), unknown, 0).metadata.annotations,
    ).toEqual({
      mine: 'y',
      'webgen-deploy/actor': 'eve',
    });
  });

  test.each([
    ['a text as its spec', 'x'],
    ['no spec', undefined],
    ['a list as its holder', { holderIdentity: ['x'] }],
    ['a holder without end', { holderIdentity: `${'https://a/'.repeat(100_000)}#x` }],
    ['times without end', { holderIdentity: 'x', acquireTime: '9'.repeat(1_000_000) }],
    ['a duration that is a text', { holderIdentity: 'x', leaseDurationSeconds: 'Infinity' }],
    ['a duration below nothing', { holderIdentity: 'x', leaseDurationSeconds: -1e9 }],
  ])('is read within bounds with %s', (_name, spec) => {
    const annotations = { 'webgen-deploy/actor': '\u001b['.repeat(100_000) };
    const managedFields = [{ time: 'never' }, { time: 5 as unknown as string }];
    const lease = leaseOf(spec, { annotations, managedFields });
    const from = performance.now();
    expect(holderOf(lease).length).toBeLessThanOrEqual(1000);
    expect(holderWords(lease).length).toBeLessThanOrEqual(400);
    expect(durationOf(lease)).toBeGreaterThanOrEqual(60_000);
    expect(durationOf(lease)).toBeLessThanOrEqual(3_600_000);
    expect(lastWriteOf(lease)).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(200);
  });

  test.each([
    `https://github.com/a/b/actions/runs/${'9'.repeat(400)}`,
    `https://github.com/a/b/actions/runs/1/attempts/${'9'.repeat(400)}`,
    'https://github.com/../../actions/runs/1',
  ])('names no run by %.80s', (identity) => {
    expect(runOf(identity)).toBeUndefined();
  });
});
