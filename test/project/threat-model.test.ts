import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8');

/** The text from a heading of the second level to the next one. */
const section = (title: string) => page.split(`\n## ${title}\n`)[1]?.split(/^## /m)[0] ?? '';

/** The cells of every table row below the head. */
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|( -+ \|)+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );

const threats = section('Threats, controls, proofs').split(/^### /m).slice(1);
const claims = threats.flatMap((threat) => rows(threat).slice(1));
const actors = rows(section('Who might attack')).flatMap(
  ([id]) => id?.match(/^`(.+)`$/)?.[1] ?? [],
);

/** What a cell names: a file, and titles of tests in it. */
const proofs = claims.flatMap((row) =>
  (row[4] ?? '').split(/; (?=`)/).map((proof) => ({
    file: proof.match(/^`((?:test|e2e)\/[^`]+\.test\.ts)`/)?.[1] ?? '',
    titles: [...proof.matchAll(/ \*([^*]+)\*/g)].map(([, title]) => title ?? ''),
  })),
);

/** Whether a call has this title as its first argument, with the %s of a table of tests as written. */
const hasTitle = (source: string, title: string) => {
  const parts = source.replaceAll(/\\(['"`])/g, '$1').split(title);
  return parts.some(
    (before, i) => /\(\s*['"`]$/.test(before) && /^['"`]\s*,/.test(parts[i + 1] ?? ''),
  );
};

test('there are threats, claims and actors', () => {
  expect(threats.length).toBeGreaterThan(6);
  expect(claims.length).toBeGreaterThan(40);
  expect(actors.length).toBeGreaterThan(8);
});

test('every threat is a table with these columns', () => {
  for (const threat of threats)
    expect(rows(threat)[0]).toEqual(['actor', 'asset', 'way in', 'what stops it', 'proof']);
});

describe('a row', () => {
  test.each(claims.map((row) => [row.slice(0, 3).join(', '), row] as const))('%s', (_, row) => {
    expect(row).toHaveLength(5);
    for (const cell of row) expect(cell).not.toBe('');
    for (const actor of (row[0] ?? '').split(' ')) expect(actors).toContain(actor.slice(1, -1));
    expect(row[4]).toMatch(/^`(?:test|e2e)\/[^`]+\.test\.ts` \*[^*]+\*/);
  });
});

test('every actor is in a row', () => {
  for (const actor of actors)
    expect(claims.some(([who]) => who?.includes(`\`${actor}\``))).toBe(true);
});

test('every proof is a file, and has the tests that it names', () => {
  const missing = proofs.flatMap(({ file, titles }) => {
    if (file === '' || !existsSync(join(root, file))) return [`no file: ${file}`];
    const source = readFileSync(join(root, file), 'utf8');
    return titles.filter((title) => !hasTitle(source, title)).map((title) => `${file}: ${title}`);
  });
  expect(missing).toEqual([]);
});
