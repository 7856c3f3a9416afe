// What to send to restore an object: its values and its field ownership.
import {
  extract,
  type FieldSet,
  fieldSetOf,
  isSubset,
  itemSet,
  unionOf,
  withoutAll,
} from '../kube/field-set.ts';
import { type Fields, fieldsAt, isFields, sameJson } from '../kube/json.ts';
import { appliedSet, clientSideSet } from '../kube/managed-fields.ts';
import type { KubeObject, ManagedField } from '../kube/objects.ts';

export interface Earlier {
  readonly before: KubeObject;
  /** The same object now. */
  readonly now: KubeObject;
  readonly manager: string;
}

/**
 * The apply that restores the values: everything the manager owns now, and what it or client-side
 * apply owned then. Fields that did not exist before are absent, so that they are removed; what
 * others have taken over since stays theirs.
 */
export function earlierValues({ before, now, manager }: Earlier): KubeObject {
  const then = unionOf(appliedSet(before, manager) ?? {}, clientSideSet(before));
  const ours = appliedSet(now, manager) ?? {};
  const set = unionOf(ours, withoutAll(then, setOfOthers(now, manager)));
  const part = extract(before, { '.': {}, ...set });
  const { name, namespace } = before.metadata;
  return {
    ...(isFields(part) ? part : {}),
    apiVersion: before.apiVersion,
    kind: before.kind,
    metadata: { ...fieldsAt(part, 'metadata'), name, ...(namespace ? { namespace } : {}) },
  };
}

/** The earlier managedFields, plus what other managers have written since. */
export function earlierOwners({ before, now, manager }: Earlier): readonly ManagedField[] {
  const then = before.metadata.managedFields ?? [];
  const today = now.metadata.managedFields ?? [];
  const kept = then.map((entry) => {
    const later = today.find((each) => keyOf(each) === keyOf(entry));
    const wrote = later && later.manager !== manager && hasWritten(entry, later);
    return wrote ? later : entry;
  });
  const known = new Set(then.map(keyOf));
  const added = today.filter((each) => each.manager !== manager && !known.has(keyOf(each)));
  return [...kept, ...added];
}

const keyOf = ({ manager, operation, apiVersion, subresource }: ManagedField): string =>
  JSON.stringify([manager, operation, apiVersion, subresource]);

// Losing a field to us does not change an entry's time.
function hasWritten(then: ManagedField, later: ManagedField): boolean {
  return (
    then.time !== later.time || !isSubset(fieldSetOf(later.fieldsV1), fieldSetOf(then.fieldsV1))
  );
}

/** The fields that other managers own now. */
function setOfOthers(now: KubeObject, manager: string): FieldSet {
  const entries = now.metadata.managedFields ?? [];
  return entries
    .filter((each) => each.manager !== manager)
    .map((each) => fieldSetOf(each.fieldsV1))
    .reduce(unionOf, {});
}

interface Section {
  readonly path: readonly string[];
  readonly steps: readonly string[];
}

const kept: readonly string[] = ['apiVersion', 'kind', 'metadata', 'status'];
const ofMetadata: readonly string[] = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

export interface PatchOperation {
  readonly op: 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * JSON Patch for what an apply cannot restore: unowned fields, such as the API's own
 * defaults that only fit the values in between. Other managers' fields are left alone.
 */
export function leftovers({ before, now, manager }: Earlier): readonly PatchOperation[] {
  const others = setOfOthers(now, manager);
  return sectionsOf(before, now).flatMap(({ path, steps }): readonly PatchOperation[] => {
    const there = at(now, path);
    const wanted = mixed(at(before, path), there, at(others, steps));
    if (sameJson(wanted, there)) return [];
    const pointer = `/${path.join('/')}`;
    if (wanted === undefined) return [{ op: 'remove', path: pointer }];
    return [{ op: 'add', path: pointer, value: wanted }];
  });
}

function sectionsOf(before: KubeObject, now: KubeObject): readonly Section[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const plain = names.filter((name) => !kept.includes(name)).map((name) => [name]);
  const inside = ofMetadata.map((name) => ['metadata', name]);
  return [...plain, ...inside].map((path) => ({ path, steps: path.map((each) => `f:${each}`) }));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), value);
}

/** The earlier value, with the current values of the fields in `theirs`. */
function mixed(before: unknown, now: unknown, theirs: unknown): unknown {
  if (!isFields(theirs)) return before;
  const set = fieldSetOf(theirs);
  if (Object.keys(set).length === 0) return now;
  if (Array.isArray(now)) return mixedItems(Array.isArray(before) ? before : [], now, set);
  if (!isFields(now)) return before;
  const then: Fields = isFields(before) ? before : {};
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const entries = keys.map((key) => [key, mixed(then[key], now[key], set[`f:${key}`])] as const);
  const left = entries.filter(([, value]) => value !== undefined);
  if (before === undefined && left.length === 0) return undefined;
  return Object.fromEntries(left);
}

function mixedItems(
  before: readonly unknown[],
  now: readonly unknown[],
  set: FieldSet,
): readonly unknown[] {
  const stepOf = (item: unknown, place: number) => itemSet(set, item, place);
  const twin = (items: readonly unknown[], item: unknown) =>
    items.find((each) => Object.keys(set).some((step) => isBoth(step, each, item)));
  const restored = before.map((item, place) =>
    mixed(item, twin(now, item) ?? item, stepOf(item, place)),
  );
  const theirs = now.filter(
    (item, place) => stepOf(item, place)?.['.'] !== undefined && twin(before, item) === undefined,
  );
  return [...restored, ...theirs];
}

function isBoth(step: string, a: unknown, b: unknown): boolean {
  const one = { [step]: {} };
  return itemSet(one, a, -1) !== undefined && itemSet(one, b, -1) !== undefined;
}
