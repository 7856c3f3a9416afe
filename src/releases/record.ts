// A recorded, numbered deploy: what was sent, what exists because of it, and its result.

import type { Repository } from '../core/context.ts';
import { lastApplied } from '../kube/compare.ts';
import { withoutMarks } from '../kube/home.ts';
import { groupOf, identityOf, type KubeObject, kindKey } from '../kube/objects.ts';
import { withoutServerFields } from '../kube/sent-object.ts';

/**
 * `good` only after its wait succeeded; `applied` where nothing was awaited (`wait: false`).
 * `pending` is left by a killed run.
 */
export type ReleaseState = 'pending' | 'good' | 'applied' | 'failed' | 'rolled-back' | 'cancelled';

/** The origin of a deploy. */
export interface Origin {
  readonly commit: string;
  readonly branch: string;
  readonly runUrl: string;
}

/** What a list of releases shows; kept in an annotation, so that listing needs no contents. */
export interface ReleaseHead {
  /** From 1. */
  readonly number: number;
  readonly state: ReleaseState;
  readonly app: string;
  readonly environment: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Who deployed, and from where; empty on a terminal. */
  readonly actor: string;
  readonly commit: string;
  readonly runUrl: string;
  /** The branch of the commit; for a rollback, that of the restored release, like the commit. */
  readonly branch?: string;
  /** The last deploy that found nothing to change: it created no release of its own. */
  readonly confirmed?: Origin;
  /** name → reference. */
  readonly images: Readonly<Record<string, string>>;
  readonly objects: number;
  /** For a rollback: the release that it restored. */
  readonly of?: number;
  /** The number of Secrets with the contents. */
  readonly parts: number;
  /** The repository that deployed it; absent if unknown, as on a terminal without a remote. */
  readonly repository?: Repository;
  /** All repositories that the application belongs to, carried from one release to the next. */
  readonly repositories?: readonly Repository[];
}

/** One object that exists because of the application, in this release or an earlier one. */
export interface InventoryEntry {
  /** The version under which it was last seen; the identity does not depend on it. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent if the run was killed before it was known. */
  readonly uid?: string;
}

export interface ReleaseContents {
  /** As they were sent, Secrets without values. */
  readonly objects: readonly KubeObject[];
  /** Including objects of earlier releases that still exist. */
  readonly inventory: readonly InventoryEntry[];
  /** False: only images of live workloads were set, and no earlier release was complete. */
  readonly whole: boolean;
  /** How long each part took, milliseconds from the start. */
  readonly timings: readonly {
    readonly name: string;
    readonly from: number;
    readonly to: number;
  }[];
}

export interface Release {
  readonly head: ReleaseHead;
  readonly contents: ReleaseContents;
}

/** The recorded form of an object: without the server's bookkeeping and without Secret values. */
export function recorded(object: KubeObject): KubeObject {
  const { status: _, ...plain } = withoutMarks(withoutServerFields(object));
  const { annotations, ...metadata } = plain.metadata;
  const notes = Object.entries(annotations ?? {}).filter(([key]) => key !== lastApplied);
  const head = {
    ...plain,
    metadata: notes.length > 0 ? { ...metadata, annotations: Object.fromEntries(notes) } : metadata,
  };
  if (kindKey(object) !== 'Secret') return head;
  const { data: __, stringData: ___, ...secret } = head as KubeObject;
  return secret as KubeObject;
}

export function entryOf(object: KubeObject): InventoryEntry {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

/** Independent of the API version. */
export function entryKey({ apiVersion, kind, namespace, name }: InventoryEntry): string {
  const group = groupOf(apiVersion);
  return `${group ? `${group}/` : ''}${kind}/${namespace ?? ''}/${name}`;
}

/** Earlier entries overridden by newer ones; a newer one without a uid keeps the known one. */
export function mergedInventory(
  earlier: readonly InventoryEntry[],
  newer: readonly InventoryEntry[],
): readonly InventoryEntry[] {
  const all = new Map(earlier.map((each) => [entryKey(each), each]));
  for (const each of newer) {
    const uid = each.uid ?? all.get(entryKey(each))?.uid;
    all.set(entryKey(each), uid === undefined ? each : { ...each, uid });
  }
  return [...all.values()];
}

/** The previous release's objects overridden by those of a run that only sets images. */
export function overlaid(
  before: readonly KubeObject[],
  now: readonly KubeObject[],
): readonly KubeObject[] {
  const all = new Map([...before, ...now].map((each) => [identityOf(each), each]));
  return [...all.values()];
}
