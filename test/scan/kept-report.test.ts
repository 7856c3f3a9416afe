import { expect, test } from '@jest/globals';
import { known } from '../../src/core/redaction/redaction.ts';
import { keptReport } from '../../src/scan/kept-report.ts';
import { readScan } from '../../src/scan/problems.ts';
import { fixture } from '../support/scan/fixtures.ts';

test('of found secrets neither the line nor its surroundings, and all that counts', () => {
  const text = fixture('image-vulnerable.json');
  expect(text).toMatch(/"Match": "TOKEN=/);
  const kept = keptReport(text);
  expect(kept).not.toMatch(/TOKEN=/);
  const [before, after] = [text, kept].map(readScan);
  expect(after).toEqual(before);
  expect(JSON.parse(kept).Metadata).toEqual(JSON.parse(text).Metadata);
});

test('a secret that an ignore file accepts is a secret too', () => {
  const text = fixture('image-ignored.json');
  expect(keptReport(text)).not.toMatch(/TOKEN=/);
  expect(readScan(keptReport(text))).toEqual(readScan(text));
});

test('a known secret in whatever the scanner quotes', () => {
  known.remember('Zq8vN3xW5kLp');
  const text = fixture('config.json').replaceAll(
    /"Content": "[^"]*"/g,
    '"Content": "a Zq8vN3xW5kLp"',
  );
  expect(text).toContain('Zq8vN3xW5kLp');
  expect(keptReport(text)).not.toContain('Zq8vN3xW5kLp');
});
