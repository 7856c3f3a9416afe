import { expect, test } from '@jest/globals';
import { gateOf, stageOf } from '../../src/manifests/order.ts';

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
  const traffic = stageOf({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' });
  expect(stageOf({ apiVersion, kind })).toBe(traffic);
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
