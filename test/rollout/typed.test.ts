// Of thousands of pods only what judges may read is kept.
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { withoutUnread } from '../../src/rollout/typed.ts';

const container = {
  name: 'app',
  image: 'a:1',
  env: [{ name: 'A', value: 'x'.repeat(1000) }],
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
  readinessProbe: { tcpSocket: { port: 80 } },
};

test('volumes, environments and the like go, all else stays, and the pod itself is not changed', () => {
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      nodeName: 'n',
      volumes: [{ name: 'v', emptyDir: {} }],
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
      initContainers: [{ name: 'init', image: 'b:1', envFrom: [{ secretRef: { name: 's' } }] }],
    },
    status: { phase: 'Running' },
  };
  const before = structuredClone(pod);
  const { env: _, volumeMounts: __, ...kept } = container;
  expect(withoutUnread(pod)).toEqual({
    ...before,
    spec: {
      nodeName: 'n',
      containers: [kept],
      initContainers: [{ name: 'init', image: 'b:1' }],
    },
  });
  expect(pod).toEqual(before);
});
