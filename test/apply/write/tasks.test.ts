import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../../src/apply/planned/planned-object.ts';
import { failureField, taskState, untilIdle } from '../../../src/apply/write/tasks.ts';
import type { Api } from '../../../src/cluster/api.ts';
import type { ApiResponse } from '../../../src/core/ports.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { fastClock } from '../../support/cluster/fakes.ts';

const job = (status: object, uid = 'u1'): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'migrate', namespace: 'shop', uid },
  spec: { selector: { matchLabels: { 'controller-uid': uid } } },
  status,
});
const met = (...types: readonly string[]) =>
  job({ conditions: types.map((type) => ({ type, status: 'True' })) });
const pod = (status: object, restartPolicy?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'migrate-x', namespace: 'shop', uid: 'p1' },
  spec: { containers: [], ...(restartPolicy ? { restartPolicy } : {}) },
  status,
});

describe('how a task stands', () => {
  test.each([
    ['a Job just made', job({}), 'open', undefined],
    ['a Job that runs', job({ active: 1 }), 'open', undefined],
    ['a complete Job', met('SuccessCriteriaMet', 'Complete'), 'done', undefined],
    ['a Job that failed', met('FailureTarget', 'Failed'), 'failed', 'status.conditions[Failed]'],
    ['a Job that will fail', met('FailureTarget'), 'failed', 'status.conditions[FailureTarget]'],
    ['a suspended Job', met('Suspended'), 'open', undefined],
    ['a Pod that runs to an end', pod({ phase: 'Running' }, 'Never'), 'open', undefined],
    ['a Pod that runs on', pod({ phase: 'Running' }), undefined, undefined],
    ['a Pod that succeeded', pod({ phase: 'Succeeded' }, 'OnFailure'), 'done', undefined],
    ['a Pod that was evicted', pod({ phase: 'Failed' }), 'failed', 'status.phase'],
    ['no task', { ...met('Failed'), apiVersion: 'x.example/v1' }, undefined, undefined],
  ])('%s', (_, live, state, field) => {
    expect(taskState(live)).toBe(state);
    expect(failureField(live)).toBe(field);
  });
});

const runs = pod({ containerStatuses: [{ state: { running: { startedAt: 'now' } } }] });
const waits = pod({ containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }] });
const words = 'pods is forbidden: User "ci" cannot list resource "pods" in API group ""';
const refused = {
  status: 403,
  headers: {},
  body: { kind: 'Status', reason: 'Forbidden', code: 403, message: words },
};

interface Look {
  readonly live?: KubeObject;
  readonly pods?: readonly KubeObject[] | ApiResponse;
}

/** Each look takes the next state; the last one stays. */
function played(looks: readonly Look[]) {
  const asked: string[] = [];
  let at = -1;
  const send: Api['send'] = async ({ path }) => {
    asked.push(path);
    const isList = path.includes('/pods?');
    if (!isList) at = Math.min(at + 1, looks.length - 1);
    const { live, pods = [] } = looks[at] ?? {};
    if (!isList) return { status: live ? 200 : 404, headers: {}, body: live };
    if (!Array.isArray(pods)) return pods as ApiResponse;
    return { status: 200, headers: {}, body: { items: pods } };
  };
  return { asked, api: { send, now: () => Date.now() } as unknown as Api };
}

async function idle(looks: readonly Look[], parts: Partial<PlannedObject> = {}, deadlineMs = 1e9) {
  const clock = fastClock();
  const live = job({ active: 1 });
  const { api, asked } = played(looks);
  const lines: string[] = [];
  const planned: PlannedObject = {
    document: { object: live, file: 'app.yaml', line: 1, lineOf: () => 1 },
    resource: { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true },
    object: live,
    live,
    predicted: live,
    change: 'recreated',
    fields: [],
    write: true,
    force: false,
    autoscaled: false,
    restart: [],
    ...parts,
  };
  const deadline = clock.now() + deadlineMs;
  const onLine = (line: string) => lines.push(line);
  const finding = await untilIdle(planned, { api, clock, deadline, onLine });
  return { finding, asked, lines };
}

describe('before a Job is replaced', () => {
  const active = job({ active: 1 });

  test('it is awaited while one of its containers runs, and that is said once', async () => {
    const running = { live: active, pods: [runs] };
    const { finding, asked, lines } = await idle([running, running, { live: met('Complete') }]);
    expect(finding).toBeUndefined();
    expect(lines).toEqual([
      'Job/migrate of an earlier run still runs; it is replaced when it has ended',
    ]);
    expect(asked.filter((path) => path.endsWith('/jobs/migrate'))).toHaveLength(3);
    expect(asked[1]).toContain('labelSelector=controller-uid%3Du1');
  });

  test.each<readonly [string, Look]>([
    ['has no pod yet', { live: job({}) }],
    ['waits for an image', { live: active, pods: [waits] }],
    ['is gone', {}],
    ['was made anew by somebody', { live: job({ active: 1 }, 'u2'), pods: [runs] }],
  ])('one that %s is not awaited', async (_, look) => {
    const { finding, lines } = await idle([look]);
    expect([finding, lines]).toEqual([undefined, []]);
  });

  test('the Job itself counts where its pods may not be listed', async () => {
    const { lines } = await idle([{ live: active, pods: refused }, { live: met('Failed') }]);
    expect(lines).toHaveLength(1);
  });

  test('no request is sent for one that has ended or is not replaced', async () => {
    expect((await idle([{}], { live: met('Complete') })).asked).toEqual([]);
    expect((await idle([{}], { change: 'configured' })).asked).toEqual([]);
  });

  test('it is left as it is where it still runs at the deadline', async () => {
    const { finding } = await idle([{ live: active, pods: [runs] }], {}, 5_000);
    expect(finding).toMatchObject({
      code: 'timed-out',
      severity: 'fatal',
      object: 'Job/migrate',
      namespace: 'shop',
    });
    expect(finding?.what).toContain('So it was not replaced.');
  });
});
