// Where each kind keeps its pod template.

import type { Path } from './document.ts';
import { isFields, valueAt } from './json.ts';
import { type KubeObject, kindKey } from './objects.ts';

const template = ['spec', 'template'] as const;
const paths: Readonly<Record<string, Path>> = {
  'apps/Deployment': template,
  'apps/StatefulSet': template,
  'apps/DaemonSet': template,
  'apps/ReplicaSet': template,
  ReplicationController: template,
  PodTemplate: ['template'],
  'batch/Job': template,
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * The path of the pod's `metadata` and `spec`; a Pod is its own template (`[]`).
 * Custom kinds shaped like a workload (Argo Rollouts) count. Undefined: it creates no pods.
 */
export function podTemplatePath(object: KubeObject): Path | undefined {
  const key = kindKey(object);
  if (key === 'Pod') return [];
  const known = paths[key];
  if (known) return valueAt(object, known) === undefined ? undefined : known;
  return isFields(valueAt(object, [...template, 'spec'])) && hasContainers(object)
    ? template
    : undefined;
}

function hasContainers(object: KubeObject): boolean {
  return Array.isArray(valueAt(object, [...template, 'spec', 'containers']));
}

/** The pod's spec inside an object, if it creates pods. */
export function podSpecOf(object: KubeObject): unknown {
  const path = podTemplatePath(object);
  return path && valueAt(object, [...path, 'spec']);
}
