// The map of the code: what it names is there, and its walks go along imports.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const overview = 'docs/architecture/README.md';
const maps = [
  overview,
  'CONTRIBUTING.md',
  'docs/architecture/walks.md',
  'docs/architecture/testing.md',
];

/** Paths in code marks: below one of these folders, or with a folder before them. */
const named = (text: string) =>
  [
    ...text.matchAll(
      /`((?:src|test|e2e|scripts|docs|deploy|manifests|example|\.github)\/[^`\s]*)`/g,
    ),
  ].map(([, path = '']) => path);

/** What a file imports, types included, as paths from the root. */
const importsOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g)].map(
    ([, path = '']) => relative(root, join(root, dirname(file), path)),
  );

describe('a map', () => {
  test.each(maps)('%s names only paths that exist', (map) => {
    const paths = named(read(map));
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => globSync(path, { cwd: root }).length === 0)).toEqual([]);
  });
});

/** The rows of the table of folders, from above to below: the folders of each, and who may import them. */
const floors = [...read(overview).matchAll(/^\| (`src\/[^|]+\/`) \| .+ \| (.*)\|$/gm)].map(
  ([, folders = '', by = '']) => ({ folders: named(folders), by: named(by) }),
);

/** The row of a file: the longest folder of the table that holds it. */
function floorOf(file: string): number {
  const lengths = floors.map(({ folders }) =>
    Math.max(0, ...folders.filter((each) => file.startsWith(each)).map((each) => each.length)),
  );
  const longest = Math.max(...lengths);
  return longest > 0 ? lengths.indexOf(longest) : -1;
}

describe('the table of folders', () => {
  const files = globSync('src/*/**/*.ts', { cwd: root });
  const floor = new Map(files.map((file) => [file, floorOf(file)]));
  const arrows = files.flatMap((file) =>
    importsOf(file).map((other) => ({
      arrow: `${file} → ${other}`,
      from: floor.get(file) ?? -1,
      to: floor.get(other) ?? -1,
    })),
  );
  const wrong = (isWrong: (from: number, to: number) => boolean) =>
    arrows.filter(({ from, to }) => isWrong(from, to)).map(({ arrow }) => arrow);

  test('has a row for every file below src/', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((file) => floor.get(file) === -1)).toEqual([]);
  });

  test('is the order of imports: nothing is imported from a row above', () => {
    expect(wrong((from, to) => to < from)).toEqual([]);
  });

  test('names all importers, where it names any', () => {
    const isForeign = (from: number, to: number) => {
      const { by = [] } = floors[to] ?? {};
      return from !== to && by.length > 0 && !by.includes(floors[from]?.folders[0] ?? '');
    };
    expect(wrong(isForeign)).toEqual([]);
  });
});

interface Stop {
  readonly file: string;
  /** The stop that calls it, or is called by it; the one before it where nothing is said. */
  readonly from: string | undefined;
}

interface Walk {
  readonly title: string;
  readonly stops: readonly Stop[];
  readonly twice: readonly string[];
}

const walks: readonly Walk[] = read('docs/architecture/walks.md')
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const rows = [...text.matchAll(/^\| `([^`]+)` \| .+ \| (?:`([^`]+)` )?\|$/gm)];
    const stops = rows.map(([, file = '', from], index) => ({
      file,
      from: from ?? rows[index - 1]?.[1],
    }));
    const twice = /^Entered twice: (.+)$/m.exec(text)?.[1] ?? '';
    return { title: text.split('\n')[0] ?? '', stops, twice: named(twice) };
  });

const imports = (file: string, other: string) => importsOf(file).includes(other);

/** What wires features together may come again and again. */
const isWiring = (file: string) => /^src\/(?:entry|run)\/|^src\/[^/]+$/.test(file);

function enteredTwice(stops: readonly Stop[]): readonly string[] {
  const rooms = stops.filter(({ file }) => !isWiring(file)).map(({ file }) => `${dirname(file)}/`);
  const entered = rooms.filter((room, index) => room !== rooms[index - 1]);
  return [...new Set(entered.filter((room, index) => entered.indexOf(room) !== index))].sort();
}

test('there are three walks', () => {
  expect(walks.map(({ stops }) => stops.length > 10)).toEqual([true, true, true]);
});

describe.each(walks)('the walk of $title', ({ stops, twice }) => {
  test('goes from file to file along an import', () => {
    const [first, ...rest] = stops;
    const before = new Set([first?.file]);
    const astray = rest.filter(({ file, from = '' }) => {
      const known = before.has(from) || isWiring(from);
      before.add(file);
      return !known || !(imports(from, file) || imports(file, from));
    });
    expect(astray).toEqual([]);
  });

  test('enters no folder twice but the wiring, and those that it names', () => {
    expect(enteredTwice(stops)).toEqual([...twice].sort());
  });
});
