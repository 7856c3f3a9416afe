// In a preview, an image that a deploy would set is compared as it runs now.

import { withLiveImages } from '../../images/live-images.ts';
import { identityOf, type KubeObject, nameOf } from '../../kube/objects.ts';
import type { Unverified } from '../planned/change.ts';
import type { ServedDocument } from '../planned/served-documents.ts';

export interface AsTheyRun {
  readonly documents: readonly ServedDocument[];
  /** Images that a deploy sets. */
  readonly unbuilt: readonly Unverified[];
}

/** `live` by identity. An object that is not live yet keeps its written image. */
export function asTheyRun(
  documents: readonly ServedDocument[],
  live: ReadonlyMap<string, KubeObject>,
): AsTheyRun {
  const all = documents.map((each) => {
    const { document } = each;
    const there = live.get(identityOf(document.object));
    const { object, names } = there
      ? withLiveImages(document.object, there)
      : { object: document.object, names: [] };
    const unbuilt = names.map((name) => ({
      object: nameOf(object),
      why: `a deploy sets the image ${name}, and what runs now is shown`,
    }));
    return {
      shown: names.length > 0 ? { ...each, document: { ...document, object } } : each,
      unbuilt,
    };
  });
  return {
    documents: all.map(({ shown }) => shown),
    unbuilt: all.flatMap(({ unbuilt }) => unbuilt),
  };
}
