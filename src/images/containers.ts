// Finds every container image in any object by its shape, so that custom kinds are covered too.
import type { Path } from '../kube/document.ts';
import { isFields } from '../kube/json.ts';

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
  return [...search(object, [])];
}

/** `path` is one mutable list for the whole walk. */
function* search(value: unknown, path: (string | number)[]): Generator<ContainerImage> {
  const isList = Array.isArray(value);
  if (!isList && !isFields(value)) return;
  for (const key of isList ? value.keys() : Object.keys(value)) {
    const item: unknown = value[key as keyof typeof value];
    path.push(key);
    if (isList) yield* container(item, path);
    yield* search(item, path);
    path.pop();
  }
}

function container(item: unknown, path: Path): readonly ContainerImage[] {
  if (!lists.has(path.at(-2) ?? '') || !path.includes('spec') || !isFields(item)) return [];
  const { name, image } = item;
  if (typeof name !== 'string' || typeof image !== 'string' || image === '') return [];
  return [{ path: [...path, 'image'], container: name, image }];
}
