// The differences between two versions of one object, as a person would name them.
import { marks } from './home.ts';
import { type Fields, fieldsAt, isFields, sameJson } from './json.ts';
import type { KubeObject } from './objects.ts';

const bookkeeping: readonly string[] = [
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'selfLink',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** `kubectl apply` keeps a copy of the whole manifest there, including a Secret's values. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

// Controllers write these at any time, also between our read and the dry run.
const controllers: readonly string[] = [
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
];

/** The object without status, our own annotations, and the server's bookkeeping fields. */
export function comparable(object: KubeObject): Fields {
  const { status: _, ...rest } = object;
  const { annotations, ...metadata } = fieldsAt(object, 'metadata');
  const kept = Object.entries(metadata).filter(([key]) => !bookkeeping.includes(key));
  const notes = Object.entries(isFields(annotations) ? annotations : {});
  const left = [lastApplied, ...controllers, ...marks];
  const written = notes.filter(([key]) => !left.includes(key));
  return {
    ...rest,
    metadata: {
      ...Object.fromEntries(kept),
      ...(written.length > 0 ? { annotations: Object.fromEntries(written) } : {}),
    },
  };
}

/** Dotted paths of the differences; empty if there are none. List items are named by their `name` if they have one. */
export function differences(before: KubeObject, after: KubeObject): readonly string[] {
  return fieldDifferences(comparable(before), comparable(after), '');
}

/** The same for any two values; `at` is the path so far. */
function fieldDifferences(before: unknown, after: unknown, at: string): readonly string[] {
  if (sameJson(before, after)) return [];
  if (isFields(before) && isFields(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => fieldDifferences(before[key], after[key], joined(at, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, at);
  return [at];
}

/** True if every requested value is set; values added by the server do not matter. */
export function covers(there: unknown, asked: unknown): boolean {
  return unmet(there, asked, '').length === 0;
}

/** Dotted paths of requested values that are not set. */
export function unmet(there: unknown, asked: unknown, at: string): readonly string[] {
  if (isFields(asked) && isFields(there)) {
    return Object.entries(asked).flatMap(([key, each]) => unmet(there[key], each, joined(at, key)));
  }
  if (Array.isArray(asked) && Array.isArray(there) && there.length === asked.length) {
    return asked.flatMap((each, place) => unmet(there[place], each, `${at}[${place}]`));
  }
  return sameJson(there, asked) ? [] : [at];
}

function listDifferences(
  before: readonly unknown[],
  after: readonly unknown[],
  at: string,
): readonly string[] {
  const old = byName(before);
  const young = byName(after);
  if (old && young) {
    const names = [...new Set([...old.keys(), ...young.keys()])];
    const found = names.flatMap((name) =>
      fieldDifferences(old.get(name), young.get(name), `${at}[${name}]`),
    );
    return found.length > 0 ? found : [at];
  }
  if (before.length !== after.length) return [at];
  return before.flatMap((each, place) => fieldDifferences(each, after[place], `${at}[${place}]`));
}

function byName(items: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const named = new Map<string, unknown>();
  for (const item of items) {
    const name = isFields(item) ? item['name'] : undefined;
    if (typeof name !== 'string' || named.has(name)) return undefined;
    named.set(name, item);
  }
  return named;
}

function joined(at: string, key: string): string {
  return at ? `${at}.${key}` : key;
}
