// Finds where a field is written: walks the YAML tree along a path, through aliases and merges.
import { isAlias, isMap, isSeq } from 'yaml';
import type { Path } from '../../kube/document.ts';
import type { Tree } from './yaml-text.ts';
import { isMergeKey, keyText, startOf } from './yaml-values.ts';

export interface Trace {
  readonly line: number;
  /** How many parts of the path are written; all of them if the field itself is. */
  readonly depth: number;
}

/** The node at a path of a tree, if there is one. */
export function nodeAt(tree: Tree, path: Path): unknown {
  return walk(tree, tree.root, path).node;
}

/** The line of a field below `node`, or of its nearest written parent. */
export function traceFrom(tree: Tree, node: unknown, path: Path): Trace {
  const { at, depth } = walk(tree, node, path);
  return { line: tree.lineAt(at), depth };
}

function walk(tree: Tree, from: unknown, path: Path) {
  let node = from;
  let at = startOf(node);
  for (const [depth, key] of path.entries()) {
    const next = step(tree, node, key);
    if (!next) return { at, depth, node: undefined };
    at = next.at;
    node = next.node;
  }
  return { at, depth: path.length, node };
}

interface Found {
  readonly at: number;
  readonly node: unknown;
}

function step(tree: Tree, from: unknown, key: string | number): Found | undefined {
  const node = isAlias(from) ? tree.targets.get(from) : from;
  if (isSeq(node) && typeof key === 'number') {
    const item = node.items[key];
    return item === undefined ? undefined : { at: startOf(item), node: item };
  }
  return isMap(node) ? pairOf(tree, node, String(key)) : undefined;
}

function pairOf(tree: Tree, node: unknown, key: string): Found | undefined {
  if (!isMap(node)) return undefined;
  for (const pair of node.items.toReversed()) {
    if (isMergeKey(pair.key)) {
      const found = mergedPair(tree, pair.value, key);
      if (found) return found;
    } else if (keyText(pair.key) === key) return { at: startOf(pair.key), node: pair.value };
  }
  return undefined;
}

function mergedPair(tree: Tree, from: unknown, key: string): Found | undefined {
  const node = isAlias(from) ? tree.targets.get(from) : from;
  const sources = isSeq(node) ? node.items : [node];
  for (const source of sources) {
    const found = pairOf(tree, isAlias(source) ? tree.targets.get(source) : source, key);
    if (found) return found;
  }
  return undefined;
}
