// A parsed YAML tree → JSON values, by kubectl's rules; what cannot be JSON becomes a problem.
import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { plainScalar } from './scalars.ts';
import { isFields } from './values.ts';

export interface Problem {
  /** Offset in the text. */
  readonly at: number;
  readonly what: string;
  readonly hint?: string;
  /** Offset of the other place that it is about. */
  readonly other?: number;
}

export interface Values {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<unknown, unknown>;
}

interface Reader {
  readonly problems: Problem[];
  readonly targets: Map<unknown, unknown>;
  readonly anchors: Map<string, unknown>;
  /** Of every finished node with an anchor: aliases share it, so nothing is read twice. */
  readonly known: Map<unknown, { readonly value: unknown; readonly size: number }>;
  /** Characters so far, with every alias written out. */
  size: number;
}

// Characters that aliases may add up to. etcd takes 1.5 MiB per object, so a `List` has room.
const longest = 16 * 2 ** 20;
const deepest = 200;
const tag = (name: string) => `tag:yaml.org,2002:${name}`;

/** Reads one document's tree. Aliases share what they stand for, so that no bomb goes off. */
export function yamlValues(root: unknown): Values {
  const reader: Reader = {
    problems: [],
    targets: new Map(),
    anchors: new Map(),
    known: new Map(),
    size: 0,
  };
  const value = read(root, reader, 0);
  return { value, problems: reader.problems, targets: reader.targets };
}

function problem(reader: Reader, node: unknown, what: string, hint?: string): undefined {
  reader.problems.push({ at: startOf(node), what, ...(hint === undefined ? {} : { hint }) });
  return undefined;
}

/** The offset of a node's first character. */
export function startOf(node: unknown): number {
  const { range } = (node ?? {}) as { readonly range?: readonly number[] | null };
  return range?.[0] ?? 0;
}

function read(node: unknown, reader: Reader, depth: number): unknown {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return aliased(node, reader);
  if (depth > deepest) return problem(reader, node, `is nested more than ${deepest} levels deep`);
  const { anchor } = node as { readonly anchor?: string };
  if (anchor) reader.anchors.set(anchor, node);
  const before = reader.size;
  const value = content(node, reader, depth);
  if (anchor) reader.known.set(node, { value, size: reader.size - before });
  return value;
}

function content(node: unknown, reader: Reader, depth: number): unknown {
  reader.size += 1;
  if (isScalar(node)) {
    const value = scalar(node, reader);
    if (typeof value === 'string') reader.size += value.length;
    return value;
  }
  if (isSeq(node) && !node.items.some(isPair)) {
    return node.items.map((item) => read(item, reader, depth + 1));
  }
  if (isMap(node)) return mapping(node, reader, depth);
  return problem(reader, node, 'has a YAML tag that has no meaning in JSON');
}

function aliased(node: Alias, reader: Reader): unknown {
  const target = reader.anchors.get(node.source);
  const known = reader.known.get(target);
  if (!known) {
    const what = target ? 'contains itself' : `is not defined above it in this document`;
    return problem(reader, node, `has the alias *${node.source}, which ${what}`);
  }
  reader.targets.set(node, target);
  reader.size += known.size;
  if (reader.size > longest) {
    if (reader.size - known.size > longest) return null;
    return problem(reader, node, 'has aliases that would unfold to more than 16 MiB');
  }
  return known.value;
}

/** The text of a plain, quoted or tagged scalar as kubectl takes it. */
function scalar(node: Scalar, reader: Reader): unknown {
  const text = node.source ?? '';
  const plain = node.tag === undefined && node.type === 'PLAIN';
  if (node.tag === tag('binary')) return binary(text, node, reader);
  const wanted = typesByTag[node.tag ?? ''];
  if (!plain && !wanted) return text;
  const value = plainScalar(text);
  if (value === undefined) {
    return problem(reader, node, 'has a number that JSON cannot say (infinity or not a number)');
  }
  if (wanted && !wanted(value)) return problem(reader, node, 'has a value that is not of its tag');
  return value;
}

const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'object';
const typesByTag: Readonly<Record<string, (value: unknown) => boolean>> = {
  [tag('int')]: (value) => value !== null && isNumber(value),
  [tag('float')]: (value) => value !== null && isNumber(value),
  [tag('bool')]: (value) => typeof value === 'boolean',
  [tag('null')]: (value) => value === null,
};

function binary(text: string, node: Scalar, reader: Reader): unknown {
  const base64 = text.replaceAll(/\s/g, '');
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    return problem(reader, node, 'has a !!binary value that is not base64');
  }
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

function mapping(node: YAMLMap, reader: Reader, depth: number): unknown {
  const entries = new Map<string, unknown>();
  const written = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    if (isMergeKey(key)) {
      // In the order as written, so that a merge below a key wins over it: kubectl does it so.
      for (const [name, item] of merged(value, reader, depth)) entries.set(name, item);
      continue;
    }
    const name = keyText(key);
    if (name === undefined) return badKey(key ?? node, reader);
    const first = written.get(name);
    if (first) {
      const what = `has the key ${JSON.stringify(name)} twice`;
      const hint = 'Keep one of them; kubectl would silently take the last.';
      reader.problems.push({ at: startOf(key), what, hint, other: startOf(first) });
    }
    written.set(name, key);
    reader.size += name.length;
    entries.set(name, read(value, reader, depth + 1));
  }
  return Object.fromEntries(entries);
}

/** `{{ value }}` is a mapping whose key is a mapping: the most frequent way to get here. */
function badKey(key: unknown, reader: Reader): undefined {
  const what = isMap(key) || isSeq(key) ? 'is a list or an object' : 'is empty';
  const hint =
    'Quote the value if {{ … }} is meant as text; templates are not filled in, variables are: ${NAME}.';
  return problem(reader, key, `has a key that ${what}`, hint);
}

/** True for a plain `<<`. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

/** A key as JSON writes it: `1`, `true` and `on` become texts too. Undefined: it cannot be one. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const text = key.source ?? '';
  if (key.type !== 'PLAIN' || key.tag !== undefined) return text;
  const value = plainScalar(text);
  if (value === null || value === undefined) return undefined;
  return typeof value === 'object' ? text : String(value);
}

function merged(node: unknown, reader: Reader, depth: number): readonly [string, unknown][] {
  const value = read(node, reader, depth + 1);
  // Of several merged mappings the earlier one wins.
  const sources: readonly unknown[] = Array.isArray(value) ? value.toReversed() : [value];
  if (!sources.every(isFields)) {
    problem(reader, node, 'merges (<<) something that is not an object');
    return [];
  }
  return sources.flatMap((source) => Object.entries(source));
}
