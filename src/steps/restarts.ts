// Rolls the workloads whose ConfigMaps and Secrets changed, by one pod-template annotation.
import { createHash } from 'node:crypto';
import { identityOf, type KubeObject, kindKey, nameOf } from '../cluster/objects.ts';
import type { PlannedObject } from '../cluster/planned-object.ts';
import {
  type ConfigReference,
  configAnnotation,
  configAnnotationName,
  configReferences,
  readConfigAnnotation,
  restartsOnConfig,
  withConfigAnnotation,
} from '../manifests/config-references.ts';
import { podTemplatePath } from '../manifests/pod-template.ts';
import type { Outcome } from '../outcome.ts';

/** Marks the live workloads to be rolled; new and replaced ones start with what is there anyway. */
export function planRestarts(
  objects: readonly PlannedObject[],
  restartOnConfig: boolean,
): readonly PlannedObject[] {
  if (!restartOnConfig) return objects;
  const configs = new Map(objects.filter(isConfig).map((each) => [identityOf(each.object), each]));
  return objects.map((planned) => {
    const { live, change, object } = planned;
    if (!live || change === 'recreated' || !restartsOnConfig(object)) return planned;
    const restart = configReferences(object)
      .filter((reference) => isReason(reference, configs.get(keyOf(reference, object)), live))
      .map(({ kind, name }) => `${kind}/${name}`);
    return restart.length > 0 ? rolled(planned, restart) : planned;
  });
}

/** The workload with the annotation for its configuration as the server wrote it a moment ago. */
export function withRestart(
  planned: PlannedObject,
  applied: readonly { readonly object: KubeObject }[],
): PlannedObject {
  const { object, live, restart } = planned;
  if (restart.length === 0 || !live) return planned;
  const configs = new Map(applied.map((each) => [identityOf(each.object), each.object]));
  const before = partsOf(readConfigAnnotation(live));
  const parts = configReferences(object).flatMap((reference) => {
    const name = `${reference.kind}/${reference.name}`;
    const config = configs.get(keyOf(reference, object));
    const kept = before.get(name);
    const renewed = reference.kind === 'ConfigMap' || restart.includes(name) || !kept;
    const value = config && renewed ? digestOf(reference, config) : kept;
    return value ? [`${name}=${value}`] : [];
  });
  return { ...planned, object: withConfigAnnotation(object, parts.join(',')) };
}

/** What was or would be rolled, for the report. */
export function restartsOf(objects: readonly PlannedObject[]): Outcome['restarts'] {
  return objects.flatMap(({ object, restart }) => {
    const { namespace } = object.metadata;
    if (restart.length === 0) return [];
    return [{ object: nameOf(object), ...(namespace ? { namespace } : {}), because: restart }];
  });
}

function isConfig({ object }: PlannedObject): boolean {
  return ['ConfigMap', 'Secret'].includes(kindKey(object));
}

function keyOf({ kind, name }: ConfigReference, { metadata }: KubeObject): string {
  const { namespace } = metadata;
  return identityOf({
    apiVersion: 'v1',
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}) },
  });
}

function isReason(
  reference: ConfigReference,
  config: PlannedObject | undefined,
  live: KubeObject,
): boolean {
  if (!config) return false;
  if (config.change === 'recreated') return true;
  const content = /^(?:data|binaryData)\b/;
  if (config.change === 'configured') return config.fields.some((each) => content.test(each));
  if (config.change === 'created') return refersTo(live, reference);
  return isStale(reference, config, live);
}

/** Pods may run without an optional ConfigMap; now that it is there, they have to read it. */
function refersTo(live: KubeObject, { kind, name }: ConfigReference): boolean {
  return configReferences(live).some((each) => each.kind === kind && each.name === name);
}

/**
 * An earlier run ended between the configuration and the workload: the annotation still holds the
 * digest of the content before. (A Secret's version says nothing: anybody's label changes it.)
 */
function isStale(reference: ConfigReference, config: PlannedObject, live: KubeObject): boolean {
  if (reference.kind !== 'ConfigMap') return false;
  const then = partsOf(readConfigAnnotation(live)).get(`ConfigMap/${reference.name}`);
  return then !== undefined && then !== digestOf(reference, config.predicted);
}

function rolled(planned: PlannedObject, restart: readonly string[]): PlannedObject {
  const { object, fields } = planned;
  const template = (podTemplatePath(object) ?? []).join('.');
  const field = `${template}.metadata.annotations.${configAnnotationName}`;
  return { ...planned, restart, change: 'configured', write: true, fields: [...fields, field] };
}

function digestOf({ kind, name }: ConfigReference, object: KubeObject): string {
  return configAnnotation([{ kind, name, object }], sha256).slice(0, 12);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** `ConfigMap/a=1f2e…,Secret/b=…`: one digest each, so that it shows what was the cause. */
function partsOf(note = ''): ReadonlyMap<string, string> {
  return new Map(
    note.split(',').flatMap((part) => {
      const [name, digest] = part.split('=');
      return name && digest ? [[name, digest] as const] : [];
    }),
  );
}
