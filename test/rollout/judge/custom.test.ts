// Custom kinds: what most controllers agree on, and what their users say instead.
import { describe, expect, test } from '@jest/globals';
import { emptyMemory } from '../../../src/rollout/facts/memory.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import { withRulesOf } from '../../../src/rollout/judge/custom.ts';
import { judge } from '../../../src/rollout/judge/judge.ts';
import { rowOf } from '../../../src/rollout/judge/row-of.ts';
import { at, type Fields, judgeAt, noon, object } from '../../support/rollout/made.ts';
import { track } from '../../support/rollout/pure-memory.ts';

const old = at(-3_600);

function thing(status?: Fields, annotations: Fields = {}, createdAt = old) {
  return object('db.example.org/v1', 'Database', {
    metadata: { annotations, creationTimestamp: createdAt },
    spec: {},
    ...(status === undefined ? {} : { status }),
  });
}

const seconds = (after: number, one: ReturnType<typeof thing>) =>
  judgeAt([{ at: after, objects: [one] }])[0];
const condition = (type: string, status: string, more: Fields = {}) => ({ type, status, ...more });
const counted = (...conditions: readonly Fields[]) => ({ observedGeneration: 2, conditions });

describe('what most controllers agree on', () => {
  test.each([
    [counted(condition('Ready', 'True')), 'ready'],
    [counted(condition('Ready', 'False')), 'waiting'],
    [counted(condition('Ready', 'Unknown')), 'waiting'],
    [counted(condition('Stalled', 'True')), 'failed'],
    [counted(condition('Ready', 'True'), condition('Reconciling', 'True')), 'waiting'],
    [counted(condition('Available', 'True')), 'ready'],
    [counted(condition('Healthy', 'True')), 'ready'],
    [counted(condition('Synced', 'True'), condition('Ready', 'False')), 'waiting'],
    [{ observedGeneration: 1, conditions: [condition('Ready', 'True')] }, 'waiting'],
    [counted(condition('Ready', 'True', { observedGeneration: 1 })), 'waiting'],
    [{ observedGeneration: 2, phase: 'Running' }, 'ready'],
    [{ observedGeneration: 2, phase: 'Creating' }, 'waiting'],
    [{ observedGeneration: 2, state: 'ready' }, 'ready'],
    [{ observedGeneration: 2, other: 1 }, 'ready'],
    [{ conditions: 'none', observedGeneration: 2 }, 'ready'],
    [{ conditions: [null, 'x', 7, {}], observedGeneration: 2 }, 'ready'],
  ])('%j is %s', (status, state) => expect(seconds(3, thing(status))?.state).toBe(state));

  test('a bad phase and Failed=True are reported, not fatal: their controllers may retry', () => {
    for (const status of [{ phase: 'Failed' }, counted(condition('Failed', 'True'))]) {
      expect(seconds(30, thing({ observedGeneration: 2, ...status }))).toMatchObject({
        state: 'waiting',
        findings: [{ severity: 'warning', code: 'rollout-failed' }],
      });
    }
    const degraded = counted(condition('Available', 'True'), condition('Degraded', 'True'));
    expect(seconds(3, thing(degraded))).toMatchObject({
      state: 'ready',
      findings: [{ severity: 'warning' }],
    });
  });

  test('a controller that never counts is believed after a minute, and it is said', () => {
    for (const observedGeneration of [0, -1]) {
      const status = { observedGeneration, conditions: [condition('Ready', 'True')] };
      expect(seconds(30, thing(status))?.state).toBe('waiting');
      expect(seconds(61, thing(status))).toMatchObject({
        state: 'ready',
        words: 'ready (its controller keeps no observedGeneration)',
      });
      // Nothing was written: it stands for an hour already.
      expect(judgeAt([{ at: 0, objects: [thing(status)] }], undefined)[0]).toBeDefined();
    }
  });

  test('no status: a moment of grace after the write, then ready with a note', () => {
    for (const status of [undefined, {}]) {
      expect(seconds(3, thing(status))?.state).toBe('waiting');
      expect(seconds(9, thing(status))).toMatchObject({
        state: 'ready',
        words: 'exists; it has no status to judge',
      });
    }
  });

  test('Ready of the release before is not believed at once', () => {
    for (const status of [{ conditions: [condition('Ready', 'True')] }, { phase: 'Ready' }]) {
      expect(seconds(3, thing(status))?.state).toBe('waiting');
      expect(seconds(9, thing(status))?.state).toBe('ready');
      expect(seconds(3, thing(status, {}, at(0)))?.state).toBe('ready');
    }
    const fresh = { conditions: [condition('Ready', 'True', { lastTransitionTime: at(1) })] };
    expect(seconds(3, thing(fresh))?.state).toBe('ready');
  });
});

const ready = (rule: string) => ({ 'webgen-deploy/ready': rule });
const failed = (rule: string) => ({ 'webgen-deploy/failed': rule });

describe('rules of the user', () => {
  test('ready wins over what the conditions say', () => {
    const rules = ready('{.status.health}=green');
    const status = { ...counted(condition('Ready', 'False')), health: 'green' };
    expect(seconds(3, thing(status, rules))?.state).toBe('ready');
    const yellow = { ...counted(condition('Ready', 'True')), health: 'yellow' };
    expect(seconds(3, thing(yellow, rules))).toMatchObject({
      state: 'waiting',
      words: 'webgen-deploy/ready does not hold: {.status.health}=green is yellow',
    });
    const stalled = { ...counted(condition('Stalled', 'True')), health: 'yellow' };
    expect(seconds(3, thing(stalled, rules))?.state).toBe('failed');
  });

  test('without a status, ready waits for one', () => {
    expect(seconds(60, thing(undefined, ready("status.phase == 'Ready'")))).toMatchObject({
      state: 'waiting',
      words: expect.stringContaining('No such key: phase'),
    });
  });

  test('failed is fatal, with the rule and the reasons as evidence', () => {
    const broken = condition('Ready', 'False', { reason: 'NoQuota', message: 'disk quota is 0' });
    const verdict = seconds(
      3,
      thing(
        { ...counted(broken), phase: 'Broken' },
        { ...failed("self.status.phase == 'Broken'"), ...ready('{.status.phase}=Up') },
      ),
    );
    expect(verdict?.state).toBe('failed');
    expect(verdict?.findings[0]).toMatchObject({
      code: 'rollout-failed',
      severity: 'fatal',
      what: 'Database/database: its rule webgen-deploy/failed holds',
      evidence: ["self.status.phase == 'Broken'", 'Ready=False: NoQuota disk quota is 0'],
    });
  });

  test('a failure of the release before fails nothing', () => {
    const rules = failed('{.status.phase}=Failed');
    expect(seconds(3, thing({ phase: 'Failed' }, rules))?.state).toBe('waiting');
    expect(seconds(9, thing({ phase: 'Failed' }, rules))?.state).toBe('failed');
    expect(seconds(3, thing({ phase: 'Failed', observedGeneration: 1 }, rules))?.state).toBe(
      'waiting',
    );
    expect(seconds(1, thing({ phase: 'Failed', observedGeneration: 2 }, rules))?.state).toBe(
      'failed',
    );
  });

  test('failed alone leaves the rest to the conditions', () => {
    const rules = failed('{.status.phase}=Failed');
    expect(seconds(3, thing(counted(condition('Ready', 'True')), rules))?.state).toBe('ready');
  });

  test('they work on any kind but Secrets', () => {
    const annotations = ready('{.data.filled}=yes');
    const config = (data: Fields) =>
      object('v1', 'ConfigMap', { metadata: { annotations, creationTimestamp: at(0) }, data });
    expect(seconds(3, config({ filled: 'no' }))?.state).toBe('waiting');
    expect(seconds(3, config({ filled: 'yes' }))?.state).toBe('ready');
    expect(rowOf(object('v1', 'Secret', { metadata: { annotations } }))).toBeUndefined();
  });

  test('a wrong rule says nothing', () => {
    const live = thing(counted(condition('Ready', 'True')), ready('no such ('));
    expect(seconds(3, live)?.state).toBe('ready');
  });

  test('the rules of the target count, and none that somebody wrote on the live object', () => {
    const status = { ...counted(condition('Ready', 'False')), health: 'green' };
    const written = thing(status, ready('{.status.health}=green'));
    const forged = thing(status, { ...ready("status.health == 'red'"), ...failed('true') });
    const judged = (target: ReturnType<typeof thing>, live: ReturnType<typeof thing>) => {
      const snapshot = createSnapshot();
      snapshot.put(live);
      return judge(target, snapshot, track(emptyMemory, target, undefined), noon).state;
    };
    expect(judged(written, forged)).toBe('ready');
    expect(judged(withRulesOf(undefined, forged), forged)).toBe('waiting');
    expect(judged(withRulesOf(written, forged), forged)).toBe('ready');
    expect(judged(withRulesOf(written, thing(status)), thing(status))).toBe('ready');
    expect(withRulesOf(undefined, forged).metadata.annotations).toEqual({});
    expect(withRulesOf(written, written)).toEqual(written);
  });

  test('patience: what is patient never fails', () => {
    const live = thing(
      { observedGeneration: 2, phase: 'Failed' },
      { ...failed('{.status.phase}=Failed'), 'webgen-deploy/patience': 'patient' },
    );
    expect(seconds(3, live)).toMatchObject({
      state: 'waiting',
      findings: [{ severity: 'warning' }, {}],
    });
  });
});

test('status: nothing was written, so every status counts', () => {
  const live = thing({ conditions: [condition('Ready', 'True')] });
  const snapshot = createSnapshot();
  snapshot.put(live);
  expect(judge(live, snapshot, track(emptyMemory, live, undefined), noon).state).toBe('ready');
});
