// What a deploy writes on every object: which application it belongs to, and which repository made it.
import { fieldSetOf, hasField } from './field-set.ts';
import type { KubeObject, Metadata } from './objects.ts';

/** `<namespace>/<app>`: where the application's releases are kept, and its name. */
export const homeAnnotation = 'webgen-deploy/home';
/** `<host>/<id>` of the repository whose run wrote it last; a terminal leaves it as it is. */
export const repositoryAnnotation = 'webgen-deploy/repository';

export const marks: readonly string[] = [homeAnnotation, repositoryAnnotation];

/** The values of this run; absent where there are none. */
export interface Marks {
  readonly home?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * The object with the run's marks on its own metadata, never on a pod template's. What a manifest
 * says of them does not count. A mark that another manager owns is left to it.
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

/** As it was written: what a record says of its home proves nothing, so it is not recorded. */
export function withoutMarks(object: KubeObject): KubeObject {
  const { annotations, ...metadata } = object.metadata;
  if (!annotations || !marks.some((key) => Object.hasOwn(annotations, key))) return object;
  const kept = Object.entries(annotations).filter(([key]) => !marks.includes(key));
  const head = kept.length > 0 ? { ...metadata, annotations: Object.fromEntries(kept) } : metadata;
  return { ...object, metadata: head };
}
