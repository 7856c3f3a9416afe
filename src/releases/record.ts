// One recorded, numbered deploy: what was sent, what exists because of it, and how it ended.

import type { Repository } from '../core/context.ts';
import { lastApplied } from '../kube/compare.ts';
import { withoutMarks } from '../kube/home.ts';
import { groupOf, identityOf, type KubeObject, kindKey } from '../kube/objects.ts';
import { withoutServerFields } from '../kube/sent-object.ts';

/**
 * `good` only after its wait succeeded; `applied` where nothing was awaited (`wait: false`).
 * `pending` is what a run leaves that was killed.
 */
export type ReleaseState = 'pending' | 'good' | 'applied' | 'failed' | 'rolled-back' | 'cancelled';

/** Where a deploy came from. */
export interface Origin {
  readonly commit: string;
  readonly branch: string;
  readonly runUrl: string;
}

/** What a list of releases shows; kept in an annotation, so that a list needs no contents. */
export interface ReleaseHead {
  /** From 1. */
  readonly number: number;
  readonly state: ReleaseState;
  readonly app: string;
  readonly environment: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Who and where from; empty on a terminal. */
  readonly actor: string;
  readonly commit: string;
  readonly runUrl: string;
  /** That the commit was taken from; of a rollback the restored release's, as the commit is. */
  readonly branch?: string;
  /** The last deploy that found everything as this release says: it made no release of its own. */
  readonly confirmed?: Origin;
  /** name → reference. */
  readonly images: Readonly<Record<string, string>>;
  readonly objects: number;
  /** A rollback: the release that it went back to. */
  readonly of?: number;
  /** Secrets that the contents are spread over. */
  readonly parts: number;
  /** Which one deployed it; absent where it is not known, as on a terminal without a remote. */
  readonly repository?: Repository;
  /** All that the application belongs to, from one release to the next. */
  readonly repositories?: readonly Repository[];
}

/** One object that exists because of the application, in this release or an earlier one. */
export interface InventoryEntry {
  /** Under which it was last seen; the identity does not depend on the version. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent where the run was killed before it knew. */
  readonly uid?: string;
}

export interface ReleaseContents {
  /** As they were sent, Secrets without values. */
  readonly objects: readonly KubeObject[];
  /** Also what earlier releases made and nobody has removed. */
  readonly inventory: readonly InventoryEntry[];
  /** False: only images of live workloads were set, and no release before it was whole. */
  readonly whole: boolean;
  /** Milliseconds from the start: what took how long. */
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

/** What is kept of an object: nothing that the server keeps for itself, and no Secret value. */
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

/** The same for every version of the API. */
export function entryKey({ apiVersion, kind, namespace, name }: InventoryEntry): string {
  const group = groupOf(apiVersion);
  return `${group ? `${group}/` : ''}${kind}/${namespace ?? ''}/${name}`;
}

/** Earlier entries and the newer ones over them; a newer one without uid keeps the known one. */
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

/** The objects of the release before with those of a run that only sets images over them. */
export function overlaid(
  before: readonly KubeObject[],
  now: readonly KubeObject[],
): readonly KubeObject[] {
  const all = new Map([...before, ...now].map((each) => [identityOf(each), each]));
  return [...all.values()];
}
