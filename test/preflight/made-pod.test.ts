// Pods as the controllers of Kubernetes make them.
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kube/objects.ts';
import { madePod, withoutComing } from '../../src/preflight/made-pod.ts';

const template = {
  metadata: { labels: { app: 'web' }, annotations: { a: '1' }, finalizers: ['x/y'] },
  spec: { containers: [{ name: 'app', image: 'app:1' }], tolerations: [{ key: 'mine' }] },
};

const workload = (apiVersion: string, kind: string, spec: object = { template }): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  spec,
});

test('of a Deployment: by a ReplicaSet that is not there yet', () => {
  expect(madePod(workload('apps/v1', 'Deployment'))).toMatchObject({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: expect.stringMatching(/^web-[a-z0-9]{10}-$/),
      namespace: 'shop',
      labels: { app: 'web', 'pod-template-hash': expect.any(String) },
      annotations: { a: '1' },
      finalizers: ['x/y'],
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', controller: true }],
    },
    spec: template.spec,
  });
});

test('of a StatefulSet: by name and number, with claims in the place of volumes', () => {
  const spec = {
    serviceName: 'peers',
    ordinals: { start: 3 },
    volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    template: {
      ...template,
      spec: { ...template.spec, volumes: [{ name: 'data' }, { name: 'tmp' }] },
    },
  };
  expect(madePod(workload('apps/v1', 'StatefulSet', spec))).toMatchObject({
    metadata: {
      name: 'web-3',
      labels: {
        'apps.kubernetes.io/pod-index': '3',
        'statefulset.kubernetes.io/pod-name': 'web-3',
      },
      ownerReferences: [{ kind: 'StatefulSet', name: 'web', uid: 'u' }],
    },
    spec: {
      hostname: 'web-3',
      subdomain: 'peers',
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data-web-3' } },
        { name: 'tmp' },
      ],
    },
  });
});

test('of a DaemonSet: with the tolerations that it always has', () => {
  const pod = madePod(workload('apps/v1', 'DaemonSet')) as unknown as {
    readonly spec: { readonly tolerations: readonly { readonly key: string }[] };
  };
  expect(pod.spec.tolerations.map(({ key }) => key)).toEqual([
    'mine',
    ...[
      'not-ready',
      'unreachable',
      'disk-pressure',
      'memory-pressure',
      'pid-pressure',
      'unschedulable',
    ].map((each) => `node.kubernetes.io/${each}`),
  ]);
});

test('of a Job, and of the Job of a CronJob', () => {
  expect(madePod(workload('batch/v1', 'Job'))?.metadata).toMatchObject({
    generateName: 'web-',
    labels: { 'batch.kubernetes.io/job-name': 'web', 'job-name': 'web' },
    finalizers: ['x/y', 'batch.kubernetes.io/job-tracking'],
  });
  const indexed = { completionMode: 'Indexed', template };
  expect(madePod(workload('batch/v1', 'Job', indexed))).toMatchObject({
    metadata: {
      generateName: 'web-0-',
      annotations: { 'batch.kubernetes.io/job-completion-index': '0' },
    },
    spec: { hostname: 'web-0' },
  });
  const cron = madePod(workload('batch/v1', 'CronJob', { jobTemplate: { spec: { template } } }));
  expect(cron).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'Job', name: expect.stringMatching(/^web-\d{8}$/) }] },
    spec: template.spec,
  });
});

test('of a bare Pod and of an unknown kind: none', () => {
  expect(madePod(workload('v1', 'Pod', template.spec))).toBeUndefined();
  expect(madePod(workload('example.com/v1', 'Fleet'))).toBeUndefined();
});

describe('what the run has yet to make', () => {
  test('is left out of the pod with what follows from it, and named', () => {
    const pod = workload('v1', 'Pod', {
      serviceAccountName: 'own',
      serviceAccount: 'own',
      priorityClassName: 'high',
      runtimeClassName: 'there',
      containers: [],
    });
    const tried = withoutComing(pod, (kind) => kind !== 'RuntimeClass');
    expect(tried.left).toEqual(['ServiceAccount/own', 'PriorityClass/high']);
    expect(tried.pod['spec']).toEqual({ runtimeClassName: 'there', containers: [] });
    expect(withoutComing(pod, () => false)).toEqual({ pod, left: [] });
  });
});
