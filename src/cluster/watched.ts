// The known state of one watched kind, so that a fresh list can be reported as changes.
import type { KubeObject } from '../kube/objects.ts';
import { shareParts } from '../kube/shared-parts.ts';

export type WatchEvent =
  | { readonly type: 'synced'; readonly objects: readonly KubeObject[] }
  | { readonly type: 'upsert'; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly object: KubeObject };

export interface Watched {
  /** The first list is reported as `synced`; a later one as deletes, then upserts. */
  list(objects: readonly KubeObject[]): readonly WatchEvent[];
  upsert(object: KubeObject): readonly WatchEvent[];
  remove(object: KubeObject): readonly WatchEvent[];
  /** True if a list has nothing new. */
  matches(objects: readonly KubeObject[]): boolean;
}

/** Tracks objects by uid: one recreated under its old name is a delete and an upsert. */
export function watched(): Watched {
  const known = new Map<string, KubeObject>();
  const siblings = new Map<string, KubeObject>();
  let listed = false;
  const lean = (fresh: KubeObject): KubeObject => {
    const family = familyOf(fresh);
    const object = shareParts(known.get(keyOf(fresh)) ?? siblings.get(family), fresh);
    siblings.set(family, object);
    return object;
  };
  const upsert = (fresh: KubeObject): readonly WatchEvent[] => {
    const key = keyOf(fresh);
    const before = known.get(key);
    if (sameVersion(before, fresh)) return [];
    const object = lean(fresh);
    known.set(key, object);
    return [{ type: 'upsert', object }];
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
        const kept = objects.map(lean);
        for (const object of kept) known.set(keyOf(object), object);
        return [{ type: 'synced', objects: kept }];
      }
      const present = new Set(objects.map(keyOf));
      const gone = [...known].filter(([key]) => !present.has(key));
      return [...gone.flatMap(([, object]) => remove(object)), ...objects.flatMap(upsert)];
    },
  };
}

// Versions are opaque: only equality has a meaning.
function sameVersion(before: KubeObject | undefined, now: KubeObject): boolean {
  const version = before?.metadata.resourceVersion;
  return version !== undefined && version === now.metadata.resourceVersion;
}

// Pods of one owner share their whole template.
function familyOf({ metadata }: KubeObject): string {
  return metadata.ownerReferences?.[0]?.uid ?? '';
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
}
