// The rules that hold for every kind, and the traps that other engines fell into.
import { describe, expect, test } from '@jest/globals';
import { emptyMemory, putAnswer, shift } from '../../../src/rollout/facts/memory.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import { verdictOf } from '../../../src/rollout/facts/verdict.ts';
import { judge } from '../../../src/rollout/judge/judge.ts';
import {
  at,
  deployment,
  event,
  judgeAt,
  judgeOnce,
  noon,
  object,
  pod,
  podWith,
  replicaSet,
  unschedulable,
} from '../../support/rollout/made.ts';
import { keepReady, track } from '../../support/rollout/pure-memory.ts';

const done = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

describe('every kind', () => {
  test('a status older than the spec says nothing', () => {
    const old = deployment({ replicas: 1 }, { ...done, observedGeneration: 1 });
    expect(judgeOnce(old)).toMatchObject({
      state: 'waiting',
      words: 'not yet seen by its controller',
    });
  });

  test('a generation older than our own write says nothing either', () => {
    const ours = deployment({ replicas: 1 }, done);
    const stale = {
      ...ours,
      metadata: { ...ours.metadata, generation: 1 },
      status: { ...done, observedGeneration: 1 },
    };
    const [, second] = judgeAt([
      { at: 1, objects: [ours] },
      { at: 2, objects: [stale] },
    ]);
    expect(second?.state).toBe('waiting');
  });

  test('what is being deleted is waited for a minute, then it is a failure with its finalizers', () => {
    const going = object('apps/v1', 'Deployment', {
      metadata: { deletionTimestamp: at(1), finalizers: ['example.com/hold'] },
    });
    const verdicts = judgeAt([
      { at: 1, objects: [going] },
      { at: 59, objects: [] },
      { at: 62, objects: [] },
    ]);
    expect(verdicts.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'failed']);
    expect(verdicts.at(-1)?.findings[0]?.evidence).toEqual(['finalizers: example.com/hold']);
  });

  test('webgen-deploy/wait: "false" suspends the wait', () => {
    const quiet = object('apps/v1', 'Deployment', {
      metadata: { annotations: { 'webgen-deploy/wait': 'false' } },
      spec: { paused: true },
    });
    expect(judgeOnce(quiet).state).toBe('suspended');
  });

  test('what was applied and is gone fails after half a minute; a finished Job stays finished', () => {
    const job = object('batch/v1', 'Job');
    const gone = (memory = track(emptyMemory, job, noon), seconds = 5) =>
      judge(job, createSnapshot(), memory, noon + 1_000 * seconds).state;
    expect(gone()).toBe('absent');
    expect(gone(undefined, 31)).toBe('failed');
    const finished = keepReady(track(emptyMemory, job, noon), job, verdictOf('ready', 'complete'));
    expect(gone(finished, 31)).toBe('ready');
  });

  test('kinds without a row are ready when they exist', () => {
    expect(judgeOnce(object('v1', 'ConfigMap')).state).toBe('ready');
    expect(judgeOnce(object('rbac.authorization.k8s.io/v1', 'Role')).state).toBe('ready');
  });
});

describe('Deployment', () => {
  test('no number of replicas means one', () => {
    expect(judgeOnce(deployment({}, done)).state).toBe('ready');
    expect(judgeOnce(deployment({}, { ...done, availableReplicas: 0 })).state).toBe('waiting');
  });

  test('an autoscaler’s number, read from the live object, counts', () => {
    const scaled = deployment(
      { replicas: 3 },
      { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 2 },
    );
    expect(judgeOnce(scaled).words).toBe('2 of 3 available');
  });

  test('older pods have to go', () => {
    expect(judgeOnce(deployment({ replicas: 1 }, { ...done, replicas: 2 })).state).toBe('waiting');
  });

  test('an exceeded deadline of the release before is no failure of this one', () => {
    const exceeded = (seconds: number) =>
      deployment(
        { replicas: 1, progressDeadlineSeconds: 60 },
        {
          conditions: [
            {
              type: 'Progressing',
              status: 'False',
              reason: 'ProgressDeadlineExceeded',
              lastUpdateTime: at(seconds),
            },
          ],
        },
      );
    expect(judgeOnce(exceeded(-1)).state).toBe('waiting');
    expect(judgeOnce(exceeded(1)).state).toBe('waiting');
    expect(judgeOnce(exceeded(60))).toMatchObject({
      state: 'failed',
      findings: [{ code: 'rollout-failed' }],
    });
  });

  test('an exceeded deadline makes the best diagnosis certain', () => {
    const condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      lastUpdateTime: at(601),
    };
    const late = deployment({ replicas: 1 }, { conditions: [condition] });
    const waiting = { waiting: { reason: 'ErrImagePull', message: '503 Service Unavailable' } };
    const verdict = judgeOnce(late, replicaSet(), podWith('p1', { state: waiting }));
    expect(verdict.findings).toMatchObject([{ code: 'image-pull-failed', severity: 'fatal' }]);
  });

  test('pods on their way out and pods of other revisions are not judged', () => {
    const waiting = { state: { waiting: { reason: 'InvalidImageName' } } };
    const leaving = podWith('p1', waiting, { metadata: { deletionTimestamp: at(2) } });
    const other = podWith('p2', waiting, {
      metadata: {
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'o', uid: 'old', controller: true },
        ],
      },
    });
    expect(judgeOnce(deployment({ replicas: 1 }), replicaSet(), leaving, other).findings).toEqual(
      [],
    );
  });

  test('evicted pods are the node’s trouble: only many of them are reported', () => {
    const evicted = (name: string) => pod(name, { status: { phase: 'Failed', reason: 'Evicted' } });
    const base = [deployment({ replicas: 1 }), replicaSet()];
    expect(judgeOnce(...base, evicted('a')).findings).toEqual([]);
    expect(judgeOnce(...base, ...['a', 'b', 'c'].map(evicted)).findings).toMatchObject([
      { severity: 'warning', code: 'rollout-failed' },
    ]);
  });
});

describe('scheduling', () => {
  const base = [deployment({ replicas: 1 }), replicaSet()];
  const unmet =
    "0/3 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: none.";
  const short = '0/3 nodes are available: 3 Insufficient cpu. preemption: none.';
  const resting =
    "0/3 nodes are available: 2 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: none.";
  const failsAt = (message: string, reason?: string): number | undefined => {
    const victim = unschedulable(message);
    const more = reason === undefined ? [] : [event(victim, reason, 'pod …')];
    const looks = Array.from({ length: 700 }, (_, second) => ({
      at: second,
      objects: second === 0 ? [...base, victim, ...more] : [],
    }));
    const found = judgeAt(looks).findIndex(({ state }) => state === 'failed');
    return found < 0 ? undefined : found;
  };

  test('labels and lasting taints of every node: 30 s', () => expect(failsAt(unmet)).toBe(30));
  test('a node that is only resting may come back: 4 min', () =>
    expect(failsAt(resting)).toBe(240));
  test('too little room: 4 min', () => expect(failsAt(short)).toBe(240));
  test('an autoscaler that will not help: 1 min', () =>
    expect(failsAt(short, 'NotTriggerScaleUp')).toBe(60));
  test('an autoscaler that adds a node: 10 min', () => {
    expect(failsAt(short, 'TriggeredScaleUp')).toBe(600);
    expect(failsAt(unmet, 'TriggeredScaleUp')).toBe(600);
  });
});

describe('proof of a missing Secret', () => {
  const waiting = {
    waiting: { reason: 'CreateContainerConfigError', message: 'secret "db" not found' },
  };
  const objects = [deployment({ replicas: 1 }), replicaSet(), podWith('p1', { state: waiting })];
  const proof = { kind: 'Secret', namespace: 'web', name: 'db' } as const;
  const afterRead = (
    result: 'missing' | 'present' | 'forbidden',
    seconds: number,
    readAt: number,
  ) =>
    judgeAt([
      { at: 0, objects },
      {
        at: seconds,
        objects: [],
        memory: (memory) => putAnswer(memory, proof, { at: noon + 1_000 * readAt, result }),
      },
    ]).at(-1);

  test('it asks for a read ten seconds on', () => {
    const [verdict] = judgeAt([{ at: 0, objects }]);
    expect(verdict?.findings).toMatchObject([
      { proof, fatalAt: noon + 10_000, severity: 'warning' },
    ]);
  });
  test('a read that shows it missing proves it', () => {
    expect(afterRead('missing', 11, 10)?.state).toBe('failed');
  });
  test('a read before its time proves nothing', () => {
    expect(afterRead('missing', 11, 9)?.state).toBe('waiting');
  });
  test('a read that shows it is there asks again later', () => {
    const verdict = afterRead('present', 11, 10);
    expect(verdict).toMatchObject({ state: 'waiting', findings: [{ fatalAt: noon + 20_000 }] });
  });
  test('without the right to read, thirty seconds are enough, and it says so', () => {
    expect(afterRead('forbidden', 29, 10)?.state).toBe('waiting');
    const verdict = afterRead('forbidden', 30, 10);
    expect(verdict?.state).toBe('failed');
    expect(verdict?.findings[0]?.evidence.join()).toContain('may not read it');
  });
});

describe('crashes', () => {
  const ended = (second: number, exitCode: number, ran = 1, reason = 'Error') => ({
    terminated: { exitCode, reason, startedAt: at(second - ran), finishedAt: at(second) },
  });
  const base = [deployment({ replicas: 2 }), replicaSet()];
  const back = { waiting: { reason: 'CrashLoopBackOff' } };
  const look = (second: number, restartCount: number, lastState: object, state: object = back) => ({
    at: second,
    objects: [...base, podWith('p1', { restartCount, state, lastState })],
  });

  test('two short runs with the same code are certain, with different codes a third is needed', () => {
    const same = judgeAt([look(2, 1, ended(2, 1)), look(15, 2, ended(14, 1))]);
    expect(same.map(({ state }) => state)).toEqual(['waiting', 'failed']);
    const other = judgeAt([
      look(2, 1, ended(2, 1)),
      look(15, 2, ended(14, 2)),
      look(40, 3, ended(39, 1)),
    ]);
    expect(other.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'failed']);
  });

  test('beside a pod that is Ready it takes five', () => {
    const fine = podWith('p2', { ready: true, state: { running: { startedAt: at(-20) } } });
    const looks = [1, 2, 3, 4, 5].map((count) => {
      const each = look(count * 10, count, ended(count * 10, 1));
      return { ...each, objects: [...each.objects, fine] };
    });
    expect(judgeAt(looks).map(({ state }) => state)).toEqual([
      'waiting',
      'waiting',
      'waiting',
      'waiting',
      'failed',
    ]);
  });

  test('restarts from before our rollout do not count', () => {
    const running = { running: { startedAt: at(-100) } };
    const calm = {
      at: 1,
      objects: [...base, podWith('p1', { restartCount: 9, ready: true, state: running })],
    };
    const [, second] = judgeAt([calm, look(20, 10, ended(19, 1))]);
    expect(second).toMatchObject({
      state: 'waiting',
      findings: [{ code: 'crash-loop', severity: 'warning' }],
    });
  });

  test('available between two crashes is not ready', () => {
    const up = { running: { startedAt: at(14) } };
    const counts = deployment({ replicas: 1 }, done);
    const between = podWith('p1', {
      restartCount: 1,
      ready: true,
      state: up,
      lastState: ended(2, 1),
    });
    const looks = [15, 25].map((second) => ({
      at: second,
      objects: [counts, replicaSet(), between],
    }));
    const first = {
      at: 2,
      objects: [counts, replicaSet(), podWith('p1', { restartCount: 0, state: ended(2, 1) })],
    };
    expect(judgeAt([first, ...looks]).map(({ state }) => state)).toEqual([
      'waiting',
      'waiting',
      'ready',
    ]);
  });
});

test('a container that a webhook put into the pod is said to be injected', () => {
  const template = { spec: { containers: [{ name: 'app', image: 'r.example/app:1' }] } };
  const waiting = { reason: 'InvalidImageName', message: 'bad' };
  const status = { image: 'x', restartCount: 0, ready: false, state: { waiting } };
  const evidenceOf = (name: string) =>
    judgeOnce(
      deployment({ replicas: 1, template }),
      replicaSet(),
      pod('p1', { status: { phase: 'Pending', containerStatuses: [{ name, ...status }] } }),
    ).findings[0]?.evidence.join();
  expect(evidenceOf('istio-proxy')).toContain('not in the template: it was injected');
  expect(evidenceOf('app')).not.toContain('injected');
});

describe('refused pods', () => {
  const refused = {
    conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: team' }],
  };
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const unready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };

  test('Ready that comes and goes is no progress', () => {
    const start = [deployment({ replicas: 2 }), replicaSet(refused)];
    const looks = [
      { at: 0, objects: [...start, pod('p1', { status: ready })] },
      { at: 10, objects: [pod('p1', { status: unready })] },
      { at: 14, objects: [pod('p1', { status: ready })] },
      { at: 15, objects: [] },
    ];
    expect(judgeAt(looks).at(-1)?.state).toBe('failed');
  });

  test('a new pod that gets further is progress', () => {
    const start = [deployment({ replicas: 3 }), replicaSet(refused)];
    const looks = [
      { at: 0, objects: [...start, pod('p1', { status: ready })] },
      { at: 14, objects: [pod('p2', { status: ready })] },
      { at: 28, objects: [] },
      { at: 29, objects: [] },
    ];
    expect(judgeAt(looks).map(({ state }) => state)).toEqual([
      'waiting',
      'waiting',
      'waiting',
      'failed',
    ]);
  });

  const states = (looks: Parameters<typeof judgeAt>[0]) => judgeAt(looks).map((v) => v.state);
  const leaving = pod('old', { metadata: { deletionTimestamp: at(30) } });

  test('a pod that leaves slowly makes room in the end, and then the controller tries ever more seldom', () => {
    const looks = [
      { at: 0, objects: [deployment({ replicas: 2 }), replicaSet(refused), leaving] },
      { at: 29, objects: [] },
      { at: 31, objects: [], gone: [leaving] },
      { at: 76, objects: [] },
      { at: 77, objects: [] },
    ];
    expect(states(looks)).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'failed']);
  });

  test('so does one of another workload, but not one that is never gone', () => {
    const owner = { ...leaving.metadata.ownerReferences?.[0], uid: 'another' };
    const other = pod('old', {
      metadata: { deletionTimestamp: at(30), ownerReferences: [owner] },
    });
    const looks = [
      { at: 0, objects: [deployment({ replicas: 2 }), replicaSet(refused), other] },
      { at: 59, objects: [] },
      { at: 60, objects: [] },
    ];
    expect(states(looks)).toEqual(['waiting', 'waiting', 'failed']);
  });

  describe('during an update', () => {
    const counts = { replicas: 4, updatedReplicas: 1, availableReplicas: 4, readyReplicas: 4 };
    const update = (rollingUpdate: object) =>
      deployment({ replicas: 4, strategy: { rollingUpdate } }, counts);
    const set = (name: string, replicas: number, status: object = {}) => {
      const { metadata } = replicaSet();
      const annotations = { 'deployment.kubernetes.io/revision': '1' };
      const own = name === 'new' ? {} : { name, uid: name, annotations };
      return { ...replicaSet(), metadata: { ...metadata, ...own }, spec: { replicas }, status };
    };

    test('no older pod may go, none leaves, no new one comes: it is a deadlock', () => {
      const start = [update({ maxUnavailable: 0, maxSurge: 1 }), set('new', 1, refused)];
      const looks = [
        { at: 0, objects: [...start, set('old', 4, { availableReplicas: 4 })] },
        { at: 14, objects: [] },
        { at: 15, objects: [] },
      ];
      expect(states(looks)).toEqual(['waiting', 'waiting', 'failed']);
    });

    test('a new pod that takes its time lets an older one go once it is Ready', () => {
      const start = [update({ maxUnavailable: 0, maxSurge: 2 }), set('new', 2, refused)];
      const old = set('old', 4, { availableReplicas: 4 });
      const looks = [
        { at: 0, objects: [...start, old, pod('p1', { status: unready })] },
        { at: 50, objects: [] },
        { at: 51, objects: [pod('p1', { status: ready })] },
        { at: 66, objects: [] },
      ];
      expect(states(looks)).toEqual(['waiting', 'waiting', 'waiting', 'failed']);
    });

    test('so does one for which there is no node yet', () => {
      const start = [update({ maxUnavailable: 0, maxSurge: 2 }), set('new', 2)];
      const old = set('old', 4, { availableReplicas: 4 });
      const short = { ...unschedulable('0/3 nodes are available: 3 Insufficient cpu.') };
      const pending = { ...short, spec: { ...(short['spec'] as object), nodeName: undefined } };
      const looks = [
        { at: 0, objects: [...start, old, pending, pod('p2', { status: unready })] },
        { at: 300, objects: [] },
        { at: 301, objects: [pod('p2', { status: ready })] },
        { at: 540, objects: [] },
        { at: 541, objects: [] },
      ];
      expect(states(looks)).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'failed']);
    });

    test('a controller that has not yet removed what it may is slow, not stuck', () => {
      const start = [update({ maxUnavailable: '25%', maxSurge: 1 }), set('new', 1, refused)];
      const looks = [
        { at: 0, objects: [...start, set('old', 4, { availableReplicas: 4 })] },
        { at: 100, objects: [] },
        { at: 101, objects: [set('old', 3, { availableReplicas: 3 })] },
      ];
      expect(states(looks)).toEqual(['waiting', 'waiting', 'failed']);
    });
  });

  test('time in which the API was away does not count', () => {
    const start = [deployment({ replicas: 2 }), replicaSet(refused)];
    const looks = [
      { at: 0, objects: start },
      {
        at: 100,
        objects: [],
        memory: (m: Parameters<typeof shift>[0]) => shift(m, 95_000, noon + 100_000),
      },
      { at: 110, objects: [] },
    ];
    expect(judgeAt(looks).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'failed']);
  });

  test('a refusal that has ended is no finding', () => {
    const objects = [deployment({ replicas: 2 }), replicaSet()];
    expect(
      judgeOnce(...objects, event(replicaSet(), 'FailedCreate', 'exceeded quota: team')).findings,
    ).toEqual([]);
  });
});
