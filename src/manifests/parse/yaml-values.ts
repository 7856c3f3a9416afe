// A parsed YAML tree → JSON values, by kubectl's rules; anything that is not JSON becomes a problem.
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
import { clip } from '../../core/text.ts';
import { isFields } from '../../kube/json.ts';
import { plain, plainScalar, tagged } from './scalars.ts';

export interface Problem {
  /** Offset in the text. */
  readonly at: number;
  readonly what: string;
  readonly hint?: string;
  /** Offset of the other place involved. */
  readonly other?: number;
}

export interface Values {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The node of each alias. */
  readonly targets: ReadonlyMap<unknown, unknown>;
}

interface Reader {
  readonly problems: Problem[];
  readonly targets: Map<unknown, unknown>;
  readonly anchors: Map<string, unknown>;
  /** The value of every finished node with an anchor: aliases share it, so nothing is read twice. */
  readonly known: Map<unknown, Finished>;
  /** Totals for the whole file. */
  readonly unfolded: Unfolded;
  /** Characters and values so far, with every alias expanded. */
  size: number;
  nodes: number;
  /** The deepest level so far. */
  depth: number;
}

interface Finished {
  readonly value: unknown;
  readonly size: number;
  readonly nodes: number;
  /** Levels below it. */
  readonly height: number;
}

/** The expanded size of a file's aliases. */
export interface Unfolded {
  size: number;
  nodes: number;
}

// etcd's limit is 1.5 MiB per object, so a `List` has room. Every value is walked several times.
const longest = 16 * 2 ** 20;
const mostNodes = 100_000;
const deepest = 200;
/** More mistakes of one kind than this have one cause. */
const mostProblems = 20;

/** Reads one document's tree. Aliases share their value, which defuses alias bombs. */
export function yamlValues(root: unknown, unfolded: Unfolded = { size: 0, nodes: 0 }): Values {
  const reader: Reader = {
    unfolded,
    nodes: 0,
    depth: 0,
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
  add(reader, { at: startOf(node), what, ...(hint === undefined ? {} : { hint }) });
  return undefined;
}

function add({ problems }: Reader, one: Problem): void {
  if (problems.length < mostProblems) problems.push(one);
}

/** The offset of a node's first character. */
export function startOf(node: unknown): number {
  const { range } = (node ?? {}) as { readonly range?: readonly number[] | null };
  return range?.[0] ?? 0;
}

function read(node: unknown, reader: Reader, depth: number): unknown {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return aliased(node, reader, depth);
  if (depth > deepest) return problem(reader, node, `is nested more than ${deepest} levels deep`);
  const { anchor } = node as { readonly anchor?: string };
  if (anchor) reader.anchors.set(anchor, node);
  const { size, nodes, depth: deepestBefore } = reader;
  reader.depth = depth;
  const value = content(node, reader, depth);
  if (anchor) {
    const height = reader.depth - depth;
    const added = { size: reader.size - size, nodes: reader.nodes - nodes };
    reader.known.set(node, { value, height, ...added });
  }
  reader.depth = Math.max(reader.depth, deepestBefore);
  return value;
}

function content(node: unknown, reader: Reader, depth: number): unknown {
  reader.size += 1;
  reader.nodes += 1;
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

function aliased(node: Alias, reader: Reader, depth: number): unknown {
  const target = reader.anchors.get(node.source);
  const known = reader.known.get(target);
  if (!known) {
    const what = target ? 'contains itself' : `is not defined above it in this document`;
    return problem(reader, node, `has the alias *${node.source}, which ${what}`);
  }
  reader.targets.set(node, target);
  const { unfolded } = reader;
  const wasFull = isFull(unfolded);
  unfolded.size += known.size;
  unfolded.nodes += known.nodes;
  if (wasFull) return null;
  if (isFull(unfolded)) {
    const most = `16 MiB or ${mostNodes.toLocaleString('en')} values`;
    return problem(reader, node, `has aliases that would unfold to more than ${most}`);
  }
  if (depth + known.height > deepest) {
    return problem(reader, node, `is nested more than ${deepest} levels deep`);
  }
  reader.size += known.size;
  reader.nodes += known.nodes;
  reader.depth = Math.max(reader.depth, depth + known.height);
  return known.value;
}

const isFull = ({ size, nodes }: Unfolded): boolean => size > longest || nodes > mostNodes;

/** What a plain, quoted or tagged scalar means to kubectl. */
function scalar(node: Scalar, reader: Reader): unknown {
  const text = node.source ?? '';
  if (node.tag === undefined && node.type !== 'PLAIN') return text;
  const said = node.tag === undefined ? plain(text) : tagged(text, node.tag);
  return 'value' in said ? said.value : problem(reader, node, said.what, said.hint);
}

function mapping(node: YAMLMap, reader: Reader, depth: number): unknown {
  const entries = new Map<string, unknown>();
  const written = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    if (isMergeKey(key)) {
      // In written order, so that a merge below a key overrides it, as in kubectl.
      for (const [name, item] of merged(value, reader, depth)) entries.set(name, item);
      continue;
    }
    const name = keyText(key);
    if (name === undefined) return badKey(key ?? node, reader);
    const first = written.get(name);
    if (first) {
      const what = `has the key ${clip(JSON.stringify(name), 200)} twice`;
      const hint = 'Keep one of them; kubectl would silently take the last.';
      add(reader, { at: startOf(key), what, hint, other: startOf(first) });
    }
    written.set(name, key);
    reader.size += name.length;
    entries.set(name, read(value, reader, depth + 1));
  }
  return Object.fromEntries(entries);
}

/** `{{ value }}` is a mapping whose key is a mapping: the most common cause. */
function badKey(key: unknown, reader: Reader): undefined {
  if (!isMap(key) && !isSeq(key)) {
    return problem(
      reader,
      key,
      'has a key that is empty',
      'Put the key in quotes: null and ~ mean nothing.',
    );
  }
  const hint =
    'Templates are not filled in, variables are: ${NAME}. Quote {{ … }} if it is meant as text.';
  return problem(reader, key, 'has a list or an object as a key', hint);
}

/** True for a plain `<<`. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

/** A key as JSON text: `1`, `true` and `on` become texts too. Undefined: it cannot be a key. */
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
  // The earliest of several merged mappings wins.
  const sources: readonly unknown[] = Array.isArray(value) ? value.toReversed() : [value];
  if (!sources.every(isFields)) {
    problem(reader, node, 'merges (<<) something that is not an object');
    return [];
  }
  return sources.flatMap((source) => Object.entries(source));
}
