// Adds the manifest's file and line to findings about live objects.

import type { Finding } from '../core/errors.ts';
import { type Document, placeOf, secretsInput } from '../kube/document.ts';
import { nameOf } from '../kube/objects.ts';

/**
 * Adds file and line of the object's manifest to findings that have none. Findings about objects without a
 * manifest (only images, the `secrets` input) stay as they are.
 */
export function placeFindings<T extends Finding>(
  findings: readonly T[],
  documents: readonly Document[],
): readonly T[] {
  const key = (object: string, namespace: string | undefined) => `${namespace ?? ''}/${object}`;
  const written = new Map<string, Document>();
  for (const document of documents) {
    const { namespace } = document.object.metadata;
    if (document.file === '' || document.file === secretsInput) continue;
    written.set(key(nameOf(document.object), namespace), document);
  }
  return findings.map((each) => {
    if (each.file !== undefined || each.object === undefined) return each;
    const document =
      written.get(key(each.object, each.namespace)) ?? written.get(key(each.object, undefined));
    return document ? { ...each, ...placeOf(document) } : each;
  });
}
