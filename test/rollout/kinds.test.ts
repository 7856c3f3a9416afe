// Kinds beside the workloads, and the states that no recording shows.
import { describe, expect, test } from '@jest/globals';
import { amountOf } from '../../src/kube/quantity.ts';
import { isStructural } from '../../src/rollout/judge/symptoms/schedule.ts';
import { watchPlan } from '../../src/rollout/wait/watch-plan.ts';
import {
  at,
  event,
  type Fields,
  judgeAt,
  judgeOnce,
  object,
  pod,
} from '../support/rollout/made.ts';

const condition = (type: string, status: string, reason = '', message = ''): Fields => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: at(0),
});

const custom = (status?: Fields) =>
  object('example.com/v1', 'Database', status === undefined ? {} : { status });

describe('a custom kind', () => {
  const cases: readonly (readonly [string, Fields, string])[] = [
    ['Ready', { conditions: [condition('Ready', 'True')] }, 'ready'],
    ['not Ready', { conditions: [condition('Ready', 'False', 'Creating')] }, 'waiting'],
    ['Ready unknown', { conditions: [condition('Ready', 'Unknown')] }, 'waiting'],
    [
      'Stalled',
      { conditions: [condition('Stalled', 'True'), condition('Ready', 'True')] },
      'failed',
    ],
    [
      'Reconciling',
      { conditions: [condition('Reconciling', 'True'), condition('Ready', 'True')] },
      'waiting',
    ],
    ['Available', { conditions: [condition('Available', 'True')] }, 'ready'],
    ['a good phase', { phase: 'Running' }, 'ready'],
    ['another phase', { phase: 'Creating' }, 'waiting'],
    [
      'a status that is behind',
      { observedGeneration: 1, conditions: [condition('Ready', 'True')] },
      'waiting',
    ],
  ];
  test.each(cases)('%s', (_, status, state) => {
    expect(judgeOnce(custom(status)).state).toBe(state);
  });

  test('without any status it gets a few seconds, then it is ready', () => {
    const looks = [1, 7, 9].map((second) => ({ at: second, objects: [custom()] }));
    expect(judgeAt(looks).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'ready']);
  });

  test('a controller that never observes does not hang it for ever', () => {
    const stuck = custom({ observedGeneration: 0, conditions: [condition('Ready', 'True')] });
    const looks = [1, 59, 61].map((second) => ({ at: second, objects: [stuck] }));
    expect(judgeAt(looks).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'ready']);
  });
});

describe('claims', () => {
  const claim = (phase: string) =>
    object('v1', 'PersistentVolumeClaim', {
      spec: { storageClassName: 'fast' },
      status: { phase },
    });

  test('bound is ready, lost is lost', () => {
    expect(judgeOnce(claim('Bound')).state).toBe('ready');
    expect(judgeOnce(claim('Lost'))).toMatchObject({
      state: 'failed',
      findings: [{ code: 'volume-unbound' }],
    });
  });

  test('one failed try is only reported; two and a minute are certain', () => {
    const failed = event(claim('Pending'), 'ProvisioningFailed', 'quota of disks');
    const twice = { ...failed, count: 2 };
    const verdicts = judgeAt([
      { at: 1, objects: [claim('Pending'), failed] },
      { at: 70, objects: [] },
      { at: 71, objects: [twice] },
    ]);
    expect(verdicts.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'failed']);
  });
});

describe('CronJobs', () => {
  const cron = object('batch/v1', 'CronJob', { spec: { schedule: '0 3 * * *' } });
  const refused = (second: number) => ({
    ...event(cron, 'UnknownTimeZone', 'no zone Nowhere'),
    lastTimestamp: at(second),
  });
  test('a schedule that cannot be read fails it, but not one that our write has corrected', () => {
    expect(judgeOnce(cron, refused(1)).state).toBe('failed');
    expect(judgeOnce(cron, refused(-60)).state).toBe('ready');
  });
});

describe('quantities', () => {
  test.each([
    ['500m', 0.5],
    ['2', 2],
    ['1Gi', 2 ** 30],
    ['1.5k', 1_500],
    ['2e3', 2_000],
    ['1x', Number.NaN],
    ['', Number.NaN],
  ])('%s', (text, amount) => expect(amountOf(text)).toBe(amount));
});

describe('progressive delivery', () => {
  const rollout = (step: object, more: Fields = {}) =>
    object('argoproj.io/v1alpha1', 'Rollout', {
      spec: { strategy: { canary: { steps: [{ setWeight: 20 }, step] } } },
      status: { phase: 'Paused', currentStepIndex: 1, observedGeneration: '2', ...more },
    });
  test('a pause with an end is waited for, one without waits for somebody', () => {
    expect(judgeOnce(rollout({ pause: { duration: '1m' } })).state).toBe('waiting');
    expect(judgeOnce(rollout({ pause: {} })).state).toBe('suspended');
  });
  test('a generation that it has not seen says nothing', () => {
    const behind = rollout({}, { phase: 'Healthy', observedGeneration: '1' });
    expect(judgeOnce(behind).state).toBe('waiting');
  });
  test('a bad word of the release before gets a minute', () => {
    const bad = rollout({}, { phase: 'Degraded' });
    const looks = [1, 59, 60].map((second) => ({ at: second, objects: [bad] }));
    expect(judgeAt(looks).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'failed']);
  });
});

describe('definitions', () => {
  const crd = (...conditions: readonly Fields[]) =>
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { status: { conditions } });
  test('established with accepted names', () => {
    const names = condition('NamesAccepted', 'True');
    expect(judgeOnce(crd(names)).state).toBe('waiting');
    expect(judgeOnce(crd(names, condition('Established', 'True'))).state).toBe('ready');
    expect(judgeOnce(crd(condition('NamesAccepted', 'False', 'Conflict'))).state).toBe('failed');
  });
});

describe('autoscalers', () => {
  const scaler = (...conditions: readonly Fields[]) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', { status: { conditions } });
  test('missing metrics are never waited for; what can never work is a failure', () => {
    expect(
      judgeOnce(scaler(condition('ScalingActive', 'False', 'FailedGetResourceMetric'))).state,
    ).toBe('ready');
    expect(
      judgeOnce(scaler(condition('ScalingActive', 'False', 'ScalingDisabled'))).findings,
    ).toEqual([]);
    expect(judgeOnce(scaler(condition('ScalingActive', 'False', 'InvalidSelector'))).state).toBe(
      'failed',
    );
  });
});

describe('DaemonSets', () => {
  const revision = (name: string, number: number) =>
    object('apps/v1', 'ControllerRevision', {
      metadata: {
        name,
        uid: name,
        labels: { 'controller-revision-hash': name },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'uid-daemonset' },
        ],
      },
      revision: number,
    });
  const bad = {
    name: 'app',
    image: 'X',
    restartCount: 0,
    ready: false,
    state: { waiting: { reason: 'InvalidImageName' } },
  };
  const member = (name: string, hash: string, node: string) =>
    pod(name, {
      metadata: {
        labels: { 'controller-revision-hash': hash },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'DaemonSet',
            name: 'd',
            uid: 'uid-daemonset',
            controller: true,
          },
        ],
      },
      spec: { containers: [{ name: 'app', image: 'X' }], nodeName: node },
      status: { containerStatuses: [bad] },
    });
  const set = (status: Fields) =>
    object('apps/v1', 'DaemonSet', { spec: {}, status: { observedGeneration: 2, ...status } });
  const half = { desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 1 };

  test('only pods of the newest revision are judged, 10 being newer than 9', () => {
    const revisions = [revision('old', 9), revision('new', 10)];
    expect(judgeOnce(set(half), ...revisions, member('a', 'old', 'n1')).state).toBe('waiting');
    expect(judgeOnce(set(half), ...revisions, member('a', 'new', 'n1')).state).toBe('failed');
  });

  test('a pod on a node that is down is not waited for', () => {
    const down = object('v1', 'Node', {
      metadata: { name: 'n2', namespace: undefined, uid: 'n2' },
      status: { conditions: [condition('Ready', 'Unknown')] },
    });
    const verdict = judgeOnce(set(half), revision('new', 1), member('a', 'old', 'n2'), down);
    expect(verdict).toMatchObject({
      state: 'ready',
      words: '1 of 1 available, 1 on nodes that are down',
    });
  });
});

test('what the scheduler says of every node', () => {
  const selector = "node(s) didn't match Pod's node affinity/selector";
  expect(isStructural(`0/2 nodes are available: 2 ${selector}. preemption: 0/2 …`)).toBe(true);
  expect(
    isStructural(`0/2 nodes are available: 1 Insufficient cpu, 1 ${selector}. preemption: …`),
  ).toBe(false);
  expect(isStructural('0/2 nodes are available: 2 Insufficient memory.')).toBe(false);
  expect(isStructural('no nodes available to schedule pods')).toBe(false);
});

test('each kind is watched once for all that need it, and what is optional may be forbidden', () => {
  const names = ['a', 'b'].map((name) => object('apps/v1', 'Deployment', { metadata: { name } }));
  const plan = watchPlan([...names, object('v1', 'Pod'), object('v1', 'ConfigMap')]);
  expect(plan.map(({ kind, optional }) => `${kind} ${optional}`)).toEqual([
    'Deployment false',
    'ReplicaSet true',
    'Pod false',
    'Event true',
  ]);
});
