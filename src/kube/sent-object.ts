// The object as it is sent: fields that must be left alone are removed, and those to keep are added.
import {
  readChange,
  readConfigAnnotation,
  withChange,
  withConfigAnnotation,
} from './config-references.ts';
import { type Marks, withMarks } from './home.ts';
import { isFields } from './json.ts';
import { managerOf } from './managed-fields.ts';
import type { KubeObject } from './objects.ts';

export interface Around extends Marks {
  readonly live: KubeObject | undefined;
  readonly autoscaled: boolean;
  readonly app: string;
}

/** Pure: an autoscaler keeps its replicas, pod templates and configuration our annotations. */
export function sentObject(
  written: KubeObject,
  { live, autoscaled, app, ...own }: Around,
): KubeObject {
  const { status: _, ...bare } = withoutServerFields(written);
  const object = withMarks(bare as KubeObject, own, { live, manager: managerOf(app) });
  const scaled = autoscaled ? withoutReplicas(object) : object;
  const note = live && readConfigAnnotation(live);
  const noted = note === undefined ? scaled : withConfigAnnotation(scaled, note);
  const change = live && readChange(live, app);
  return change === undefined ? noted : withChange(noted, app, change);
}

/** Fields that `kubectl get -o yaml` prints and apply rejects. */
export function withoutServerFields(object: KubeObject): KubeObject {
  const { managedFields, resourceVersion, uid, generation, creationTimestamp, ...metadata } =
    object.metadata;
  return { ...object, metadata };
}

function withoutReplicas(object: KubeObject): KubeObject {
  const { spec } = object;
  if (!isFields(spec)) return object;
  const { replicas: _, ...rest } = spec;
  return { ...object, spec: rest };
}
