import { expect, test } from '@jest/globals';
import { containerImages } from '../../src/images/containers.ts';
import { withLiveImages } from '../../src/images/live-images.ts';
import type { KubeObject } from '../../src/kube/objects.ts';

const deployment = (...images: readonly string[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x' },
  spec: {
    template: { spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })) } },
  },
});

const digest = `registry.example/shop/backend@sha256:${'a'.repeat(64)}`;

test.each([
  ['backend', digest, digest],
  ['shop/backend', digest, digest],
  ['backend', 'backend:1', 'backend:1'],
  // What is named exactly, or runs something else, is a change.
  ['backend:2', 'registry.example/backend:1', 'backend:2'],
  ['backend', 'registry.example/other:1', 'backend'],
  ['backend', 'registry.example/my-backend:1', 'backend'],
  ['backend', 'backend', 'backend'],
  ['${IMAGE}', 'registry.example/backend:1', '${IMAGE}'],
])('%s over %s is shown as %s', (wanted, live, shown) => {
  const { object, names } = withLiveImages(deployment(wanted), deployment(live));
  expect(containerImages(object).map(({ image }) => image)).toEqual([shown]);
  expect(names).toEqual(shown === wanted ? [] : [wanted]);
});

test('a container that is new has nothing that runs', () => {
  const { object } = withLiveImages(deployment(digest, 'backend'), deployment(digest));
  expect(containerImages(object).map(({ image }) => image)).toEqual([digest, 'backend']);
});
