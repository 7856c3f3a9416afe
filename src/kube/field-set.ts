// The sets of fields in managedFields (FieldsV1) as an algebra: union, extraction, removal.
import { type Fields, isFields, sameJson } from './json.ts';

/** FieldsV1: `f:` a map's field, `k:` a list item by keys, `v:` a set's value, `.` itself. */
export type FieldSet = { readonly [step: string]: FieldSet };

/** Custom kinds may nest; a pod's own fields are eleven deep. */
const deepest = 100;

/** FieldsV1 from the server, without invalid entries, which a non-standard server may write. */
export function fieldSetOf(value: unknown, depth = 0): FieldSet {
  if (!isFields(value) || depth > deepest) return {};
  const steps = Object.entries(value).filter(([step, inner]) => isStep(step) && isFields(inner));
  return Object.fromEntries(steps.map(([step, inner]) => [step, fieldSetOf(inner, depth + 1)]));
}

function isStep(step: string): boolean {
  if (step === '.' || step.startsWith('f:') || step.startsWith('i:')) return true;
  if (step.startsWith('v:')) return parsedStep(step) !== undefined;
  return step.startsWith('k:') && isFields(parsedStep(step));
}

function parsedStep(step: string): unknown {
  try {
    return JSON.parse(step.slice(2));
  } catch {
    return undefined;
  }
}

/** All fields of both. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  const both: Record<string, FieldSet> = { ...a };
  for (const [step, inner] of Object.entries(b)) {
    const other = both[step];
    both[step] = other ? unionOf(other, inner) : inner;
  }
  return both;
}

/** Whether the set has the field at these steps, or an atomic parent of it. */
export function hasField(set: FieldSet, steps: readonly string[]): boolean {
  const [first, ...rest] = steps;
  if (first === undefined) return true;
  const inner = set[first];
  return inner !== undefined && (isLeaf(inner) || hasField(inner, rest));
}

/** The set without one field; parents that become empty are removed too. */
export function withoutField(set: FieldSet, steps: readonly string[]): FieldSet {
  const [first, ...rest] = steps;
  const inner = first === undefined ? undefined : set[first];
  if (first === undefined || inner === undefined) return set;
  const { [first]: _, ...others } = set;
  if (rest.length === 0) return others;
  const left = withoutField(inner, rest);
  return isLeaf(left) ? others : { ...others, [first]: left };
}

/** Whether every field of `a` is in `b`. */
export function isSubset(a: FieldSet, b: FieldSet): boolean {
  return sameJson(unionOf(b, a), b);
}

/** The set without all fields that the other has, or an atomic parent of them. */
export function withoutAll(set: FieldSet, other: FieldSet): FieldSet {
  const left = Object.entries(set).flatMap(([step, inner]) => {
    const theirs = other[step];
    if (!theirs || step === '.') return [[step, inner] as const];
    if (isLeaf(theirs) || isLeaf(inner)) return [];
    const rest = withoutAll(inner, theirs);
    const own = Object.keys(rest).some((each) => each !== '.');
    return own ? [[step, { ...keysOf(step, inner), ...rest }] as const] : [];
  });
  return Object.fromEntries(left);
}

/** A list item cannot exist without its keys. */
function keysOf(step: string, item: FieldSet): FieldSet {
  if (!step.startsWith('k:')) return {};
  const names = Object.keys(JSON.parse(step.slice(2)) as Fields).map((key) => `f:${key}`);
  return Object.fromEntries(names.filter((name) => item[name]).map((name) => [name, {}]));
}

/** The part of a live value that the set names, lists in their live order. */
export function extract(value: unknown, set: FieldSet): unknown {
  if (isLeaf(set)) return value;
  if (Array.isArray(value)) return extractItems(value, set);
  if (!isFields(value)) return value;
  const part: Record<string, unknown> = {};
  for (const [step, inner] of Object.entries(set)) {
    const key = step.slice(2);
    if (!step.startsWith('f:') || value[key] === undefined) continue;
    part[key] = extract(value[key], inner);
  }
  return part;
}

/** The set's entry for a list item: by keys, by value or by index. */
export function itemSet(set: FieldSet, item: unknown, at: number): FieldSet | undefined {
  const step = Object.keys(set).find((each) => stepMatches(each, item, at));
  return step === undefined ? undefined : set[step];
}

/**
 * The value without the fields of the set, except those that `keep` says to keep (by steps).
 * Undefined if nothing is left of a value that the set itself owns.
 */
export function removeFields(
  value: unknown,
  set: FieldSet,
  keep: (steps: readonly string[]) => boolean,
): unknown {
  return removeUnder({ value, set, keep, steps: [] });
}

/** Whether a written object has the field. Keys that an item lacks may be filled in by defaults. */
export function writtenHas(value: unknown, steps: readonly string[]): boolean {
  const [first, ...rest] = steps;
  if (first === undefined) return true;
  if (Array.isArray(value)) {
    return value.some((item, at) => stepNames(first, item, at) && writtenHas(item, rest));
  }
  const key = first.slice(2);
  return isFields(value) && Object.hasOwn(value, key) && writtenHas(value[key], rest);
}

function stepNames(step: string, item: unknown, at: number): boolean {
  if (!step.startsWith('k:') || !isFields(item)) return stepMatches(step, item, at);
  const keys = Object.entries(JSON.parse(step.slice(2)) as Fields);
  return keys.every(([key, value]) => item[key] === undefined || sameJson(item[key], value));
}

interface Removal {
  readonly value: unknown;
  readonly set: FieldSet;
  readonly keep: (steps: readonly string[]) => boolean;
  readonly steps: readonly string[];
}

function removeUnder({ value, set, keep, steps }: Removal): unknown {
  if (isLeaf(set)) return keep(steps) ? value : undefined;
  const inside = (step: string, each: unknown): unknown => {
    const inner = set[step];
    return inner ? removeUnder({ value: each, set: inner, keep, steps: [...steps, step] }) : each;
  };
  if (Array.isArray(value)) {
    const items = value.flatMap((item, at) => {
      const step = Object.keys(set).find((each) => stepMatches(each, item, at));
      if (step === undefined) return [item];
      const gone = set[step]?.['.'] !== undefined && !keep([...steps, step]);
      const left = gone ? undefined : inside(step, item);
      return left === undefined ? [] : [left];
    });
    return items.length === 0 && value.length > 0 && !keep(steps) ? undefined : items;
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, inside(`f:${key}`, each)]);
  const left = entries.filter(([, each]) => each !== undefined);
  const emptied = left.length === 0 && entries.length > 0;
  return emptied && steps.length > 0 && !keep(steps) ? undefined : Object.fromEntries(left);
}

function extractItems(items: readonly unknown[], set: FieldSet): readonly unknown[] {
  return items.flatMap((item, at) => {
    const inner = itemSet(set, item, at);
    if (!inner) return [];
    return [isFields(item) ? extract(item, withSelf(inner)) : item];
  });
}

/** An owned item without fields of its own must not be mistaken for an atomic one. */
function withSelf(set: FieldSet): FieldSet {
  return isLeaf(set) ? set : { '.': {}, ...set };
}

function stepMatches(step: string, item: unknown, at: number): boolean {
  if (step.startsWith('k:') && isFields(item)) return hasKeys(item, JSON.parse(step.slice(2)));
  if (step.startsWith('v:')) return sameJson(item, JSON.parse(step.slice(2)));
  return step === `i:${at}`;
}

function hasKeys(item: Fields, keys: Fields): boolean {
  return Object.entries(keys).every(([key, value]) => sameJson(item[key], value));
}

function isLeaf(set: FieldSet): boolean {
  return Object.keys(set).length === 0;
}
