// The floor plan of src/ as imports draw it: `node scripts/structure.ts` prints it. Imports of types
// count as any other: who reads a file has to know what its types are.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Structure {
  /** Folders, and files in the root, with arrows between them. */
  readonly rooms: number;
  readonly arrows: number;
  /** The longest chain of arrows; a knot is one place. */
  readonly floors: number;
  /** Arrows that have to be turned so that all others run one way. */
  readonly backArrows: readonly string[];
  readonly circlesOfFiles: readonly (readonly string[])[];
  readonly knots: readonly (readonly string[])[];
  readonly rootFiles: readonly string[];
  /** `file: name` of values that only their own file, or a test, uses. */
  readonly unusedExports: readonly string[];
  /** Files under 60 lines with one importer: each may be a part of that one. */
  readonly smallWithOneImporter: number;
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const root = join(import.meta.dirname, '..');

/** Entries of bundles, and what scripts start. */
const entries = ['index.ts', 'cli.ts', 'bundle.ts'];

/** What a file imports, by path from src/: `from '…'` and `import('…')`. */
function importsOf(folder: string, file: string, text: string): readonly string[] {
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g);
  return [...found].map(([, path = '']) =>
    relative(folder, join(folder, dirname(file), path)).replaceAll('\\', '/'),
  );
}

/** Values alone: a type may be there to name what a function takes. */
const exported = /^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm;

/** Groups of nodes that reach each other, larger than one. Tarjan's algorithm. */
function tangled(graph: Graph): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (node: string): void => {
    const own = index.size;
    index.set(node, own);
    low.set(node, own);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== own) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) groups.push(group.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return groups;
}

/** Nodes on the longest way through a graph, each knot taken as one node. */
function longestChain(graph: Graph, knots: readonly (readonly string[])[]): number {
  const placeOf = (node: string) => knots.find((knot) => knot.includes(node))?.join() ?? node;
  const ways = new Map<string, Set<string>>();
  for (const [from, targets] of graph) {
    const own = ways.get(placeOf(from)) ?? new Set();
    for (const to of targets) if (placeOf(to) !== placeOf(from)) own.add(placeOf(to));
    ways.set(placeOf(from), own);
  }
  const known = new Map<string, number>();
  const chain = (node: string): number => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const length = 1 + Math.max(0, ...[...(ways.get(node) ?? [])].map(chain));
    known.set(node, length);
    return length;
  };
  return Math.max(0, ...[...ways.keys()].map(chain));
}

/**
 * A small set of arrows without which nothing runs in a circle. Eades, Lin, Smyth: "A fast and effective
 * heuristic for the feedback arc set problem", 1993.
 */
function backArrows(graph: Graph, knots: readonly (readonly string[])[]): readonly string[] {
  return knots.flatMap((knot) => {
    const left = new Set(knot);
    const out = (node: string) => [...(graph.get(node) ?? [])].filter((to) => left.has(to)).length;
    const into = (node: string) => [...left].filter((from) => graph.get(from)?.has(node)).length;
    const order: string[] = [];
    while (left.size > 0) {
      const best = [...left].sort((a, b) => out(b) - into(b) - (out(a) - into(a)))[0] ?? '';
      order.push(best);
      left.delete(best);
    }
    return order.flatMap((from, at) =>
      order.slice(0, at).flatMap((to) => (graph.get(from)?.has(to) ? [`${from} → ${to}`] : [])),
    );
  });
}

/** Measures a source folder. Tests and scripts are no importers. */
export function measure(folder: string): Structure {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const graph = new Map(
    [...texts].map(([file, text]) => [file, new Set(importsOf(folder, file, text))] as const),
  );
  const roomOf = (file: string) => (dirname(file) === '.' ? file : dirname(file));
  const rooms = new Map<string, Set<string>>();
  for (const [file, targets] of graph) {
    const own = rooms.get(roomOf(file)) ?? new Set();
    for (const to of targets) if (roomOf(to) !== roomOf(file)) own.add(roomOf(to));
    rooms.set(roomOf(file), own);
  }
  const knots = tangled(rooms);
  const importers = (file: string) => files.filter((each) => graph.get(each)?.has(file));
  const unused = [...texts].flatMap(([file, text]) => {
    if (entries.includes(file)) return [];
    const users = importers(file).map((each) => texts.get(each) ?? '');
    const names = [...text.matchAll(exported)].map(([, name = '']) => name);
    const isUsed = (name: string) => users.some((user) => new RegExp(`\\b${name}\\b`).test(user));
    return names.filter((name) => !isUsed(name)).map((name) => `${file}: ${name}`);
  });
  return {
    rooms: rooms.size,
    arrows: [...rooms.values()].reduce((sum, { size }) => sum + size, 0),
    floors: longestChain(rooms, knots),
    backArrows: backArrows(rooms, knots),
    circlesOfFiles: tangled(graph),
    knots,
    rootFiles: files.filter((file) => dirname(file) === '.').sort(),
    unusedExports: unused.sort(),
    smallWithOneImporter: files.filter(
      (file) => (texts.get(file) ?? '').split('\n').length < 60 && importers(file).length === 1,
    ).length,
  };
}

/** The counts alone, as the test holds them. */
export function countsOf(found: Structure) {
  return {
    rooms: found.rooms,
    arrows: found.arrows,
    floors: found.floors,
    backArrows: found.backArrows.length,
    circlesOfFiles: found.circlesOfFiles.length,
    knots: found.knots.length,
    rootFiles: found.rootFiles.length,
    unusedExports: found.unusedExports.length,
    smallWithOneImporter: found.smallWithOneImporter,
  };
}

if (import.meta.main) {
  const found = measure(process.argv[2] ?? join(root, 'src'));
  console.table(countsOf(found));
  for (const [title, list] of [
    ['arrows that run back', found.backArrows],
    ['circles of files', found.circlesOfFiles.map((each) => each.join(', '))],
    ['knots of folders', found.knots.map((each) => each.join(', '))],
    ['exports without importer', found.unusedExports],
  ] as const) {
    if (list.length > 0) console.log(`${title}:\n  ${list.join('\n  ')}`);
  }
}
