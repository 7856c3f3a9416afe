import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { lastWords, scanFailure } from '../../src/scan/failure.ts';
import { fixture } from '../support/scan/fixtures.ts';

const subject = 'image backend';
const failure = (stderr: string) => scanFailure({ subject, stderr, severity: 'fatal' });

const expected: Readonly<Record<string, readonly [string, string, RegExp]>> = {
  'bad-database': [
    'vulnerability-database-unavailable',
    'The vulnerability database is broken, so image backend was not scanned.',
    /Remove the folder/,
  ],
  'database-down': [
    'vulnerability-database-unavailable',
    'The vulnerability database could not be downloaded to scan image backend.',
    /name a mirror/,
  ],
  'no-database': [
    'vulnerability-database-unavailable',
    'There is no vulnerability database on this machine to scan image backend with.',
    /reach a mirror/,
  ],
  'image-absent': [
    'image-not-found',
    'Image backend is not in the registry, so it was not scanned.',
    /was pushed/,
  ],
  'registry-down': [
    'registry-unreachable',
    'The registry of image backend did not answer, so it was not scanned.',
    /network/,
  ],
};

test.each(Object.entries(expected))('%s has its own code and hint', (name, [code, what, hint]) => {
  const found = failure(fixture(`errors/${name}.txt`));
  expect(found).toMatchObject({ code, what, severity: 'fatal' });
  expect(found.hint).toMatch(hint);
  expect(found.evidence.join('\n')).not.toMatch(/INFO|FATAL/);
  expect(found.evidence.length).toBeGreaterThan(0);
});

test('every kept error text is expected', () => {
  const folder = join(import.meta.dirname, '..', 'fixtures', 'trivy', 'errors');
  const names = readdirSync(folder).map((each) => each.replace('.txt', ''));
  expect(names.toSorted()).toEqual(Object.keys(expected).toSorted());
});

test('words that nobody knows are a failed scan, never a vulnerability', () => {
  expect(failure('panic: boom')).toMatchObject({ code: 'scan-failed', evidence: ['panic: boom'] });
  expect(failure('')).toMatchObject({ code: 'scan-failed', evidence: [] });
});

test('one that did not end in time says so', () => {
  const found = scanFailure({ subject, stderr: 'x', late: true, severity: 'warning' });
  expect(found).toMatchObject({ code: 'scan-failed', severity: 'warning' });
  expect(found.what).toBe('The scan of image backend did not end in time.');
});

test('the last words are the fatal ones, without their time', () => {
  const words = lastWords(fixture('errors/image-absent.txt'));
  expect(words[0]).toMatch(/^run error: image scan error/);
  expect(words[1]).toMatch(/MANIFEST_UNKNOWN/);
});
