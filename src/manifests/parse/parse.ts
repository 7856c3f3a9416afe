// The text of a manifest file → documents with their lines; reports every problem at once.

import type { Finding } from '../../core/errors.ts';
import type { Document, Path } from '../../kube/document.ts';
import { isFields } from '../../kube/json.ts';
import { nodeAt, type Trace, traceFrom } from './lines.ts';
import { checkHead } from './object-identity.ts';
import { readTrees, type Tree } from './yaml-text.ts';

/** A document that has its own text. */
export interface WrittenDocument extends Document {
  trace(path: Path): Trace;
}

export interface Parsed {
  readonly documents: readonly WrittenDocument[];
  readonly findings: readonly Finding[];
}

interface Candidate {
  readonly value: unknown;
  readonly node: unknown;
  readonly tree: Tree;
  readonly file: string;
  /** From the list around it, for items that do not name their own. */
  readonly head?: { readonly apiVersion: unknown; readonly kind: string };
}

/**
 * Reads YAML (streams too) and JSON as kubectl does; lists are unpacked into their items. `file` is
 * what messages show. Never throws for bad content: that becomes findings (`manifest-invalid`).
 */
export function parseManifests(text: string, file: string): Parsed {
  const { trees, findings } = readTrees(text, file);
  const candidates = trees.flatMap((tree) =>
    unpack({ value: tree.value, node: tree.root, tree, file }),
  );
  const read = candidates.map(toDocument);
  return {
    documents: read.flatMap((each) => ('document' in each ? [each.document] : [])),
    findings: [...findings, ...read.flatMap((each) => ('findings' in each ? each.findings : []))],
  };
}

/** `List`, `ConfigMapList`, …: an object with `items` whose kind ends in `List`. */
function unpack(candidate: Candidate): readonly Candidate[] {
  const { value, tree, node, file } = candidate;
  if (!isFields(value)) return [candidate];
  const { kind, items, apiVersion } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List')) return [candidate];
  if (kind === 'List' && (items === null || items === undefined)) return [];
  if (!Array.isArray(items)) return [candidate];
  const head = kind === 'List' ? {} : { head: { apiVersion, kind: kind.slice(0, -'List'.length) } };
  const below: Tree = { ...tree, root: node };
  return items.flatMap((item, index) =>
    unpack({ value: item, node: nodeAt(below, ['items', index]), tree, file, ...head }),
  );
}

type Read = { readonly document: WrittenDocument } | { readonly findings: readonly Finding[] };

function toDocument(candidate: Candidate): Read {
  const { tree, node, file, head } = candidate;
  const trace = (path: Path) => traceFrom(tree, node, path);
  const lineOf = (path: Path) => trace(path).line;
  const value =
    isFields(candidate.value) && head ? { ...head, ...candidate.value } : candidate.value;
  const checked = checkHead(value, { file, lineOf });
  if ('findings' in checked) return checked;
  return { document: { object: checked.object, file, line: lineOf([]), lineOf, trace } };
}
