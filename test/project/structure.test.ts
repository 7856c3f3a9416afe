// The floor plan of src/, types counted. Its numbers only ever go down: whoever raises one finds a better
// place, and whoever lowers one lowers the limit with it. `node scripts/structure.ts` counts, and
// lists what it counts by name.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type Counts,
  countsOf,
  listsOf,
  measure,
  type Structure,
} from '../../scripts/structure.ts';

const limits: Counts = {
  features: 28,
  arrowsBetweenFeatures: 131,
  floorsOfFeatures: 11,
  backArrowsOfFeatures: 0,
  knotsOfFeatures: 0,
  folders: 44,
  arrowsBetweenFolders: 232,
  floorsOfFolders: 15,
  backArrowsOfFolders: 0,
  knotsOfFolders: 0,
  circlesOfFiles: 0,
  rootFiles: 3,
  unusedExports: 21,
  smallWithOneImporter: 44,
};

const src = measure(join(import.meta.dirname, '..', '..', 'src'));

/** What a count says against its limit: nothing where they are equal. */
function verdict(name: keyof Counts, count: number, limit: number): string {
  if (count < limit) return `Well done: set limits.${name} to ${count}.`;
  if (count === limit) return '';
  return [`${name} is ${count}, and may be ${limit}.`, ...listsOf(src)[name]].join('\n');
}

describe('src/', () => {
  test.each(Object.keys(limits) as (keyof Counts)[])('%s is at its limit', (name) => {
    expect(verdict(name, countsOf(src)[name], limits[name])).toBe('');
  });

  test('a count above its limit fails, and so does one below it', () => {
    expect(verdict('rootFiles', 3, 2)).toMatch(/^rootFiles is 3, and may be 2\./);
    expect(verdict('floorsOfFolders', 12, 13)).toBe('Well done: set limits.floorsOfFolders to 12.');
  });
});

describe('what is counted', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Measures files that are written for one test. */
  function measured(files: Readonly<Record<string, string>>): Structure {
    const folder = mkdtempSync(join(tmpdir(), 'structure-'));
    folders.push(folder);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return measure(folder);
  }

  test('folders, files in the root, arrows between them and floors', () => {
    const found = measured({
      'index.ts': "import { a } from './a/a.ts';\nimport { b } from './b/b.ts';",
      'a/a.ts': "export { b as a } from '../b/b.ts';\nimport './other.ts';",
      'a/other.ts': "const later = () => import('../c/c.ts');",
      'b/b.ts': 'export const b = 1;',
      'c/c.ts': "import type { C } from './deep/deep.ts';",
      'c/deep/deep.ts': 'export interface C {}',
    });
    expect(countsOf(found)).toEqual({
      features: 4,
      arrowsBetweenFeatures: 4,
      floorsOfFeatures: 3,
      backArrowsOfFeatures: 0,
      knotsOfFeatures: 0,
      folders: 5,
      arrowsBetweenFolders: 5,
      floorsOfFolders: 4,
      backArrowsOfFolders: 0,
      knotsOfFolders: 0,
      circlesOfFiles: 0,
      rootFiles: 1,
      unusedExports: 0,
      smallWithOneImporter: 4,
    });
  });

  test.each([
    ["import type { B } from '../b/b.ts';", 'an import of a type'],
    ["import { type B, b } from '../b/b.ts';", 'a type among values'],
    ["import {\n  type B,\n} from '../b/b.ts';", 'over several lines'],
    ["export type { B } from '../b/b.ts';", 'a type that is handed on'],
    ["export * from '../b/b.ts';", 'everything'],
    ["export type Late = import('../b/b.ts').B;", 'a type in place'],
  ])('%j closes a circle of files and a knot of folders', (line) => {
    const found = measured({
      'a/a.ts': `${line}\nexport const a = 1;`,
      'b/b.ts': "import { a } from '../a/a.ts';\nexport interface B {}\nexport const b = a;",
    });
    expect(found.circlesOfFiles).toEqual([['a/a.ts', 'b/b.ts']]);
    expect(found.folders.knots).toEqual([['a', 'b']]);
    expect(found.folders.backArrows).toHaveLength(1);
    expect(found.folders.floors).toBe(1);
  });

  test('folders may be knotted where files are not, and a knot of three takes one turned arrow', () => {
    const found = measured({
      'a/a.ts': "import { b } from '../b/b.ts';",
      'a/low.ts': 'export const low = 1;',
      'b/b.ts': "import { c } from '../c/c.ts';\nexport const b = c;",
      'c/c.ts': "import { low } from '../a/low.ts';\nexport const c = low;",
      'd/d.ts': "import '../a/a.ts';",
    });
    expect(found.circlesOfFiles).toEqual([]);
    expect(found.folders.knots).toEqual([['a', 'b', 'c']]);
    expect(found.folders.backArrows).toHaveLength(1);
    expect(found.folders.floors).toBe(2);
  });

  test('an export is used by an import of its name alone: not by a word, a test or a script', () => {
    const found = measured({
      'index.ts': "import { used as one } from './a.ts';\n// unused, and * from everything",
      'a.ts': 'export const used = 1;\nexport function unused() {}\nexport interface Type {}',
      'whole.ts': "import * as everything from './b.ts';",
      'b.ts': 'export async function wholly() {}\nexport class Wholly {}',
    });
    expect(found.unusedExports).toEqual(['a.ts: unused']);
  });

  test('a small file with one importer may be a part of it', () => {
    const lines = (count: number) => 'export const one = 1;\n'.repeat(count);
    const found = measured({
      'index.ts': "import './small.ts';\nimport './long.ts';\nimport './shared.ts';",
      'cli.ts': "import './shared.ts';",
      'small.ts': lines(1),
      'long.ts': lines(60),
      'shared.ts': lines(1),
    });
    expect(found.smallWithOneImporter).toEqual(['small.ts']);
  });
});
