// What is known of one watched kind, so that a fresh list can be told as the changes since.
import type { KubeObject } from './objects.ts';

export type WatchEvent =
  | { readonly type: 'synced'; readonly objects: readonly KubeObject[] }
  | { readonly type: 'upsert'; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly object: KubeObject };

export interface Watched {
  /** The first list is told as `synced`; a later one as deletes, then upserts. */
  list(objects: readonly KubeObject[]): readonly WatchEvent[];
  upsert(object: KubeObject): readonly WatchEvent[];
  remove(object: KubeObject): readonly WatchEvent[];
  /** True where a list says nothing new. */
  matches(objects: readonly KubeObject[]): boolean;
}

/** Knows objects by uid: one that was made anew under its old name is a delete and an upsert. */
export function watched(): Watched {
  const known = new Map<string, KubeObject>();
  let listed = false;
  const upsert = (object: KubeObject): readonly WatchEvent[] => {
    const key = keyOf(object);
    const before = known.get(key);
    known.set(key, object);
    return sameVersion(before, object) ? [] : [{ type: 'upsert', object }];
  };
  const remove = (object: KubeObject): readonly WatchEvent[] =>
    known.delete(keyOf(object)) ? [{ type: 'delete', object }] : [];
  return {
    upsert,
    remove,
    matches: (objects) =>
      objects.length === known.size &&
      objects.every((object) => sameVersion(known.get(keyOf(object)), object)),
    list(objects) {
      if (!listed) {
        listed = true;
        for (const object of objects) known.set(keyOf(object), object);
        return [{ type: 'synced', objects }];
      }
      const present = new Set(objects.map(keyOf));
      const gone = [...known].filter(([key]) => !present.has(key));
      return [...gone.flatMap(([, object]) => remove(object)), ...objects.flatMap(upsert)];
    },
  };
}

// Versions are opaque: only equality means something.
function sameVersion(before: KubeObject | undefined, now: KubeObject): boolean {
  const version = before?.metadata.resourceVersion;
  return version !== undefined && version === now.metadata.resourceVersion;
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
}
