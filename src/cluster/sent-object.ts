// The object as it is sent: what must be left alone or kept is taken out or put in here.
import { readConfigAnnotation, withConfigAnnotation } from '../manifests/config-references.ts';
import { isFields } from '../manifests/values.ts';
import type { KubeObject } from './objects.ts';

/** Pure: an autoscaler keeps its replicas, a pod template its annotation. */
export function sentObject(
  written: KubeObject,
  live: KubeObject | undefined,
  autoscaled: boolean,
): KubeObject {
  const { status: _, ...object } = withoutServerFields(written);
  const scaled = autoscaled ? withoutReplicas(object) : object;
  const note = live && readConfigAnnotation(live);
  return note === undefined ? scaled : withConfigAnnotation(scaled, note);
}

/** What `kubectl get -o yaml` writes and apply refuses. */
function withoutServerFields(object: KubeObject): KubeObject {
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
