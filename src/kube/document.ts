// One object from a manifest, with its file and lines, so that every problem can be shown there.

import type { Finding } from '../core/errors.ts';
import { finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { identityOf, type KubeObject, nameOf } from './objects.ts';

export type Path = readonly (string | number)[];

export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface Document {
  readonly object: KubeObject;
  /** Relative to the workspace; a URL for a remote one. */
  readonly file: string;
  /** The first line of the object, from 1. */
  readonly line: number;
  /** The line of a field, or of its nearest written parent. */
  lineOf(path: Path): number;
  /** Recorded, and in another namespace than the record: the live object proven to be ours; no other is written. */
  readonly provenUid?: string;
  /** A Secret with lines of the `secrets` input: keys that they no longer name are kept. */
  readonly fromInput?: true;
  /** Only if fields may come from files other than `file`: kustomize's bases and patches. */
  placeOf?(path: Path): Place;
}

/** File and line of a field, or of its nearest written parent. */
export function placeOf(document: Document, path: Path = []): Place {
  if (document.placeOf) return document.placeOf(path);
  return { file: document.file, line: document.lineOf(path) };
}

/** The object of a finding: object names come from outside, so they are made safe to show. */
export function subjectOf(object: KubeObject): {
  readonly object: string;
  readonly namespace?: string;
} {
  const { namespace } = object.metadata;
  const name = clip(oneLine(nameOf(object)), 200);
  return namespace === undefined
    ? { object: name }
    : { object: name, namespace: clip(oneLine(namespace), 80) };
}

/** What messages show as the file of an object that stands in no manifest. */
export const secretsInput = 'input secrets';

/** Objects that are written twice; each finding names both places. */
export function findDuplicates(documents: readonly Document[]): readonly Finding[] {
  const seen = new Map<string, Document>();
  return documents.flatMap((document) => {
    const key = identityOf(document.object);
    const first = seen.get(key);
    if (!first) seen.set(key, document);
    return first ? [duplicate(document, first)] : [];
  });
}

function duplicate(document: Document, first: Document): Finding {
  const subject = subjectOf(document.object);
  const place = placeOf(document);
  const before = placeOf(first);
  const places = `${before.file}:${before.line} and ${place.file}:${place.line}`;
  return finding('manifest-invalid', `${subject.object} is written twice: ${places}.`, {
    ...subject,
    ...place,
    hint: 'Keep one of them, rename one, or exclude a file with a leading "-" in `manifests`.',
  });
}
