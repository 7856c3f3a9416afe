// Which row judges an object: its kind's own, the generic one, or none.
import { groupOf, type KubeObject, kindKey } from '../../kube/objects.ts';
import { hasRules } from './custom.ts';
import { type JudgeRow, judges } from './judges.ts';
import { judgeGeneric } from './kinds/generic.ts';

/** Kinds that have no row. */
export const generic: JudgeRow = {
  ready: 'Ready or a similar condition, else the phase; no status for 8 s is ready',
  shows: ['kustomization/ready'],
  judge: judgeGeneric,
  needs: [],
};

// Built-in groups whose kinds are ready when they exist, unless the table names them.
const plainGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

/** Built into Kubernetes: no other controller gives its kinds a status. */
export function isPlainGroup(group: string): boolean {
  return plainGroups.has(group);
}

/** The row of a kind; undefined for kinds that are ready when they exist. */
export function rowOf(object: KubeObject): JudgeRow | undefined {
  const row = judges[kindKey(object)];
  if (row) return row;
  const isPlain = isPlainGroup(groupOf(object.apiVersion)) && !hasRules(object);
  return isPlain ? undefined : generic;
}
