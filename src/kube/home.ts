// The annotations that a deploy sets on every object: its application, and the repository that wrote it.
import { fieldSetOf, hasField } from './field-set.ts';
import type { KubeObject, Metadata } from './objects.ts';

/** `<namespace>/<app>`: the namespace of the application's releases, and its name. */
export const homeAnnotation = 'webgen-deploy/home';
/** `<host>/<id>` of the repository whose run last wrote it; a terminal leaves it unchanged. */
export const repositoryAnnotation = 'webgen-deploy/repository';

export const marks: readonly string[] = [homeAnnotation, repositoryAnnotation];

/** The values of this run; absent if there are none. */
export interface Marks {
  readonly home?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * The object with the run's annotations on its own metadata, never on a pod template's. Values from a manifest
 * are ignored. An annotation that another manager owns is left to it.
 */
export function withMarks(
  object: KubeObject,
  { home, repository }: Marks,
  { live, manager }: { readonly live: KubeObject | undefined; readonly manager: string },
): KubeObject {
  const there = live?.metadata.annotations ?? {};
  const wanted = {
    [homeAnnotation]: home,
    [repositoryAnnotation]: repository ?? there[repositoryAnnotation],
  };
  const ours = Object.entries(wanted).filter(
    ([key, value]) => value !== undefined && !isOthers(live, key, manager),
  );
  const plain = withoutMarks(object);
  if (ours.length === 0) return plain;
  const annotations = { ...plain.metadata.annotations, ...Object.fromEntries(ours) };
  return { ...plain, metadata: { ...plain.metadata, annotations } as Metadata };
}

function isOthers(live: KubeObject | undefined, key: string, manager: string): boolean {
  const path = ['f:metadata', 'f:annotations', `f:${key}`];
  const entries = live?.metadata.managedFields ?? [];
  return entries.some(
    (each) => each.manager !== manager && hasField(fieldSetOf(each.fieldsV1), path),
  );
}

/** The object without them: an annotation in a record proves nothing, so it is not recorded. */
export function withoutMarks(object: KubeObject): KubeObject {
  const { annotations, ...metadata } = object.metadata;
  if (!annotations || !marks.some((key) => Object.hasOwn(annotations, key))) return object;
  const kept = Object.entries(annotations).filter(([key]) => !marks.includes(key));
  const head = kept.length > 0 ? { ...metadata, annotations: Object.fromEntries(kept) } : metadata;
  return { ...object, metadata: head };
}
