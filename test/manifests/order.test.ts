import { expect, test } from '@jest/globals';
import { gateOf, stageName, stageOf, stages } from '../../src/manifests/order.ts';
import { documentsOf } from './documents.ts';

const inOrder = [
  ['v1', 'Namespace'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['scheduling.k8s.io/v1', 'PriorityClass'],
  ['v1', 'ResourceQuota'],
  ['v1', 'ServiceAccount'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['v1', 'ConfigMap'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Service'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['batch/v1', 'Job'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apiregistration.k8s.io/v1', 'APIService'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
] as const;

test('what others need comes first, webhooks last', () => {
  const numbers = inOrder.map(([apiVersion, kind]) => stageOf({ apiVersion, kind }));
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
});

test.each([
  ['example.org/v1', 'Deployment'],
  ['serving.knative.dev/v1', 'Service'],
  ['monitoring.coreos.com/v1', 'ServiceMonitor'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
])('%s %s goes with the traffic: a kind is its group too', (apiVersion, kind) => {
  expect(stageName(stageOf({ apiVersion, kind }))).toBe('traffic and everything else');
});

test('stages ascend and keep the order inside', () => {
  const text = [...inOrder, ['v1', 'Secret'] as const]
    .toReversed()
    .map(([apiVersion, kind]) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}`)
    .join('\n---\n');
  const kinds = stages(documentsOf(text)).map((stage) => stage.map(({ object }) => object.kind));
  expect(kinds.slice(0, 2)).toEqual([['Namespace'], ['CustomResourceDefinition']]);
  expect(kinds[6]).toEqual(['Secret', 'ConfigMap']);
  expect(kinds.at(-1)).toEqual(['ValidatingWebhookConfiguration']);
  expect(stages([])).toEqual([]);
});

test('gates', () => {
  expect(gateOf({ apiVersion: 'v1', kind: 'Namespace' })).toBe('active');
  expect(gateOf({ apiVersion: 'v1', kind: 'ResourceQuota' })).toBe('quota-filled');
  expect(gateOf({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' })).toBe(
    'established',
  );
  expect(gateOf({ apiVersion: 'example.org/v1', kind: 'Namespace' })).toBeUndefined();
  expect(gateOf({ apiVersion: 'v1', kind: 'constructor' })).toBeUndefined();
});
