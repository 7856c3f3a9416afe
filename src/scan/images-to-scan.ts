// Which images a run scans, and what runs now in their place.

import type { BuiltImage } from '../images/built.ts';
import { containerImages } from '../images/containers.ts';
import { isBareName, parseReference, repositoryMatches } from '../images/reference.ts';
import { isFields } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';

export interface ImageToScan {
  readonly name: string;
  /** The name for files and categories: letters, digits, `.`, `_` and `-`; unique per image. */
  readonly slug: string;
  readonly reference: string;
  /** Set unless it is linux/amd64, the scanner's default. */
  readonly platform?: string;
}

export interface Given {
  readonly built: readonly BuiltImage[];
  /** name → reference, from the input. */
  readonly images: Readonly<Record<string, string>>;
  /** As they will be sent. */
  readonly objects: readonly KubeObject[];
  /** Include those of the manifests; they are included anyway if nothing else is given. */
  readonly all: boolean;
  /** Nothing was built: a name without tag and digest in the manifests is not an image yet. */
  readonly unbuilt?: boolean;
}

/** Built images and those that `images` names are the application's own. Without duplicates. */
export function imagesToScan(given: Given): readonly ImageToScan[] {
  const { built, images, objects, all } = given;
  const own = new Map<string, Unnamed>();
  const add = (image: Unnamed) => own.has(image.reference) || own.set(image.reference, image);
  for (const { name, reference, platforms } of built) {
    const first = platforms.includes('linux/amd64') ? undefined : platforms[0];
    add({ name, reference, ...(first === undefined ? {} : { platform: first }) });
  }
  const names = new Set(built.map(({ name }) => name));
  for (const [name, reference] of Object.entries(images)) {
    if (!names.has(name)) add({ name, reference });
  }
  if (all || own.size === 0) {
    for (const image of objects.flatMap(containerImages)) imageOf(image.image, given).forEach(add);
  }
  return named([...own.values()]);
}

/** Empty if it contains an unfilled variable, which has its own finding. */
function imageOf(reference: string, { unbuilt = false }: Given): readonly Unnamed[] {
  const known = parseReference(reference);
  if (!known || (unbuilt && isBareName(known))) return [];
  return [{ name: shortName(known.repository), reference }];
}

const shortName = (repository: string) => repository.slice(repository.lastIndexOf('/') + 1);

type Unnamed = Omit<ImageToScan, 'slug'>;

/** Two images with the same short name are distinguished by a number. */
function named(images: readonly Unnamed[]): readonly ImageToScan[] {
  const seen = new Map<string, number>();
  return images.map((image) => {
    const slug = image.name.replaceAll(/[^A-Za-z0-9._-]/g, '-');
    const count = (seen.get(slug) ?? 0) + 1;
    seen.set(slug, count);
    if (count === 1) return { ...image, slug };
    return { ...image, name: `${image.name}-${count}`, slug: `${slug}-${count}` };
  });
}

/** During a rollout two versions run; more are leftovers of a broken one. */
const mostRunning = 3;

/** References, by digest if the node reports it, of what pods now run in the image's place. */
export function runningImages(
  { name, reference }: Pick<ImageToScan, 'name' | 'reference'>,
  pods: readonly KubeObject[],
): readonly string[] {
  const repository = parseReference(reference)?.repository;
  const found = pods.flatMap((pod) => {
    const states = statesOf(pod);
    return containerImages(pod).flatMap(({ container, image }) => {
      const running = parseReference(image);
      const same =
        running !== undefined &&
        (running.repository === repository || repositoryMatches(running.repository, name));
      if (!same) return [];
      const digest = /sha256:[0-9a-f]{64}$/.exec(states.get(container) ?? '')?.[0];
      const isRepositoryDigest = states.get(container)?.includes('@') ?? false;
      return [digest && isRepositoryDigest ? `${running.repository}@${digest}` : image];
    });
  });
  return [...new Set(found)].slice(0, mostRunning);
}

/** container → image id, as reported by the kubelet. */
function statesOf({ status }: KubeObject): ReadonlyMap<string, string> {
  const lists = isFields(status)
    ? [status['containerStatuses'], status['initContainerStatuses']]
    : [];
  const states = lists.flatMap((each) => (Array.isArray(each) ? each.filter(isFields) : []));
  return new Map(states.map(({ name, imageID }) => [String(name), String(imageID ?? '')]));
}
