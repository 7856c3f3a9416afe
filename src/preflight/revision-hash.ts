// The hash in the name of a StatefulSet's revision, as its controller works it out. Pure.

import { fieldsAt, isFields, valueAt } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';

/**
 * Of an object as the server has it, defaults filled in: `NAME-HASH` is the label `controller-revision-hash` of
 * its pods. FNV-1 over the JSON of the template, its keys sorted, and the collision count
 * (pkg/controller/statefulset/stateful_set_utils.go getPatch; pkg/controller/history HashControllerRevision).
 * Before Kubernetes 1.35 the template has an empty `creationTimestamp`, so there are two answers.
 */
export function revisionHashes(set: KubeObject): readonly [string, string] {
  const template = valueAt(set, ['spec', 'template']);
  const metadata = fieldsAt(template, 'metadata');
  const count = valueAt(set, ['status', 'collisionCount']);
  const hashOf = (meta: object): string => {
    const patched = { ...fieldsAt(template), metadata: meta, $patch: 'replace' };
    const text = goJson({ spec: { template: patched } }) + String(count ?? 0);
    return String(fnv1(new TextEncoder().encode(text)));
  };
  const { creationTimestamp: _, ...bare } = metadata;
  return [hashOf({ ...bare, creationTimestamp: null }), hashOf(bare)];
}

/** As Go's encoding/json writes a map. */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (isFields(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${goJson(key)}:${goJson(value[key])}`).join(',')}}`;
  }
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0;
  return hash >>> 0;
}
