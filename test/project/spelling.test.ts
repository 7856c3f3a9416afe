// The documents in English are spelt as a dictionary has it, or as words.txt says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import dictionary from 'dictionary-en';
import nspell from 'nspell';
import { pages } from '../support/markdown.ts';

const own = readFileSync(join(import.meta.dirname, 'words.txt'), 'utf8')
  .split('\n')
  .filter(Boolean);
const speller = nspell(Buffer.from(dictionary.aff), Buffer.from(dictionary.dic));
const known = new Set(own);
const cache = new Map<string, boolean>();

function isRight(word: string): boolean {
  const right =
    cache.get(word) ?? (known.has(word) || known.has(word.toLowerCase()) || speller.correct(word));
  cache.set(word, right);
  return right;
}

/** Words of prose; what has digits, or capitals inside, is a name. */
const wordsOf = (prose: string) =>
  (prose.match(/[\p{L}\p{N}_@/.'’-]+/gu) ?? [])
    .filter((word) => !/[\d_@/\p{Script=Cyrillic}]|\.\w|\p{Ll}\p{Lu}|^-/u.test(word))
    .flatMap((word) => word.split('-'))
    .map((word) =>
      word
        .replaceAll('’', "'")
        .replaceAll(/^[.']+|[.']+$/g, '')
        .replace(/'s$/, ''),
    )
    .filter((word) => word.length > 1 && !/^\p{Lu}+s?$/u.test(word));

// docs/diagnosis.md quotes what clusters say, cut and misspelt as it comes.
const english = pages.filter(({ path }) => !/\.ru\.md$|^docs\/diagnosis\.md$/.test(path));

test.each(english.map(({ path, prose }) => [path, prose] as const))(
  '%s is spelt right',
  (_, prose) => {
    expect([...new Set(wordsOf(prose).filter((word) => !isRight(word)))]).toEqual([]);
  },
);

test('a word that is not one is found, and the list has none that the dictionary knows', () => {
  expect(wordsOf('It recieves a `Deploymnt`, e.g. YAML').filter((word) => !isRight(word))).toEqual([
    'recieves',
    'Deploymnt',
  ]);
  expect(own.filter((word) => speller.correct(word))).toEqual([]);
  expect(own).toEqual(own.toSorted());
});
