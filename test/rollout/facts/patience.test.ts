// How soon a doubt fails: strict at first context, patient never before the time limit.
import { describe, expect, test } from '@jest/globals';
import type { Patience } from '../../../src/kube/annotations.ts';
import type { Verdict } from '../../../src/rollout/facts/verdict.ts';
import { deployment, judgeOnce, podWith, replicaSet } from '../../support/rollout/made.ts';
import { firstAt, replay, targetOf } from '../../support/rollout/recording.ts';

const fatal = ({ state }: Verdict): boolean => state === 'failed';

function failsAfter(name: string, patience: Patience): number | undefined {
  const at = firstAt(
    replay(name, { patience, longer: 700_000, step: 1_000, skipQuiet: true }),
    fatal,
  );
  return at === undefined ? undefined : Math.round((at - targetOf(name).at) / 1_000);
}

/** name, seconds to the failure: strict, normal. */
const doubts: readonly (readonly [string, number, number])[] = [
  ['deployment/crash-once', 4, Infinity],
  ['deployment/image-not-found', 3, 15],
  ['deployment/pull-flaky', 3, Infinity],
  ['deployment/rate-limited', 1, 91],
  ['deployment/secret-missing', 2, 11],
  ['deployment/quota', 1, 16],
  ['deployment/scale-up', 1, 601],
  ['deployment/multi-attach', 62, 242],
];

describe('patience', () => {
  test.each(doubts)('%s: strict fails within %d s, normal after %d s', (name, strict, normal) => {
    expect(failsAfter(name, 'strict') ?? Infinity).toBeLessThanOrEqual(strict);
    const after = failsAfter(name, 'normal') ?? Infinity;
    expect(after === normal ? 0 : Math.abs(after - normal)).toBeLessThanOrEqual(1);
    expect(failsAfter(name, 'patient')).toBeUndefined();
  });

  test('what is only reported is no failure for the strict either', () => {
    for (const name of ['deployment/readiness-gate', 'deployment/evicted', 'daemonset/no-nodes']) {
      expect([name, failsAfter(name, 'strict')]).toEqual([name, undefined]);
    }
  });

  test('what Kubernetes itself calls failed also ends a patient wait', () => {
    for (const name of ['job/failed', 'deployment/paused', 'deployment/deadline']) {
      expect([name, failsAfter(name, 'patient')]).not.toEqual([name, undefined]);
    }
  });

  test('a strict wait still has a missing Secret proved', () => {
    const present = () => 'present' as const;
    const moments = replay('deployment/secret-missing', { patience: 'strict', read: present });
    expect(firstAt(moments, fatal)).toBeUndefined();
  });

  test('an object may ask for its own; a word that is no choice changes nothing', () => {
    const state = (patience: string) => {
      const plain = deployment({ replicas: 1 }, { replicas: 1, updatedReplicas: 1 });
      const annotations = { ...plain.metadata.annotations, 'webgen-deploy/patience': patience };
      const own = { ...plain, metadata: { ...plain.metadata, annotations } };
      const name = { state: { waiting: { reason: 'InvalidImageName' } } };
      const pull = { state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } };
      const look = (status: object) =>
        judgeOnce(own, replicaSet(), podWith('a', { ...status })).state;
      return [look(name), look(pull)];
    };
    expect(state('normal')).toEqual(['failed', 'waiting']);
    expect(state('strict')).toEqual(['failed', 'failed']);
    expect(state('patient')).toEqual(['waiting', 'waiting']);
    expect(state('hasty')).toEqual(['failed', 'waiting']);
  });
});
