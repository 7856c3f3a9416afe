// Finds every container image in any object: by its looks, so that custom kinds are covered too.
import type { Path } from '../manifests/document.ts';
import { isFields } from '../manifests/values.ts';

const lists: ReadonlySet<string | number> = new Set([
  'containers',
  'initContainers',
  'ephemeralContainers',
]);

export interface ContainerImage {
  /** Of the `image` field. */
  readonly path: Path;
  readonly container: string;
  readonly image: string;
}

/**
 * Containers are items with a name and an image, in a list of containers somewhere below a `spec`:
 * pods, pod templates of every workload, CronJobs, and custom kinds that embed a pod template.
 */
export function containerImages(object: unknown): readonly ContainerImage[] {
  return search(object, []);
}

function search(value: unknown, path: Path): readonly ContainerImage[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => [
      ...container(item, [...path, index]),
      ...search(item, [...path, index]),
    ]);
  }
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => search(item, [...path, key]));
}

function container(item: unknown, path: Path): readonly ContainerImage[] {
  if (!path.includes('spec') || !lists.has(path.at(-2) ?? '') || !isFields(item)) return [];
  const { name, image } = item;
  if (typeof name !== 'string' || typeof image !== 'string' || image === '') return [];
  return [{ path: [...path, 'image'], container: name, image }];
}
