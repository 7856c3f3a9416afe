// A preview builds nothing: a container whose image is a bare name is shown with its running image.

import type { Path } from '../kube/document.ts';
import { valueAt, withValueAt } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import { containerImages } from './containers.ts';
import { isBareName, parseReference, repositoryMatches } from './reference.ts';

export interface ShownLive {
  readonly object: KubeObject;
  /** The names of images that were kept as they run. */
  readonly names: readonly string[];
}

/**
 * `backend`, without tag and digest, is set by a deploy: if the live container's repository is
 * `backend` or ends in `/backend`, its image is kept, so that a preview shows real changes only.
 */
export function withLiveImages(object: KubeObject, live: KubeObject): ShownLive {
  const running = containerImages(live);
  const names = new Set<string>();
  const shown = containerImages(object).reduce((result, { path, container, image }) => {
    const wanted = parseReference(image);
    const there = running.find(
      (each) => each.container === container && listOf(each.path) === listOf(path),
    );
    const now = there && parseReference(there.image);
    if (!wanted || !isBareName(wanted) || !there || !now || isBareName(now)) return result;
    if (!repositoryMatches(now.repository, wanted.repository)) return result;
    names.add(image);
    return valueAt(result, path) === there.image ? result : withValueAt(result, path, there.image);
  }, object);
  return { object: shown, names: [...names] };
}

/** `spec.template.spec.containers`, or `…initContainers`: without the index and the field. */
const listOf = (path: Path): string => path.slice(0, -2).join('.');
