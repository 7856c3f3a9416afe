// The text of a saved file → the objects in it: lists, streams, watch events, whatever was sent in.

import { type Finding, finding } from '../../core/errors.ts';
import type { Path } from '../../kube/document.ts';
import { type Fields, isFields } from '../../kube/json.ts';
import { identityOf, type KubeObject } from '../../kube/objects.ts';
import { splitJson } from '../../manifests/parse/json-stream.ts';
import { nodeAt, traceFrom } from '../../manifests/parse/lines.ts';
import { checkHead } from '../../manifests/parse/object-identity.ts';
import { readTrees, type Tree } from '../../manifests/parse/yaml-text.ts';

export interface SavedFile {
  /** The file's name in messages. */
  readonly name: string;
  readonly text: string;
}

export interface Saved {
  readonly object: KubeObject;
  readonly file: string;
  line(): number;
}

export interface SavedObjects {
  readonly saved: readonly Saved[];
  /** Fatal: a file cannot be read. Warnings: something in it was skipped. */
  readonly findings: readonly Finding[];
}

/** Lists of lists are legal; real files nest no deeper than this. */
const deepest = 8;

interface Piece {
  readonly value: unknown;
  readonly path: Path;
  readonly deleted: boolean;
  /** From the enclosing list, for items that do not name their own. */
  readonly head: Fields;
}

/** Reads one file. Never throws: what cannot be read is in the findings. */
export function readSaved(file: SavedFile): SavedObjects {
  const values = jsonValues(file.text);
  const { trees, findings } = values
    ? { trees: [], findings: [] }
    : readTrees(file.text, file.name);
  const roots = values ?? trees.map((tree) => tree.value);
  if (roots.length === 0 && findings.length === 0) return { saved: [], findings: [empty(file)] };
  const lineIn = (index: number, path: Path): number => {
    const tree = trees[index] ?? treesOf(file)[index];
    return tree ? traceFrom(tree, nodeAt(tree, []), path).line : 1;
  };
  const read = roots.flatMap((value, index) =>
    unpack({ value, path: [], deleted: false, head: {} }, 0).map((piece) =>
      toSaved(piece, file, (path) => lineIn(index, [...piece.path, ...path])),
    ),
  );
  return {
    saved: newestOf(read.flatMap((each) => each.kept ?? [])),
    findings: [...findings, ...read.flatMap((each) => each.findings ?? [])],
  };
}

// kubectl's JSON is large, and the YAML reader builds a tree of it, which is a hundred times slower. It
// is only used for line numbers, where something is wrong.
function jsonValues(text: string): readonly unknown[] | undefined {
  try {
    const parts = splitJson(text);
    return /^\uFEFF?\s*[{[]/.test(text)
      ? parts.map((part) => JSON.parse(part.text.replace(/^\uFEFF/, '')) as unknown)
      : undefined;
  } catch {
    return undefined; // Not JSON: the YAML reader reports what is wrong, and where.
  }
}

const known = new WeakMap<SavedFile, readonly Tree[]>();

function treesOf(file: SavedFile): readonly Tree[] {
  const trees = known.get(file) ?? readTrees(file.text, file.name).trees;
  known.set(file, trees);
  return trees;
}

function empty({ name }: SavedFile): Finding {
  return finding('manifest-invalid', `${name} contains no object.`, {
    file: name,
    hint: 'Save the state again: kubectl get all,events,pvc -o yaml > state.yaml',
  });
}

function unpack(piece: Piece, depth: number): readonly Piece[] {
  const { value, path } = piece;
  if (!isFields(value) || depth > deepest) return [piece];
  const { kind, items, apiVersion } = value;
  if (typeof kind === 'string' && kind.endsWith('List') && (Array.isArray(items) || !items)) {
    const head = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
    const list: readonly unknown[] = Array.isArray(items) ? items : [];
    return list.flatMap((item, index) =>
      unpack({ ...piece, value: item, path: [...path, 'items', index], head }, depth + 1),
    );
  }
  // `kubectl get --watch --output-watch-events`
  if (kind === undefined && typeof value['type'] === 'string' && isFields(value['object'])) {
    const { type, object } = value;
    if (type === 'BOOKMARK' || type === 'ERROR') return [];
    const deleted = type === 'DELETED';
    return unpack({ ...piece, value: object, path: [...path, 'object'], deleted }, depth + 1);
  }
  return [piece];
}

interface Read {
  readonly kept?: readonly (Saved & { readonly deleted: boolean })[];
  readonly findings?: readonly Finding[];
}

function toSaved(piece: Piece, { name: file }: SavedFile, lineOf: (path: Path) => number): Read {
  const { value, head, deleted } = piece;
  const checked = checkHead(isFields(value) ? { ...head, ...value } : value, { file, lineOf });
  if ('object' in checked) {
    return { kept: [{ object: checked.object, file, line: () => lineOf([]), deleted }] };
  }
  const hint = 'It is skipped. Save it with kubectl get -o yaml or -o json.';
  return {
    findings: checked.findings.map((each) => ({ ...each, severity: 'warning', hint })),
  };
}

/** Of several states of one object the last one written; deleted objects are dropped. */
export function newestOf<T extends Saved & { readonly deleted?: boolean }>(
  all: readonly T[],
): readonly T[] {
  const newest = new Map<string, T>();
  for (const each of all) {
    const key = identityOf(each.object);
    const before = newest.get(key);
    if (!before || versionOf(each) >= versionOf(before)) newest.set(key, each);
  }
  return [...newest.values()].filter(({ deleted }) => deleted !== true);
}

// Since 1.35 the API guarantees that versions of one resource compare as numbers.
function versionOf({ object }: Saved): number {
  const written: unknown = object.metadata.resourceVersion;
  const version = typeof written === 'string' ? Number(written) : Number.NaN;
  return Number.isNaN(version) ? 0 : version;
}
