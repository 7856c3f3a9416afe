// Whether a live object belongs to the application: only the object itself proves it, never a record.

import { clip, oneLine } from '../core/text.ts';
import { homeAnnotation } from '../kube/home.ts';
import { managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';

/** One application and the namespace of its releases. */
export interface Home {
  readonly app: string;
  readonly namespace: string;
}

export function homeOf({ app, namespace }: Home): string {
  return `${namespace}/${app}`;
}

/** Cluster-scoped, or in another namespace: write access to the records grants nothing there. */
export function isElsewhere(namespace: string | undefined, home: Home): boolean {
  return namespace !== home.namespace;
}

/** Text from the cluster. */
export function otherHome(there: string): string {
  return `its ${homeAnnotation} is ${clip(oneLine(there.slice(0, 500)), 100)}`;
}

/** Why it is not proven that the application wrote it; undefined if it is. */
export function whyUnproven(
  live: KubeObject | undefined,
  home: Home,
  uids: readonly string[],
): string | undefined {
  if (!live) return 'it is not there';
  const { metadata } = live;
  const manager = managerOf(home.app);
  const there = metadata.annotations?.[homeAnnotation];
  if (metadata.deletionTimestamp) return 'it is being deleted';
  if (!metadata.managedFields?.some((each) => each.manager === manager)) {
    return `it is not written by ${manager}`;
  }
  if (there !== homeOf(home)) {
    return there === undefined ? `it has no ${homeAnnotation}` : otherHome(there);
  }
  if (uids.length === 0) return 'its uid is not recorded';
  return uids.includes(metadata.uid ?? '') ? undefined : 'its uid is not the recorded one';
}
