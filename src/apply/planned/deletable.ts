// What a run never deletes, and why.
import { textAt } from '../../kube/json.ts';
import { kindRow } from '../../kube/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { kindKey } from '../../kube/objects.ts';

/** Why an object is never deleted; undefined where it may be. */
export function whyKept(object: KubeObject): string | undefined {
  const why = kindRow(object).keptBecause;
  if (why !== undefined) return `it is never deleted: ${why}`;
  if (object.metadata.annotations?.[keepAnnotation] === 'true') return `${keepAnnotation}: "true"`;
  const path = ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted'];
  const takesClaims =
    kindKey(object) === 'apps/StatefulSet' && textAt(object, ...path) === 'Delete';
  return takesClaims ? 'its claims would go with it (whenDeleted: Delete)' : undefined;
}

const keepAnnotation = 'webgen-deploy/keep';
