// Whether a live object is the application's: only the object itself can prove it, never a record.

import { clip, oneLine } from '../core/text.ts';
import { homeAnnotation } from '../kube/home.ts';
import { managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';

/** One application, and where its releases are kept. */
export interface Home {
  readonly app: string;
  readonly namespace: string;
}

export function homeOf({ app, namespace }: Home): string {
  return `${namespace}/${app}`;
}

/** Of the cluster as a whole, or in another namespace: whoever writes the records rules nothing there. */
export function isElsewhere(namespace: string | undefined, home: Home): boolean {
  return namespace !== home.namespace;
}

/** Text from the cluster. */
export function otherHome(there: string): string {
  return `its ${homeAnnotation} is ${clip(oneLine(there.slice(0, 500)), 100)}`;
}

/** Why nothing shows that the application has written it; undefined where it does. */
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
