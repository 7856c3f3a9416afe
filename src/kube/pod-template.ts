// Where each kind keeps its pod template.

import type { Path } from './document.ts';
import { isFields, valueAt } from './json.ts';
import { kindRow } from './kinds.ts';
import type { KubeObject } from './objects.ts';

const template = ['spec', 'template'] as const;

/**
 * The path of the part that has the pod's `metadata` and `spec`; a Pod is its own template (`[]`).
 * Custom kinds that look like a workload (Argo Rollouts) count. Undefined: it makes no pods.
 */
export function podTemplatePath(object: KubeObject): Path | undefined {
  const known = kindRow(object).template;
  if (known) return valueAt(object, known) === undefined ? undefined : known;
  return isFields(valueAt(object, [...template, 'spec'])) && hasContainers(object)
    ? template
    : undefined;
}

function hasContainers(object: KubeObject): boolean {
  return Array.isArray(valueAt(object, [...template, 'spec', 'containers']));
}

/** The pod's spec inside an object, if it makes pods. */
export function podSpecOf(object: KubeObject): unknown {
  const path = podTemplatePath(object);
  return path && valueAt(object, [...path, 'spec']);
}
