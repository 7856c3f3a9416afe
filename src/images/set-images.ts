// Sets the images of the `images` input on containers, in objects from manifests or from the cluster.
import leven from 'leven';
import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { withValueAt } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import { containerImages } from './containers.ts';
import { parseReference, repositoryMatches } from './reference.ts';

export interface ImagesSet {
  /** In the same order; an unchanged object is the identical reference. */
  readonly objects: readonly KubeObject[];
  /** Names of lines that matched a container. */
  readonly matched: ReadonlySet<string>;
  /** Every image repository that was there before, sorted, without duplicates. */
  readonly repositories: readonly string[];
}

/** `images` is name → reference. Where several names match a container, the longest one wins. */
export function setImages(
  objects: readonly KubeObject[],
  images: Readonly<Record<string, string>>,
): ImagesSet {
  const names = Object.keys(images).toSorted((a, b) => b.length - a.length);
  const matched = new Set<string>();
  const repositories = new Set<string>();
  const changed = objects.map((object) =>
    containerImages(object).reduce((result, { path, image }) => {
      const repository = parseReference(image)?.repository;
      if (repository === undefined) return result;
      repositories.add(repository);
      const matching = names.filter((name) => repositoryMatches(repository, name));
      for (const name of matching) matched.add(name);
      const reference = matching[0] === undefined ? image : (images[matching[0]] ?? image);
      return reference === image ? result : withValueAt(result, path, reference);
    }, object),
  );
  return { objects: changed, matched, repositories: [...repositories].toSorted() };
}

/** `image-not-matched` for each line that matched nothing, with the repositories found and the nearest. */
export function unmatchedImages(
  images: Readonly<Record<string, string>>,
  { matched, repositories }: Pick<ImagesSet, 'matched' | 'repositories'>,
): readonly Finding[] {
  return Object.keys(images)
    .filter((name) => !matched.has(name))
    .map((name) => {
      const nearest = nearestRepository(name, repositories);
      const found = repositories.map((each) => clip(oneLine(each), 200));
      return finding('image-not-matched', `No container has an image repository ${name}.`, {
        evidence: [
          found.length === 0 ? 'no container image was found' : `found: ${found.join(', ')}`,
        ],
        ...(nearest === undefined
          ? {}
          : { hint: `Did you mean ${nearest}? Use the repository as it stands in the manifests.` }),
      });
    });
}

/** `image-name-invalid` for each malformed reference of the input. */
export function invalidImages(images: Readonly<Record<string, string>>): readonly Finding[] {
  return Object.entries(images)
    .filter(([, reference]) => parseReference(reference) === undefined)
    .map(([name, reference]) => {
      const what = `The input images gives ${name} a malformed reference.`;
      return finding('image-name-invalid', what, { evidence: [clip(oneLine(reference), 300)] });
    });
}

/** The repository whose last parts are most similar to the name; undefined if none is similar. */
function nearestRepository(name: string, repositories: readonly string[]): string | undefined {
  const parts = name.split('/').length;
  const ranked = repositories
    .map((repository) => {
      const tail = repository.split('/').slice(-parts).join('/');
      return { repository, distance: leven(name.toLowerCase(), tail) };
    })
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, name.length / 3) ? best.repository : undefined;
}
