// Fields that the API never changes: which ones, and whether the object may be replaced instead.
import { type Finding, finding } from '../core/errors.ts';
import { covers } from '../kube/compare.ts';
import { fieldsAt, textAt } from '../kube/json.ts';
import { type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { type Refused, whereIs, wordsOf } from './rejection.ts';

interface Cause {
  readonly field: string;
  readonly message: string;
}

const words =
  /immutable|may not change once set|cannot change roleRef|updates to \S+ spec for fields other|pod updates may not/;

/** Whether a cause says that the field can never be changed. */
export function isImmutable(message: string): boolean {
  return words.test(message);
}

/** `field-immutable` for all such causes of one object. */
export function immutableFinding(refused: Refused, causes: readonly Cause[]): Finding {
  const fields = causes.flatMap((cause) => fieldsOf(refused, cause));
  const name = nameOf(refused.object);
  const verb = fields.length > 1 ? 'are' : 'is';
  const kept = keptKinds[kindKey(refused.object)];
  return finding('field-immutable', `${name}: ${fields.join(', ')} ${verb} immutable.`, {
    ...whereIs(refused, fields[0]),
    evidence: causes.map(({ field, message }) => {
      // For a Pod, the API adds a comparison in its own Go types.
      const [said = ''] = message.split('\n@@');
      return `${field}: ${wordsOf(refused.object, said)}`;
    }),
    ...(kept ? { hint: `Put the old value back. It is never replaced by itself: ${kept}` } : {}),
  });
}

// What is lost with these kinds cannot be recreated.
const keptKinds: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: 'its data would be lost.',
  PersistentVolume: 'its data would be lost.',
  Namespace: 'everything in it would be deleted.',
  'apiextensions.k8s.io/CustomResourceDefinition': 'all objects of the kind would be deleted.',
};

/** Whether the user asked for a replacement, and the kind allows one. */
export function mayRecreate(object: KubeObject, live: KubeObject): boolean {
  if (object.metadata.annotations?.['webgen-deploy/recreate'] !== 'true') return false;
  return keptKinds[kindKey(live)] === undefined && !losesVolumes(object, live);
}

/**
 * How the old object is deleted. A StatefulSet leaves its pods to the new one, so that they are rolled
 * one by one; with another selector it could never adopt them. A Job's pods are deleted first, so that
 * two runs of a migration never overlap.
 */
export function propagationOf(
  object: KubeObject,
  live: KubeObject,
): 'Orphan' | 'Background' | 'Foreground' {
  if (kindKey(live) === 'batch/Job') return 'Foreground';
  const adopts = kindKey(live) === 'apps/StatefulSet' && sameSelector(object, live);
  return adopts ? 'Orphan' : 'Background';
}

/** With `whenDeleted: Delete` the StatefulSet owns its claims: they would be deleted with it. */
function losesVolumes(object: KubeObject, live: KubeObject): boolean {
  const policy = textAt(live, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted');
  return policy === 'Delete' && !sameSelector(object, live);
}

function sameSelector(object: KubeObject, live: KubeObject): boolean {
  return covers(fieldsAt(live, 'spec', 'selector'), fieldsAt(object, 'spec', 'selector'));
}

/** The API names only `spec` for StatefulSets and claims: the fields that differ say more. */
function fieldsOf({ object, live }: Refused, { field, message }: Cause): readonly string[] {
  if (field !== 'spec') return [field];
  const allowed = [...message.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  const asked = fieldsAt(object, 'spec');
  const there = fieldsAt(live, 'spec');
  const changed = Object.keys(asked).filter(
    (key) => !allowed.includes(key) && !covers(there[key], asked[key]),
  );
  return changed.length > 0 ? changed.map((key) => `spec.${key}`) : [field];
}
