// Which row judges an object: its kind's own, the generic one, or none.
import { isPlainGroup } from '../../kube/kinds.ts';
import { groupOf, type KubeObject, kindKey } from '../../kube/objects.ts';
import { hasRules } from './custom.ts';
import { type JudgeRow, judges } from './judges.ts';
import { judgeGeneric } from './kinds/generic.ts';

/** Kinds that have no row. */
export const generic: JudgeRow = {
  ready: 'Ready or a like condition, else the phase; no status for 8 s is ready',
  shows: ['kustomization/ready'],
  judge: judgeGeneric,
  needs: [],
};

/** The row of a kind; undefined for kinds that are ready as soon as they exist. */
export function rowOf(object: KubeObject): JudgeRow | undefined {
  const row = judges[kindKey(object)];
  if (row) return row;
  const isPlain = isPlainGroup(groupOf(object.apiVersion)) && !hasRules(object);
  return isPlain ? undefined : generic;
}
