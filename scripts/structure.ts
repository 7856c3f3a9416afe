// The floor plan of src/ as imports draw it: `node scripts/structure.ts` counts, and with names it lists. Imports of types
// count as any other: who reads a file has to know what its types are.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How places lie to each other, and which ways lead between them. */
export interface Floors {
  /** Places, and files in the root. */
  readonly places: readonly string[];
  /** `from → to`, whoever imports whom. */
  readonly arrows: readonly string[];
  /** Places on the longest chain of arrows; a knot is one place. */
  readonly floors: number;
  /** Arrows that have to be turned so that all others run one way. */
  readonly backArrows: readonly string[];
  /** Places that reach each other. */
  readonly knots: readonly (readonly string[])[];
}

export interface Structure {
  /** Features: the first folder of a path, with all that it holds. */
  readonly features: Floors;
  /** Folders, each with its own files alone. */
  readonly folders: Floors;
  readonly circlesOfFiles: readonly (readonly string[])[];
  readonly rootFiles: readonly string[];
  /** `file: name` of values that only their own file, or a test, uses. */
  readonly unusedExports: readonly string[];
  /** Files under 60 lines with one importer: each may be a part of that one. */
  readonly smallWithOneImporter: readonly string[];
}

/** How many there are of each, for a table and for limits. */
export type Counts = ReturnType<typeof countsOf>;

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const root = join(import.meta.dirname, '..');

/** Entries of bundles, and what scripts start. */
const entries = ['index.ts', 'cli.ts', 'bundle.ts', 'engine.ts'];

/**
 * What a file imports and hands on, by path from src/, with the names it takes; '*' for all of them.
 * Reads `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`, types included, as the
 * formatter writes them.
 */
function importsOf(file: string, text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const statements = text.matchAll(
    /^(?:import|export) (?:type )?(\* as \w+|\*|\{[^}]*\}) from '(\.{1,2}\/[^']+\.ts)'/gm,
  );
  const others = text.matchAll(/\bimport(\s*\(\s*|\s+)'(\.{1,2}\/[^']+\.ts)'/g);
  const taken = new Map<string, Set<string>>();
  for (const [, clause = '', path = ''] of [...statements, ...others]) {
    const target = join(dirname(file), path).replaceAll('\\', '/');
    const names = clause.startsWith('{')
      ? [...clause.matchAll(/(?<=[{,])\s*(?:type )?(\w+)/g)].map(([, name = '']) => name)
      : ['*'];
    taken.set(target, new Set([...(taken.get(target) ?? []), ...names]));
  }
  return taken;
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

/** What a graph of files comes to where each file lies in a place. */
function floorsOf(files: Graph, placeOf: (file: string) => string): Floors {
  const places = new Map<string, Set<string>>();
  for (const [file, targets] of files) {
    const own = places.get(placeOf(file)) ?? new Set();
    for (const to of targets) if (placeOf(to) !== placeOf(file)) own.add(placeOf(to));
    places.set(placeOf(file), own);
  }
  const knots = tangled(places);
  return {
    places: [...places.keys()].sort(),
    arrows: [...places]
      .flatMap(([from, targets]) => [...targets].map((to) => `${from} → ${to}`))
      .sort(),
    floors: longestChain(places, knots),
    backArrows: backArrows(places, knots),
    knots,
  };
}

/** Measures a source folder. Tests and scripts are no importers. */
export function measure(folder: string): Structure {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const taken = new Map([...texts].map(([file, text]) => [file, importsOf(file, text)] as const));
  const graph = new Map(
    [...taken].map(([file, targets]) => [file, new Set(targets.keys())] as const),
  );
  const importers = (file: string) => files.filter((each) => graph.get(each)?.has(file));
  const unused = [...texts].flatMap(([file, text]) => {
    if (entries.includes(file)) return [];
    const uses = [...taken.values()].flatMap((targets) => [...(targets.get(file) ?? [])]);
    const names = [...text.matchAll(exported)].map(([, name = '']) => name);
    const isUsed = (name: string) => uses.includes(name) || uses.includes('*');
    return names.filter((name) => !isUsed(name)).map((name) => `${file}: ${name}`);
  });
  const folderOf = (file: string) => (dirname(file) === '.' ? file : dirname(file));
  const isSmall = (file: string) => (texts.get(file) ?? '').split('\n').length < 60;
  return {
    features: floorsOf(graph, (file) => file.split('/')[0] ?? ''),
    folders: floorsOf(graph, folderOf),
    circlesOfFiles: tangled(graph),
    rootFiles: files.filter((file) => dirname(file) === '.').sort(),
    unusedExports: unused.sort(),
    smallWithOneImporter: files
      .filter((file) => isSmall(file) && importers(file).length === 1)
      .sort(),
  };
}

/** The counts alone, as the test holds them. */
export function countsOf(found: Structure) {
  return {
    features: found.features.places.length,
    arrowsBetweenFeatures: found.features.arrows.length,
    floorsOfFeatures: found.features.floors,
    backArrowsOfFeatures: found.features.backArrows.length,
    knotsOfFeatures: found.features.knots.length,
    folders: found.folders.places.length,
    arrowsBetweenFolders: found.folders.arrows.length,
    floorsOfFolders: found.folders.floors,
    backArrowsOfFolders: found.folders.backArrows.length,
    knotsOfFolders: found.folders.knots.length,
    circlesOfFiles: found.circlesOfFiles.length,
    rootFiles: found.rootFiles.length,
    unusedExports: found.unusedExports.length,
    smallWithOneImporter: found.smallWithOneImporter.length,
  };
}

/** What is counted, by name, for whoever wants to lower a count. */
export function listsOf(found: Structure): Readonly<Record<keyof Counts, readonly string[]>> {
  const { features, folders } = found;
  const joined = (groups: readonly (readonly string[])[]) => groups.map((each) => each.join(', '));
  return {
    features: features.places,
    arrowsBetweenFeatures: features.arrows,
    floorsOfFeatures: [],
    backArrowsOfFeatures: features.backArrows,
    knotsOfFeatures: joined(features.knots),
    folders: folders.places,
    arrowsBetweenFolders: folders.arrows,
    floorsOfFolders: [],
    backArrowsOfFolders: folders.backArrows,
    knotsOfFolders: joined(folders.knots),
    circlesOfFiles: joined(found.circlesOfFiles),
    rootFiles: found.rootFiles,
    unusedExports: found.unusedExports,
    smallWithOneImporter: found.smallWithOneImporter,
  };
}

if (import.meta.main) {
  const [folder = join(root, 'src'), ...asked] = process.argv.slice(2);
  const found = measure(folder);
  const lists = listsOf(found);
  console.table(countsOf(found));
  for (const [title, list] of Object.entries(lists)) {
    if (asked.includes(title)) console.log(`${title}:\n  ${list.join('\n  ')}`);
  }
  if (asked.length === 0)
    console.log('node scripts/structure.ts src NAME … lists what is counted.');
}
