import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import {
  emptyMemory,
  liveMemory,
  type Memory,
  putAnswer,
  remember,
  shift,
} from '../../src/rollout/facts/memory.ts';
import { type Proof, verdictOf } from '../../src/rollout/facts/verdict.ts';
import { forget, keepReady, track } from '../support/rollout/pure-memory.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const proof: Proof = { kind: 'Secret', namespace: 'web', name: 'login' };

function pod(index: number, owner: string, reached: number): KubeObject {
  const conditions = [
    { type: 'PodScheduled', status: reached > 0 ? 'True' : 'False' },
    { type: 'Ready', status: reached > 2 ? 'True' : 'False' },
  ];
  const metadata = {
    name: `pod-${index}`,
    namespace: 'web',
    uid: `uid-${index}`,
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true },
    ],
  };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: { conditions } };
  return object as unknown as KubeObject;
}

/** The same in every run: a small generator of numbers from 0 to `below`. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
}

describe('the memory of a running wait', () => {
  test.each([1, 2, 3])('is what the pure one would be, whatever happens (%i)', (seed) => {
    const pick = numbers(seed);
    const live = liveMemory();
    let pure: Memory = emptyMemory;
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job' } };
    live.track(job, noon);
    pure = track(pure, job, noon);
    for (let step = 0; step < 300; step += 1) {
      const now = noon + step * 100;
      const object = pod(pick(20), `set-${pick(3)}`, pick(4));
      if (pick(5) === 0) {
        live.forget(object, now);
        pure = forget(pure, object, now);
      } else {
        live.remember(object, now);
        pure = remember(pure, object, now);
      }
      if (step % 100 === 50) {
        live.shift(5_000, now);
        pure = shift(pure, 5_000, now);
      }
    }
    const ready = verdictOf('ready', 'complete');
    live.keepReady(job, ready);
    live.answer(proof, { at: noon, result: 'missing' });
    pure = putAnswer(keepReady(pure, job, ready), proof, { at: noon, result: 'missing' });
    expect(live.read()).toEqual(pure);
    expect(pure.progress.size).toBeGreaterThan(0);
  });

  test('the height of an owner is the sum of what its pods reached, once each', () => {
    const live = liveMemory();
    for (const reached of [1, 3, 1, 3]) live.remember(pod(1, 'set', reached), noon);
    live.remember(pod(2, 'set', 1), noon);
    expect(live.read().heights.get('set/')).toBe(4);
    live.forget(pod(1, 'set', 3), 9);
    expect(live.read().heights.get('set/')).toBe(1);
  });

  test('does not touch the memory that it starts from', () => {
    const before = remember(emptyMemory, pod(1, 'set', 1), noon);
    liveMemory(before).remember(pod(2, 'set', 1), noon);
    expect([...before.pods.keys()]).toEqual(['uid-1']);
  });

  test('5000 pods cost what ten times 500 do', () => {
    const time = (count: number): number => {
      const live = liveMemory();
      const from = performance.now();
      for (let index = 0; index < count; index += 1) live.remember(pod(index, 'set', 1), noon);
      return performance.now() - from;
    };
    time(500);
    // A copy of everything for each event would make it a hundred times.
    expect(time(5000)).toBeLessThan(Math.max(200, time(500) * 40));
  });
});
