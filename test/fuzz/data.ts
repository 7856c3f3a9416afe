// Inputs as data: small JSON that says how a large or odd value is made, so that a case is a file.
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { canaries } from '../support/canaries.ts';
import { fixture } from './fixtures.ts';
import { type Encoding, encodings } from './forms.ts';

/** Plain JSON, in which an object with one key of these stands for the value that it makes. */
export type Data = unknown;

/** One change of a document: at the path of an existing value. */
export type Edit =
  | readonly ['set', Path, Data]
  | readonly ['delete', Path]
  | readonly ['add', Path, string, Data]
  | readonly ['repeat', Path, number];

export type Path = readonly (string | number)[];

const deepestJson = 3_000;

type Maker = (given: never) => unknown;

const makers = {
  /** A text so many times. */
  $repeat: ([text, times]: readonly [Data, number]) => textOf(text).repeat(times),
  /** Texts one after the other. */
  $join: (parts: readonly Data[]) => parts.map(textOf).join(''),
  /** So many levels of lists or maps. */
  $deep: ([of, levels]: readonly ['list' | 'map', number]) => {
    let value: unknown = null;
    for (let level = 0; level < levels; level += 1) value = of === 'list' ? [value] : { a: value };
    return value;
  },
  /** The secret of that number in a form. */
  $secret: ([index, encoding]: readonly [number, Encoding]) =>
    encodings[encoding](canaries[index % canaries.length] ?? ''),
  /** A file of the tests, parsed. */
  $fixture: (name: string) => fixture(name),
  /** A document and changes of it. */
  $edit: ([base, edits]: readonly [Data, readonly Edit[]]) =>
    edits.reduce((so, edit) => edited(so, edit), made(base)),
  /** The value as a text of JSON; of YAML. */
  $json: (value: Data) => jsonText(made(value)),
  $yaml: (value: Data) => yamlText(made(value)),
  /** A text in which pieces are put over others: from, how many characters go, what comes. */
  $splice: ([text, pieces]: readonly [Data, readonly (readonly [number, number, Data])[]]) =>
    pieces.reduce(
      (so, [at, gone, piece]) =>
        so.slice(0, at % (so.length + 1)) + textOf(piece) + so.slice((at % (so.length + 1)) + gone),
      textOf(text),
    ),
  /** Base64 of a gzip that unpacks to so many megabytes. */
  $bomb: (megabytes: number) => {
    const one = gzipSync(Buffer.alloc(2 ** 20));
    return Buffer.concat(Array.from({ length: megabytes }, () => one)).toString('base64');
  },
  /** The lines so many times with their number after `#`. */
  $count: ([text, times]: readonly [Data, number]) =>
    Array.from({ length: times }, (_, at) => textOf(text).replaceAll('#', String(at))).join(''),
} satisfies Record<string, Maker>;

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that the data stands for. */
export function made(data: Data): unknown {
  if (Array.isArray(data)) return data.map(made);
  if (!isMap(data)) return data;
  const [only, more] = Object.keys(data);
  if (more === undefined && only !== undefined && Object.hasOwn(makers, only)) {
    return (makers[only as keyof typeof makers] as (given: unknown) => unknown)(data[only]);
  }
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(data)) put(copy, key, made(item));
  return copy;
}

/** `__proto__` becomes a key as JSON.parse makes one. */
function put(target: object, key: string | number, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

export function textOf(data: Data): string {
  const value = made(data);
  return typeof value === 'string' ? value : jsonText(value);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${'['.repeat(deepestJson)}${']'.repeat(deepestJson)}`;
  }
}

function yamlText(value: unknown): string {
  try {
    return stringify(value, { aliasDuplicateObjects: false, version: '1.1' });
  } catch {
    return jsonText(value); // Too deep for it, or no value that YAML has.
  }
}

function edited(document: unknown, edit: Edit): unknown {
  return changed(document, edit[1], (value, holder, key) => {
    if (edit[0] === 'set') return made(edit[2]);
    if (edit[0] === 'delete') return removed(holder, key);
    if (edit[0] === 'repeat') {
      return Array.isArray(value) ? Array.from({ length: edit[2] }, () => value).flat() : value;
    }
    if (!isMap(value)) return value;
    const copy = { ...value };
    put(copy, edit[2], made(edit[3]));
    return copy;
  });
}

function removed(holder: unknown, key: string | number | undefined): typeof gone {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (isMap(holder) && key !== undefined) Reflect.deleteProperty(holder, key);
  return gone;
}

const gone = Symbol('gone');

type Change = (value: unknown, holder: unknown, key: string | number | undefined) => unknown;

/** A copy along the path, changed at its end; as it was where the path leads nowhere. */
function changed(document: unknown, path: Path, change: Change, holder?: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    const value = change(document, holder, undefined);
    return value === gone ? null : value;
  }
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, key)) {
    return document;
  }
  const copy: object = Array.isArray(document) ? [...document] : { ...document };
  const below = (copy as Record<string | number, unknown>)[key];
  const next = rest.length === 0 ? change(below, copy, key) : changed(below, rest, change, copy);
  if (next !== gone) put(copy, key, next);
  return copy;
}

/** Every path of a document, the root first. */
export function pathsOf(document: unknown, above: Path = []): readonly Path[] {
  if (typeof document !== 'object' || document === null) return [above];
  const keys = Array.isArray(document) ? document.keys() : Object.keys(document);
  return [
    above,
    ...[...keys].flatMap((key) =>
      pathsOf((document as Record<string | number, unknown>)[key], [...above, key]),
    ),
  ];
}

/** The numbers of the secrets that the data names. */
export function secretsIn(data: Data): readonly number[] {
  const found = JSON.stringify(data).matchAll(/"\$secret":\[(\d+)/g);
  return [...new Set([...found].map(([, number]) => Number(number) % canaries.length))];
}
