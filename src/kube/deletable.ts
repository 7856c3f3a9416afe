// What a run never deletes, and why.
import { textAt } from './json.ts';
import type { KubeObject } from './objects.ts';
import { kindKey } from './objects.ts';

/** Kinds that are never deleted, whoever created them, and why. */
export const neverDeleted: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: 'its data would be lost',
  PersistentVolume: 'its data would be lost',
  'storage.k8s.io/StorageClass': 'volumes depend on it',
  Namespace: 'everything in it would be lost',
  'apiextensions.k8s.io/CustomResourceDefinition': 'all objects of the kind would be lost',
};

/** Why an object is never deleted; undefined where it may be. */
export function whyKept(object: KubeObject): string | undefined {
  const why = neverDeleted[kindKey(object)];
  if (why !== undefined) return `it is never deleted: ${why}`;
  if (object.metadata.annotations?.[keepAnnotation] === 'true') return `${keepAnnotation}: "true"`;
  const path = ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted'];
  const takesClaims =
    kindKey(object) === 'apps/StatefulSet' && textAt(object, ...path) === 'Delete';
  return takesClaims ? 'its claims would go with it (whenDeleted: Delete)' : undefined;
}

const keepAnnotation = 'webgen-deploy/keep';
