// Which configuration a workload reads, and the pod-template annotation that rolls it on a change.
import { type KubeObject, kindKey } from '../cluster/objects.ts';
import { podSpecOf, podTemplatePath } from './pod-template.ts';
import { isFields, valueAt, withValueAt } from './values.ts';

export interface ConfigReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/** One object that a workload refers to, as it will be live. `object` undefined: it is not there. */
export interface ConfigPart extends ConfigReference {
  readonly object: KubeObject | undefined;
}

export const configAnnotationName = 'webgen-deploy/config';

/**
 * ConfigMaps and Secrets that the pods of an object read by env, envFrom or a volume (projected ones
 * too); sorted, once each. Pull secrets are the kubelet's: they restart nothing.
 */
export function configReferences(object: KubeObject): readonly ConfigReference[] {
  const spec = podSpecOf(object);
  if (!isFields(spec)) return [];
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    items(spec[list]),
  );
  const found = [...containers.flatMap(ofContainer), ...items(spec['volumes']).flatMap(ofVolume)];
  const byKey = new Map(found.map((each) => [`${each.kind}/${each.name}`, each]));
  return [...byKey].toSorted(([a], [b]) => compare(a, b)).map(([, each]) => each);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function reference(kind: ConfigReference['kind'], name: unknown): readonly ConfigReference[] {
  return typeof name === 'string' && name !== '' ? [{ kind, name }] : [];
}

function ofContainer(container: unknown): readonly ConfigReference[] {
  const env = items(valueAt(container, ['env'])).flatMap((each) => [
    ...reference('ConfigMap', valueAt(each, ['valueFrom', 'configMapKeyRef', 'name'])),
    ...reference('Secret', valueAt(each, ['valueFrom', 'secretKeyRef', 'name'])),
  ]);
  const from = items(valueAt(container, ['envFrom'])).flatMap((each) => [
    ...reference('ConfigMap', valueAt(each, ['configMapRef', 'name'])),
    ...reference('Secret', valueAt(each, ['secretRef', 'name'])),
  ]);
  return [...env, ...from];
}

function ofVolume(volume: unknown): readonly ConfigReference[] {
  // A volume says `secretName`, a projected source says `name`.
  const projected = items(valueAt(volume, ['projected', 'sources'])).flatMap((source) => [
    ...reference('ConfigMap', valueAt(source, ['configMap', 'name'])),
    ...reference('Secret', valueAt(source, ['secret', 'name'])),
  ]);
  return [
    ...reference('ConfigMap', valueAt(volume, ['configMap', 'name'])),
    ...reference('Secret', valueAt(volume, ['secret', 'secretName'])),
    ...projected,
  ];
}

const rolled = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet']);

/**
 * True for kinds that replace their pods when the template changes, unless the object says
 * `webgen-deploy/restart-on-config: "false"`. A Job's template is immutable, a CronJob's next run
 * reads the new configuration anyway.
 */
export function restartsOnConfig(object: KubeObject): boolean {
  const asked = object.metadata.annotations?.['webgen-deploy/restart-on-config'];
  return rolled.has(kindKey(object)) && asked?.toLowerCase() !== 'false';
}

/**
 * The value of `webgen-deploy/config`, whatever the order of the parts: of ConfigMaps the content
 * counts, of Secrets only uid and resourceVersion, so that the value tells nothing about them.
 * `hash` gives a short digest of a text, for example SHA-256 in hex.
 */
export function configAnnotation(
  parts: readonly ConfigPart[],
  hash: (text: string) => string,
): string {
  const said = parts.map((part) => [part.kind, part.name, contentOf(part)] as const);
  return hash(stable(said.toSorted((a, b) => compare(`${a[0]}/${a[1]}`, `${b[0]}/${b[1]}`))));
}

function contentOf({ kind, object }: ConfigPart): unknown {
  if (!object) return null;
  if (kind === 'ConfigMap') return [object['data'] ?? {}, object['binaryData'] ?? {}];
  return [object.metadata.uid ?? '', object.metadata.resourceVersion ?? ''];
}

/** JSON whose keys are in one order. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isFields(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => compare(a, b)))
      : each,
  );
}

/** The annotation as it stands in an object's pod template. */
export function readConfigAnnotation(object: KubeObject): string | undefined {
  const path = podTemplatePath(object);
  const value = path && valueAt(object, [...path, 'metadata', 'annotations', configAnnotationName]);
  return typeof value === 'string' ? value : undefined;
}

/** The object with the annotation in its pod template; unchanged where it has none. */
export function withConfigAnnotation(object: KubeObject, value: string): KubeObject {
  const path = podTemplatePath(object);
  if (!path || path.length === 0) return object;
  return withValueAt(object, [...path, 'metadata', 'annotations', configAnnotationName], value);
}
