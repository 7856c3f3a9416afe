// Only pods that this run starts may refuse it.
import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../src/apply/planned/planned-object.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { workloadPods } from '../../src/preflight/workload-pods.ts';

type Spec = Readonly<Record<string, unknown>>;

const template = (tag = '1') => ({ spec: { containers: [{ name: 'app', image: `app:${tag}` }] } });

function made(kind: string, spec: Spec, annotations = {}): KubeObject {
  const apiVersion = /Job$/.test(kind) ? 'batch/v1' : 'apps/v1';
  return { apiVersion, kind, metadata: { name: 'web', annotations }, spec };
}

interface Case {
  readonly kind?: string;
  readonly spec?: Spec;
  readonly before?: Spec;
  readonly status?: Spec;
  readonly change?: PlannedObject['change'];
  readonly parts?: Partial<PlannedObject>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function podsOf(each: Case, awaits = true) {
  const { kind = 'Deployment', spec = {}, before, status, annotations, parts } = each;
  const object = made(kind, { template: template(), ...spec }, annotations);
  const live = before && { ...made(kind, { template: template(), ...before }), status };
  const change = each.change ?? (live ? 'configured' : 'created');
  const planned = { object, predicted: object, live, change, restart: [], ...parts };
  return workloadPods([planned as unknown as PlannedObject], { awaits })[0];
}

describe('a run starts pods of', () => {
  test.each<[string, Case, string]>([
    ['a new Deployment', {}, 'new'],
    ['a new Job', { kind: 'Job' }, 'new'],
    ['a Job that is run again', { kind: 'Job', before: {}, change: 'recreated' }, 'new'],
    ['one with another template', { before: { template: template('0') } }, 'changed'],
    ['one that is restarted', { before: {}, parts: { restart: ['Secret/a'] } }, 'restarted'],
    ['one with more replicas', { spec: { replicas: 3 }, before: { replicas: 1 } }, 'scaled up'],
    ['one that ran none', { spec: { replicas: 1 }, before: { replicas: 0 } }, 'scaled up'],
    [
      'a Job that is not suspended any more',
      { kind: 'Job', before: { suspend: true } },
      'scaled up',
    ],
    ['a DaemonSet without a choice of nodes', { kind: 'DaemonSet' }, 'new'],
  ])('%s', (_, each, starts) => {
    const pods = podsOf(each);
    expect(pods?.starts).toBe(starts);
    expect(pods?.dormant).toBeUndefined();
  });
});

describe('a run starts no pods of', () => {
  const partition = (at: number) => ({ updateStrategy: { rollingUpdate: { partition: at } } });
  test.each<[string, Case, RegExp]>([
    ['what stays as it is', { before: {}, change: 'unchanged' }, /starts none/],
    ['what changes beside its template', { spec: { paused: false }, before: {} }, /starts none/],
    ['fewer replicas', { spec: { replicas: 1 }, before: { replicas: 3 } }, /starts none/],
    ['a Job whose pods run', { kind: 'Job', before: { template: template('0') } }, /starts none/],
    ['no replicas', { spec: { replicas: 0 } }, /scaled to zero/],
    [
      'no replicas that an autoscaler owns',
      { before: { replicas: 0, template: template('0') }, parts: { autoscaled: true } },
      /scaled to zero/,
    ],
    ['a paused Deployment', { spec: { paused: true } }, /paused/],
    ['a suspended Job', { kind: 'Job', spec: { suspend: true } }, /suspended/],
    [
      'a CronJob',
      { kind: 'CronJob', spec: { jobTemplate: { spec: { template: template() } } } },
      /schedule/,
    ],
    [
      'a StatefulSet whose pods people replace',
      {
        kind: 'StatefulSet',
        spec: { updateStrategy: { type: 'OnDelete' } },
        before: { template: template('0') },
      },
      /by hand/,
    ],
    [
      'a StatefulSet behind its partition',
      {
        kind: 'StatefulSet',
        spec: { replicas: 2, ...partition(2) },
        before: { template: template('0') },
      },
      /partition/,
    ],
    [
      'a DaemonSet without nodes',
      {
        kind: 'DaemonSet',
        before: { template: template('0') },
        status: { desiredNumberScheduled: 0 },
      },
      /no node/,
    ],
    [
      'a new DaemonSet that may match no node',
      {
        kind: 'DaemonSet',
        spec: { template: { spec: { ...template().spec, nodeSelector: { gpu: 'yes' } } } },
      },
      /whether a node/,
    ],
    ['what nobody waits for', { annotations: { 'webgen-deploy/wait': 'false' } }, /nobody waits/],
    ['a kind with a controller of its own', { kind: 'Rollout' }, /own way/],
  ])('%s', (_, each, because) => {
    const pods = podsOf(each);
    expect(pods?.starts).toBeUndefined();
    expect(pods?.dormant).toMatch(because);
  });

  test('a run that does not wait', () => {
    expect(podsOf({}, false)?.dormant).toMatch(/does not wait/);
  });
});

test('what makes no pods is left out', () => {
  expect(podsOf({ kind: 'Service', spec: { template: undefined } })).toBeUndefined();
});
