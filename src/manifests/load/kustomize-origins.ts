// kustomize's output merges files; this finds the file and line that each object and field came from.

import type { Document, Path, Place } from '../../kube/document.ts';
import { isFields, valueAt } from '../../kube/json.ts';
import { kindKey } from '../../kube/objects.ts';
import { type Trace, traceFrom } from '../parse/lines.ts';
import { parseManifests, type WrittenDocument } from '../parse/parse.ts';
import type { Kustomization, LocalFile } from './kustomization-walk.ts';

interface Origin {
  readonly role: LocalFile['role'] | 'generator';
  /** `kindKey`. */
  readonly kind: string;
  readonly name: string;
  readonly object: unknown;
  readonly file: string;
  trace(path: Path): Trace;
}

/** Every object, patch and generator of the local files, as a possible origin of output. */
export function originsOf(
  locals: readonly LocalFile[],
  kustomizations: readonly Kustomization[],
): readonly Origin[] {
  const written = locals.flatMap(({ text, shown, role }) =>
    parseManifests(text, shown).documents.map((document) => ofDocument(document, role)),
  );
  return [...written, ...kustomizations.flatMap(generatorsOf)];
}

function ofDocument(document: WrittenDocument, role: LocalFile['role']): Origin {
  const { object, file, trace } = document;
  return { role, kind: kindKey(object), name: object.metadata.name, object, file, trace };
}

function generatorsOf({ tree, shown }: Kustomization): readonly Origin[] {
  const lists = [
    ['configMapGenerator', 'ConfigMap'],
    ['secretGenerator', 'Secret'],
  ] as const;
  return lists.flatMap(([list, kind]) => {
    const items = valueAt(tree.value, [list]);
    if (!Array.isArray(items)) return [];
    return items.flatMap((item: unknown, index) => {
      const name = isFields(item) ? item['name'] : undefined;
      if (typeof name !== 'string') return [];
      const { line } = traceFrom(tree, tree.root, [list, index]);
      const trace = () => ({ line, depth: 0 });
      return [{ role: 'generator' as const, kind, name, object: item, file: shown, trace }];
    });
  });
}

/** The documents of the output, each with the file and lines of its origin, if found. */
export function withOrigins(
  documents: readonly Document[],
  origins: readonly Origin[],
): readonly Document[] {
  return documents.map((document) => {
    const mine = originsFor(document, origins);
    const [first] = mine;
    if (!first) return { ...document, line: 1, lineOf: () => 1 };
    const lineOf = (path: Path) => tracing(document, first, path).line;
    return {
      object: document.object,
      file: first.file,
      line: lineOf([]),
      lineOf,
      placeOf: (path: Path) => bestPlace(document, mine, path),
    };
  });
}

/** Same kind and name, resources first; else the longest name to which a prefix, suffix or hash was added. */
function originsFor({ object }: Document, origins: readonly Origin[]): readonly Origin[] {
  const { name } = object.metadata;
  const sameKind = origins.filter((each) => each.kind === kindKey(object) && each.name !== '');
  const longest = sameKind
    .filter((each) => name.includes(each.name))
    .reduce((length, each) => Math.max(length, each.name.length), 0);
  const names = sameKind.filter((each) => name.includes(each.name) && each.name.length === longest);
  const mine = names.every((each) => each.name === names[0]?.name) ? names : [];
  return mine.toSorted((a, b) => rank(a) - rank(b));
}

const rank = ({ role }: Origin) => ['resource', 'generator', 'patch'].indexOf(role);

/** Where a field is written: a patch that has the whole path wins, as in kustomize. */
function bestPlace(document: Document, origins: readonly Origin[], path: Path): Place {
  const traces = origins.map((origin) => ({ origin, ...tracing(document, origin, path) }));
  const whole = traces.findLast(({ depth }) => depth === path.length);
  const best =
    path.length > 0 && whole
      ? whole
      : traces.reduce((most, each) => (each.depth > most.depth ? each : most));
  return { file: best.origin.file, line: best.line };
}

function tracing(document: Document, origin: Origin, path: Path): Trace {
  const there = translate(path, document.object, origin.object);
  const { line, depth } = origin.trace(there);
  return { line, depth: Math.min(depth, there.length) };
}

/** Named list items are matched by name: a patch lists only what it changes. */
function translate(path: Path, from: unknown, to: unknown): Path {
  const there: (string | number)[] = [];
  for (const [depth, key] of path.entries()) {
    const name = valueAt(from, [...path.slice(0, depth), key, 'name']);
    const list = valueAt(to, there);
    if (typeof key !== 'number' || typeof name !== 'string' || !Array.isArray(list)) {
      there.push(key);
      continue;
    }
    const index = list.findIndex((item) => valueAt(item, ['name']) === name);
    if (index < 0) return there;
    there.push(index);
  }
  return there;
}
