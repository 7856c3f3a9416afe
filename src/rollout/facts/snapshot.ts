// A consistent picture of the relevant part of the cluster: fed by watch events, read by the judges.

import { identityOf, type KubeObject, kindKey } from '../../kube/objects.ts';
import type { KubeEvent } from '../../kube/typed.ts';
import { lastSeen, typed } from '../../kube/typed.ts';

export interface Snapshot {
  /** By kind key (`apps/Deployment`, `Pod`), namespace (empty for cluster-wide) and name. */
  get(kind: string, namespace: string, name: string): KubeObject | undefined;
  byUid(uid: string): KubeObject | undefined;
  /** The objects that this uid owns; of one kind where a kind key is given. */
  childrenOf(uid: string, kind?: string): readonly KubeObject[];
  /** Events about exactly this object, the latest last; only those seen at or after `since`. */
  eventsOf(uid: string, since?: number): readonly KubeEvent[];
  all(kind: string, namespace?: string): readonly KubeObject[];
  /** It was listed completely, so what is not here does not exist. */
  knows(kind: string, namespace: string): boolean;
}

export interface LiveSnapshot extends Snapshot {
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** A fresh list of one kind (in one namespace): what it lacks was deleted. Returns the deleted objects. */
  replace(
    scope: { readonly kind: string; readonly namespace?: string },
    objects: readonly KubeObject[],
  ): readonly KubeObject[];
}

interface Store {
  readonly byKey: Map<string, KubeObject>;
  readonly byName: Map<string, string>;
  /** kind and namespace → keys. */
  readonly byScope: Map<string, Set<string>>;
  readonly listed: Set<string>;
  readonly byOwner: Map<string, Set<string>>;
  readonly aboutUid: Map<string, Set<string>>;
}

const keyOf = (object: KubeObject): string => object.metadata.uid ?? identityOf(object);
const nameKey = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

function link(index: Map<string, Set<string>>, from: string, to: string): void {
  const set = index.get(from) ?? new Set();
  set.add(to);
  index.set(from, set);
}

function unlink(index: Map<string, Set<string>>, from: string, to: string): void {
  const set = index.get(from);
  set?.delete(to);
  if (set?.size === 0) index.delete(from);
}

function ownersOf(object: KubeObject): readonly string[] {
  return (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
}

function subjectOf(object: KubeObject): string | undefined {
  return object.kind === 'Event' ? typed<KubeEvent>(object).involvedObject?.uid : undefined;
}

function removeFrom(store: Store, object: KubeObject): void {
  const held = store.byKey.get(keyOf(object));
  if (!held) return;
  store.byKey.delete(keyOf(object));
  unlinkFrom(store, held);
}

function unlinkFrom(store: Store, held: KubeObject): void {
  const key = keyOf(held);
  if (store.byName.get(identityOf(held)) === key) store.byName.delete(identityOf(held));
  for (const scope of scopesOf(held)) unlink(store.byScope, scope, key);
  for (const owner of ownersOf(held)) unlink(store.byOwner, owner, key);
  const subject = subjectOf(held);
  if (subject !== undefined) unlink(store.aboutUid, subject, key);
}

function putInto(store: Store, object: KubeObject): void {
  const key = keyOf(object);
  const held = store.byKey.get(key);
  store.byKey.set(key, object);
  // Most changes are to the status, so the old object's index entries stay valid.
  if (held && isFoundAlike(held, object)) return;
  if (held) unlinkFrom(store, held);
  store.byName.set(identityOf(object), key);
  for (const scope of scopesOf(object)) link(store.byScope, scope, key);
  for (const owner of ownersOf(object)) link(store.byOwner, owner, key);
  const subject = subjectOf(object);
  if (subject !== undefined) link(store.aboutUid, subject, key);
}

function isFoundAlike(held: KubeObject, object: KubeObject): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  const before = held.metadata.ownerReferences ?? [];
  return (
    identityOf(held) === identityOf(object) &&
    owners.length === before.length &&
    owners.every(({ uid }, place) => uid === before[place]?.uid) &&
    subjectOf(held) === subjectOf(object)
  );
}

function gather(store: Store, keys: Iterable<string>): readonly KubeObject[] {
  return [...keys].flatMap((key) => store.byKey.get(key) ?? []);
}

// No kind contains a space, so the two forms cannot collide; without a namespace it is all of them.
function scopeKey(kind: string, namespace: string | undefined): string {
  return namespace === undefined ? kind : `${kind} ${namespace}`;
}

function scopesOf(object: KubeObject): readonly string[] {
  const kind = kindKey(object);
  return [kind, scopeKey(kind, object.metadata.namespace ?? '')];
}

/** An empty snapshot. It changes only through `put`, `remove` and `replace`. */
export function createSnapshot(): LiveSnapshot {
  const store: Store = {
    byKey: new Map(),
    byName: new Map(),
    byScope: new Map(),
    listed: new Set(),
    byOwner: new Map(),
    aboutUid: new Map(),
  };
  const all = (kind: string, namespace?: string): readonly KubeObject[] =>
    gather(store, store.byScope.get(scopeKey(kind, namespace)) ?? []);
  return {
    get(kind, namespace, name) {
      const key = store.byName.get(nameKey(kind, namespace, name));
      return key === undefined ? undefined : store.byKey.get(key);
    },
    byUid: (uid) => store.byKey.get(uid),
    childrenOf: (uid, kind) =>
      gather(store, store.byOwner.get(uid) ?? []).filter(
        (each) => kind === undefined || kindKey(each) === kind,
      ),
    eventsOf(uid, since = 0) {
      const keys = store.aboutUid.get(uid);
      if (!keys) return [];
      return gather(store, keys)
        .map((each) => typed<KubeEvent>(each))
        .filter((event) => lastSeen(event) >= since)
        .sort((a, b) => lastSeen(a) - lastSeen(b));
    },
    all,
    knows: (kind, namespace) =>
      store.listed.has(scopeKey(kind, namespace)) || store.listed.has(scopeKey(kind, undefined)),
    put: (object) => putInto(store, object),
    remove: (object) => removeFrom(store, object),
    replace({ kind, namespace }, objects) {
      store.listed.add(scopeKey(kind, namespace));
      const kept = new Set(objects.map(keyOf));
      const gone = all(kind, namespace).filter((each) => !kept.has(keyOf(each)));
      for (const each of gone) removeFrom(store, each);
      for (const each of objects) putInto(store, each);
      return gone;
    },
  };
}
