// A record never holds an altered value: a field that contains a secret is left out and marked, and a rollback
// to that release keeps the live value.

import { known } from '../core/redaction/redaction.ts';
import { isFields } from './json.ts';
import type { KubeObject } from './objects.ts';

/** Set on a recorded object: a JSON list of the paths that were left out. Never sent to the cluster. */
export const leftOutMark = 'webgen-deploy/left-out';

/** A key, or the list item with this name. */
type Step = string | { readonly name: string };
type Path = readonly Step[];

// A short secret may be part of anything, so it has to be the whole value.
const isSecret = (text: string): boolean => known.is(text) || known.holdsLong(text);

/** The images that may be recorded: those whose reference contains no secret. */
export function recordable(
  images: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(images).filter(([, each]) => !isSecret(each)));
}

/** The object without the fields that contain a secret; unchanged if none does. */
export function leaveOut(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { name, namespace, ...more } = metadata;
  const paths: Path[] = [];
  const kept = strip({ metadata: more, ...rest }, [], paths);
  if (paths.length === 0 || !isFields(kept)) return object;
  const { metadata: own, ...fields } = kept;
  const head = isFields(own) ? own : {};
  const notes = isFields(head['annotations']) ? head['annotations'] : {};
  const annotations = { ...notes, [leftOutMark]: JSON.stringify(paths) };
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...head, annotations },
    ...fields,
  } as KubeObject;
}

/** Undefined: left out, and its path is in `paths`. */
function strip(value: unknown, path: Path, paths: Path[]): unknown {
  const leave = (): undefined => {
    paths.push(path);
  };
  if (typeof value === 'string') return isSecret(value) ? leave() : value;
  if (Array.isArray(value)) {
    const inside: Path[] = [];
    const names = new Set(value.map((each) => nameIn(each)));
    const named = !names.has(undefined) && names.size === value.length;
    const items = value.map((each) => strip(each, [...path, { name: nameIn(each) ?? '' }], inside));
    if (inside.length === 0) return value;
    // Items without a name cannot be found again, so the whole list is left out.
    if (!named || items.includes(undefined)) return leave();
    paths.push(...inside);
    return items;
  }
  if (!isFields(value)) return value;
  // A path must not contain the secret either.
  if (Object.keys(value).some(known.holdsLong)) return leave();
  const entries = Object.entries(value).map(([key, each]) => {
    const isName = key === 'name' && typeof path.at(-1) === 'object';
    return [key, isName ? each : strip(each, [...path, key], paths)] as const;
  });
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
}

function nameIn(item: unknown): string | undefined {
  const name = isFields(item) ? item['name'] : undefined;
  return typeof name === 'string' && !known.holdsLong(name) ? name : undefined;
}

export interface Filled {
  /** The object without the mark. */
  readonly object: KubeObject;
  /** Dotted paths whose value is no longer live. */
  readonly missing: readonly string[];
}

/** Fills in what was left out of a recorded object from the live one. */
export function fillIn(recorded: KubeObject, live: KubeObject | undefined): Filled {
  const { [leftOutMark]: text, ...annotations } = recorded.metadata.annotations ?? {};
  if (text === undefined) return { object: recorded, missing: [] };
  // It was read as JSON, and is sent as JSON.
  const bare = { ...recorded, metadata: { ...recorded.metadata, annotations } };
  const object = JSON.parse(JSON.stringify(bare)) as KubeObject;
  const missing = pathsIn(text).filter((path) => {
    const value = path.reduce<unknown>(at, live);
    const parent = path.slice(0, -1).reduce<unknown>(at, object);
    const last = path.at(-1);
    if (value === undefined || typeof last !== 'string' || !isFields(parent)) return true;
    Reflect.set(parent, last, value);
    return false;
  });
  return { object, missing: missing.map(dotted) };
}

function at(value: unknown, step: Step): unknown {
  if (typeof step === 'string') {
    return isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return Array.isArray(value) ? value.find((each) => nameIn(each) === step.name) : undefined;
}

const dotted = (path: Path): string =>
  path.map((step) => (typeof step === 'string' ? step : `[${step.name}]`)).join('.');

/** The mark is untrusted: anything but a list of paths is ignored. */
function pathsIn(text: string): readonly Path[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isPath).slice(0, 1_000) : [];
  } catch {
    return [];
  }
}

const isPath = (value: unknown): value is Path =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= 100 &&
  value.every((step) => typeof step === 'string' || nameIn(step) !== undefined) &&
  !value.includes('__proto__') &&
  !['apiVersion', 'kind'].includes(String(value[0]));
