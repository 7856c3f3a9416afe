// Accessors for raw JSON of unknown shape.
import type { Path } from './document.ts';
import { isExactNumber } from './exact-number.ts';

/** The map at a path; empty if there is none. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Fields {
  const found = valueAt(value, path);
  return isFields(found) ? found : {};
}

/** The list at a path; empty if there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

/** Parses a text as a JSON object; empty if it is something else. */
export function jsonFields(text: string): Fields {
  try {
    return fieldsAt(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Equal as JSON; the order of map keys does not matter, the order of lists does. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, at) => sameJson(each, b[at]));
  }
  if (!isFields(a) || !isFields(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

export type Fields = Readonly<Record<string, unknown>>;

/** A JSON object; not an array, not a Secret, not an exact number. */
export function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value at a path; undefined if any part of the path is missing. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => {
    if (typeof key === 'number') return Array.isArray(at) ? at[key] : undefined;
    return isFields(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}

/** The same value with `next` at the path; missing objects on the path are created. */
export function withValueAt<T>(value: T, path: Path, next: unknown): T {
  const [key, ...rest] = path;
  if (key === undefined) return next as T;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === key ? withValueAt(item, rest, next) : item)) as T;
  }
  const fields: Fields = isFields(value) ? value : {};
  const old = Object.hasOwn(fields, key) ? fields[key] : undefined;
  // fromEntries instead of a literal with a computed key, so that `__proto__` stays a plain key.
  return { ...fields, ...Object.fromEntries([[key, withValueAt(old, rest, next)]]) } as T;
}

/**
 * Maps values from the outside in: `change` gets each one with its path and returns it unchanged
 * to descend into it, or a replacement, which is not visited again.
 */
export function mapValues<T>(
  value: T,
  change: (value: unknown, path: Path) => unknown,
  path: Path = [],
): T {
  const changed = change(value, path);
  if (changed !== value) return changed as T;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => mapValues(item, change, [...path, index]));
    return items.every((item, index) => item === value[index]) ? value : (items as T);
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, mapValues(item, change, [...path, key])] as const,
  );
  const same = entries.every(([key, item]) => item === value[key]);
  return same ? value : (Object.fromEntries(entries) as T);
}

/** Whether it is nested deeper than this, which would overflow the stack of a recursive walk. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((each) => isDeeper(each, levels - 1));
}

/** A list as it is; empty for anything else. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
