// What earlier releases made and this one no longer has: what may go, and why the rest stays.

import { whyKept } from '../apply/planned/deletable.ts';
import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { configReferences } from '../kube/config-references.ts';
import { homeAnnotation, repositoryAnnotation } from '../kube/home.ts';
import { kindRow } from '../kube/kinds.ts';
import { managerOf } from '../kube/managed-fields.ts';
import { type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { type Home, homeOf, isElsewhere, otherHome, whyUnproven } from './proof.ts';
import { entryKey, type InventoryEntry } from './record.ts';
import type { Makers } from './repository.ts';

export interface PrunePlan {
  /** To be deleted, as they are now. */
  readonly candidates: readonly KubeObject[];
  /** No longer in the manifests, and not deleted. */
  readonly kept: readonly { readonly entry: InventoryEntry; readonly why: string }[];
  /** Not there any more: the inventory forgets them. */
  readonly gone: readonly InventoryEntry[];
}

export interface PruneFacts {
  readonly app: string;
  /** Where its releases are kept; elsewhere only the live object itself proves whose it is. */
  readonly namespace?: string;
  /** Whose objects may go, where several repositories deploy the application. */
  readonly makers?: Makers;
  readonly inventory: readonly InventoryEntry[];
  /** What this release has; the uid where it is live already. */
  readonly current: readonly InventoryEntry[];
  /** By `entryKey`: what is live of the inventory. */
  readonly live: ReadonlyMap<string, KubeObject>;
  /** Objects of this release: what their pods read is never taken from them. */
  readonly users?: readonly KubeObject[];
}

/** Pure. What could not be read is in `live` neither; the caller leaves it out of the inventory. */
export function prunePlan(facts: PruneFacts): PrunePlan {
  const { inventory, current, live, users = [] } = facts;
  const usedBy = readersOf(users);
  const keys = new Set(current.map(entryKey));
  const uids = new Set(current.flatMap(({ uid }) => uid ?? []));
  const candidates: KubeObject[] = [];
  const kept: { entry: InventoryEntry; why: string }[] = [];
  const gone: InventoryEntry[] = [];
  for (const entry of inventory.filter((each) => !keys.has(entryKey(each)))) {
    const now = live.get(entryKey(entry));
    // The same uid under another version or group of the API is the same object.
    const same = uids.has(now?.metadata.uid ?? '') || uids.has(entry.uid ?? '');
    if (!now || same) gone.push(entry);
    else {
      const why = whyNot(entry, now, facts) ?? usedBy(now);
      if (why === undefined) candidates.push(now);
      else kept.push({ entry, why });
    }
  }
  return { candidates, kept, gone };
}

/** A Secret whose line was left out of `secrets`, for one: the next start of a pod would fail. */
function readersOf(users: readonly KubeObject[]): (object: KubeObject) => string | undefined {
  const readers = new Map<string, string>();
  for (const user of users) {
    const { namespace } = user.metadata;
    for (const { kind, name } of configReferences(user)) {
      readers.set(`${namespace} ${kind} ${name}`, nameOf(user));
    }
  }
  return (object) => {
    const { name, namespace } = object.metadata;
    const reader = readers.get(`${namespace} ${kindKey(object)} ${name}`);
    return reader && `${reader} uses it`;
  };
}

function whyNot(
  entry: InventoryEntry,
  live: KubeObject,
  { app, namespace, makers }: PruneFacts,
): string | undefined {
  const { metadata } = live;
  const manager = managerOf(app);
  const managers = metadata.managedFields?.map((each) => each.manager ?? '') ?? [];
  const other = managers.find((each) => each.startsWith('webgen-deploy/') && each !== manager);
  const helm = metadata.annotations?.['meta.helm.sh/release-name'];
  if (entry.uid !== undefined && entry.uid !== metadata.uid)
    return 'somebody else has made it anew';
  if (metadata.deletionTimestamp) return 'it is being deleted already';
  if (!managers.includes(manager)) return 'it is no longer written by this application';
  if (metadata.ownerReferences?.some(({ controller }) => controller)) return 'a controller owns it';
  if (other !== undefined) return `${other} writes it too`;
  if (helm !== undefined) return `it belongs to the Helm release ${helm}`;
  const unproven =
    namespace === undefined ? undefined : whyNotOurs(entry, live, { app, namespace });
  return unproven ?? (makers && whyAnothers(live, makers)) ?? whyKept(live);
}

function whyAnothers({ metadata }: KubeObject, { keys, alone }: Makers): string | undefined {
  const maker = metadata.annotations?.[repositoryAnnotation];
  if (maker !== undefined && !keys.includes(maker)) {
    return `another repository made it: ${clip(oneLine(maker.slice(0, 500)), 100)}`;
  }
  const isUnsaid = maker === undefined && !alone;
  return isUnsaid ? 'nothing says which of the repositories made it' : undefined;
}

/** The record may be forged: without a uid, and elsewhere, it is not enough. */
function whyNotOurs(entry: InventoryEntry, live: KubeObject, home: Home): string | undefined {
  const { uid, annotations, namespace } = live.metadata;
  const there = annotations?.[homeAnnotation];
  if (isElsewhere(namespace, home)) {
    return whyUnproven(live, home, entry.uid === undefined ? [] : [entry.uid]);
  }
  if (there !== undefined && there !== homeOf(home)) return otherHome(there);
  return entry.uid === undefined ? whyUnproven(live, home, [uid ?? '']) : undefined;
}

/** Kinds that are never deleted need not even be read. */
export function isPrunable(entry: InventoryEntry): boolean {
  return kindRow(entry).keptBecause === undefined;
}

const named = 50;

/** `prune-refused`, before anything is written; undefined where it may go on. */
export function pruneRefusal(
  { candidates }: PrunePlan,
  current: number,
  confirmed: boolean,
): Finding | undefined {
  const all = candidates.length + current;
  const names = candidates.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  const evidence = names.slice(0, named);
  if (candidates.length === 0) return undefined;
  if (current === 0) {
    const hint =
      'Check the manifests: an empty set would delete everything, so it is always refused.';
    return finding('prune-refused', 'The manifests hold no object at all.', { evidence, hint });
  }
  if (confirmed || candidates.length * 2 <= all) return undefined;
  const what = `${candidates.length} of ${all} objects would be deleted: more than half.`;
  return finding('prune-refused', what, { evidence });
}
