import { describe, expect, test } from '@jest/globals';
import type { BuiltImage } from '../../src/images/built.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { imagesToScan, runningImages } from '../../src/scan/images-to-scan.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const older = `sha256:${'b'.repeat(64)}`;

function built(name: string, platforms: readonly string[] = []): BuiltImage {
  const repository = `registry.example/${name}`;
  const reference = `${repository}@${digest}`;
  return { name, repository, digest, reference, tags: [], platforms, found: false };
}

const object = (...images: readonly string[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x' },
  spec: {
    template: {
      spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
    },
  },
});

const given = { built: [], images: {}, objects: [], all: false };

describe('what is scanned', () => {
  test('is what was built, by digest, and what the input names', () => {
    const images = { backend: 'registry.example/backend', db: 'registry.example/db:16' };
    const found = imagesToScan({ ...given, built: [built('backend')], images });
    expect(found).toEqual([
      { name: 'backend', slug: 'backend', reference: `registry.example/backend@${digest}` },
      { name: 'db', slug: 'db', reference: 'registry.example/db:16' },
    ]);
  });

  test('are the images of the manifests only where nothing else is given, or all are asked for', () => {
    const objects = [object('registry.example/backend:1', 'postgres:16')];
    const own = { ...given, built: [built('backend')], objects };
    expect(imagesToScan(own)).toHaveLength(1);
    expect(imagesToScan({ ...own, all: true }).map(({ reference }) => reference)).toEqual([
      `registry.example/backend@${digest}`,
      'registry.example/backend:1',
      'postgres:16',
    ]);
    expect(imagesToScan({ ...given, objects })).toHaveLength(2);
  });

  test('is no name that a deploy builds, where nothing is built', () => {
    const objects = [object('backend', 'registry.example/web', 'postgres:16')];
    const found = imagesToScan({ ...given, objects, unbuilt: true });
    expect(found.map(({ reference }) => reference)).toEqual(['postgres:16']);
  });

  test('is each reference once, under a name of its own', () => {
    const objects = [object('a/web:1', 'b/web:1', 'a/web:1', 'not an image', '${IMAGE}')];
    expect(imagesToScan({ ...given, objects })).toEqual([
      { name: 'web', slug: 'web', reference: 'a/web:1' },
      { name: 'web-2', slug: 'web-2', reference: 'b/web:1' },
    ]);
  });

  test('of an index without linux/amd64 is the first platform', () => {
    const [arm] = imagesToScan({ ...given, built: [built('api', ['linux/arm64'])] });
    expect(arm?.platform).toBe('linux/arm64');
    const [both] = imagesToScan({
      ...given,
      built: [built('api', ['linux/arm64', 'linux/amd64'])],
    });
    expect(both?.platform).toBeUndefined();
  });
});

describe('what runs now', () => {
  const image = {
    name: 'backend',
    slug: 'backend',
    reference: `registry.example/backend@${digest}`,
  };
  const pod = (running: string, imageID?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x' },
    spec: { containers: [{ name: 'main', image: running }] },
    ...(imageID === undefined
      ? {}
      : { status: { containerStatuses: [{ name: 'main', imageID }] } }),
  });

  test('is told by the digest that the node pulled, whatever the tag says today', () => {
    const pods = [
      pod('registry.example/backend:latest', `registry.example/backend@${older}`),
      pod('registry.example/backend:latest', `docker-pullable://registry.example/backend@${older}`),
    ];
    expect(runningImages(image, pods)).toEqual([`registry.example/backend@${older}`]);
  });

  test('is the image as it is written where the node tells no digest of the registry', () => {
    expect(runningImages(image, [pod('registry.example/backend:1', older)])).toEqual([
      'registry.example/backend:1',
    ]);
    expect(runningImages(image, [pod('registry.example/backend:1')])).toEqual([
      'registry.example/backend:1',
    ]);
  });

  test('is found in another registry by its name, and never another image', () => {
    const pods = [pod('cr.yandex/crp1/backend:1'), pod('registry.example/backend-tools:1')];
    expect(runningImages(image, pods)).toEqual(['cr.yandex/crp1/backend:1']);
  });

  test('is the same image where that runs already, and nothing where none does', () => {
    expect(runningImages(image, [pod(image.reference)])).toEqual([image.reference]);
    expect(runningImages(image, [])).toEqual([]);
  });

  test('are three at most', () => {
    const pods = [1, 2, 3, 4].map((tag) => pod(`registry.example/backend:${tag}`));
    expect(runningImages(image, pods)).toHaveLength(3);
  });
});
