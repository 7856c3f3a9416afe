// Rolls the workloads whose ConfigMaps and Secrets changed, by one pod-template annotation.
import { createHash } from 'node:crypto';
import {
  type ConfigReference,
  configAnnotationName,
  configReferences,
  hasRollout,
  readChange,
  readConfigAnnotation,
  restartsOnConfig,
  withChange,
  withConfigAnnotation,
} from '../../kube/config-references.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import { podTemplatePath } from '../../kube/pod-template.ts';
import type { Restart } from '../planned/change.ts';
import type { PlannedObject } from '../planned/planned-object.ts';

/**
 * Marks the live workloads to be rolled; new and replaced ones read the current state anyway.
 *
 * A change that running pods have to pick up gets a name, which is written with it into the ConfigMap
 * or Secret, and into the template of each workload as it is rolled. If the two differ, a run was
 * interrupted in between, and the next one rolls what is left. Without such a change there is no name:
 * taking over an application rolls nothing.
 */
export function planRestarts(
  objects: readonly PlannedObject[],
  { app, restartOnConfig }: { readonly app: string; readonly restartOnConfig: boolean },
): readonly PlannedObject[] {
  if (!restartOnConfig) return objects;
  const readers = objects.filter(isRunning);
  const named = objects.map((each) => (isConfig(each) ? withName(each, readers, app) : each));
  const configs = new Map(named.filter(isConfig).map((each) => [identityOf(each.object), each]));
  return named.map((planned) => {
    if (!isRunning(planned) && !isNew(planned)) return planned;
    return restarted(planned, (reference) => {
      const config = configs.get(keyOf(reference, planned.object));
      return config && readChange(config.object, app);
    });
  });
}

/** The workloads that were or would be rolled, for the report. */
export function restartsOf(objects: readonly PlannedObject[]): readonly Restart[] {
  return objects.flatMap(({ object, restart }) => {
    const { namespace } = object.metadata;
    if (restart.length === 0) return [];
    return [{ object: nameOf(object), ...(namespace ? { namespace } : {}), because: restart }];
  });
}

/** A preview also names what a changed pod template would roll: people ask what restarts, not why. */
export function previewedRestarts(objects: readonly PlannedObject[]): readonly Restart[] {
  return restartsOf(
    objects.map((planned) => {
      const { object, live, change, fields, restart } = planned;
      const template = (podTemplatePath(object) ?? []).join('.');
      const rolls = live && change === 'configured' && hasRollout(object);
      const isNews = rolls && fields.some((each) => each.startsWith(`${template}.`));
      return isNews && restart.length === 0
        ? { ...planned, restart: ['its pod template'] }
        : planned;
    }),
  );
}

function isConfig({ object }: PlannedObject): boolean {
  return ['ConfigMap', 'Secret'].includes(kindKey(object));
}

function isRunning({ live, change, object }: PlannedObject): boolean {
  return live !== undefined && change !== 'recreated' && restartsOnConfig(object);
}

function isNew({ live, change, object }: PlannedObject): boolean {
  return (live === undefined || change === 'recreated') && hasRollout(object);
}

function keyOf({ kind, name }: ConfigReference, { metadata }: KubeObject): string {
  const { namespace } = metadata;
  return identityOf({
    apiVersion: 'v1',
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}) },
  });
}

/** Names the change after the previous version, which reveals nothing about the content. */
function withName(
  planned: PlannedObject,
  readers: readonly PlannedObject[],
  app: string,
): PlannedObject {
  const key = identityOf(planned.object);
  const reader = readers.find(({ live, object }) => readsIt(live, key, object));
  if (!reader || !isNews(planned)) return planned;
  // Pods may run without an optional ConfigMap; now that it exists, they have to read it.
  const { uid, resourceVersion } = (planned.live ?? reader.live)?.metadata ?? {};
  const name = createHash('sha256').update(`${key} ${uid} ${resourceVersion}`).digest('hex');
  return { ...planned, object: withChange(planned.object, app, name.slice(0, 12)) };
}

function readsIt(live: KubeObject | undefined, key: string, object: KubeObject): boolean {
  return live !== undefined && configReferences(live).some((each) => keyOf(each, object) === key);
}

/** A changed label means nothing to a running pod. */
function isNews({ change, fields }: PlannedObject): boolean {
  if (change === 'created' || change === 'recreated') return true;
  return change === 'configured' && fields.some((each) => /^(?:data|binaryData)\b/.test(each));
}

/** The workload with the names of the changes that its pods will have read. */
function restarted(
  planned: PlannedObject,
  changeOf: (reference: ConfigReference) => string | undefined,
): PlannedObject {
  const { object } = planned;
  const live = isRunning(planned) ? planned.live : undefined;
  const before = live ? partsOf(readConfigAnnotation(live)) : undefined;
  const parts = configReferences(object).flatMap((reference) => {
    const name = `${reference.kind}/${reference.name}`;
    const read = before?.get(name);
    const change = changeOf(reference) ?? read;
    // A reference that is new changes the template, which replaces the pods anyway.
    const isOld = readsIt(live, keyOf(reference, object), object);
    return change ? [{ name, change, isNews: change !== read, isOld }] : [];
  });
  const news = parts.filter(({ isNews }) => isNews);
  if (news.length === 0) return planned;
  const note = parts.map(({ name, change }) => `${name}=${change}`).join(',');
  const noted = { ...planned, object: withConfigAnnotation(object, note) };
  const restart = news.filter(({ isOld }) => isOld).map(({ name }) => name);
  return restart.length > 0 ? rolled(noted, restart) : noted;
}

function rolled(planned: PlannedObject, restart: readonly string[]): PlannedObject {
  const { object, fields } = planned;
  const template = (podTemplatePath(object) ?? []).join('.');
  const field = `${template}.metadata.annotations.${configAnnotationName}`;
  return { ...planned, restart, change: 'configured', write: true, fields: [...fields, field] };
}

/** `ConfigMap/a=1f2e…,Secret/b=…`: one entry each, so that the cause is visible. */
function partsOf(note = ''): ReadonlyMap<string, string> {
  return new Map(
    note.split(',').flatMap((part) => {
      const [name, change] = part.split('=');
      return name && change ? [[name, change] as const] : [];
    }),
  );
}
