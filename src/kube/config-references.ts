// Which ConfigMaps and Secrets a workload reads, and the pod-template annotation that rolls it on a change.

import { valueAt, withValueAt } from './json.ts';
import { kindRow } from './kinds.ts';
import type { KubeObject } from './objects.ts';
import { podReferences } from './pod-references.ts';
import { podSpecOf, podTemplatePath } from './pod-template.ts';

export interface ConfigReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

export const configAnnotationName = 'webgen-deploy/config';

/**
 * ConfigMaps and Secrets that an object's pods read by env, envFrom or a volume (projected ones
 * too); sorted, without duplicates. Pull secrets are read by the kubelet: they restart nothing.
 */
export function configReferences(object: KubeObject): readonly ConfigReference[] {
  const found = podReferences(podSpecOf(object)).flatMap(({ kind, name }) =>
    kind === 'PersistentVolumeClaim' ? [] : [{ kind, name }],
  );
  const byKey = new Map(found.map((each) => [`${each.kind}/${each.name}`, each]));
  return [...byKey].toSorted(([a], [b]) => compare(a, b)).map(([, each]) => each);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** True for kinds that replace their pods when the template changes. */
export function hasRollout(object: KubeObject): boolean {
  return kindRow(object).rolls === true;
}

/** The same, unless the object says `webgen-deploy/restart-on-config: "false"`. */
export function restartsOnConfig(object: KubeObject): boolean {
  const asked = object.metadata.annotations?.['webgen-deploy/restart-on-config'];
  return hasRollout(object) && asked?.toLowerCase() !== 'false';
}

/**
 * The annotation of a ConfigMap or Secret that names the last change that running pods have to
 * read. One for each app: several apps may own keys of the same Secret.
 */
function changeAnnotationName(app: string): string {
  return `${app}.webgen-deploy/config`;
}

/** The name of that last change; undefined: none is known. */
export function readChange(object: KubeObject, app: string): string | undefined {
  return object.metadata.annotations?.[changeAnnotationName(app)];
}

/** The ConfigMap or Secret with the name of its last change. */
export function withChange(object: KubeObject, app: string, change: string): KubeObject {
  return withValueAt(object, ['metadata', 'annotations', changeAnnotationName(app)], change);
}

/** The annotation's value in an object's pod template. */
export function readConfigAnnotation(object: KubeObject): string | undefined {
  const path = podTemplatePath(object);
  const value = path && valueAt(object, [...path, 'metadata', 'annotations', configAnnotationName]);
  return typeof value === 'string' ? value : undefined;
}

/** The object with the annotation in its pod template; unchanged if it has no template. */
export function withConfigAnnotation(object: KubeObject, value: string): KubeObject {
  const path = podTemplatePath(object);
  if (!path || path.length === 0) return object;
  return withValueAt(object, [...path, 'metadata', 'annotations', configAnnotationName], value);
}
