import { expect, test } from '@jest/globals';
import {
  ageWords,
  databaseMirrors,
  javaMirrors,
  readDatabaseDates,
} from '../../src/scan/database.ts';

test('the dates are those of metadata.json', () => {
  const json =
    '{"Version":2,"NextUpdate":"2026-11-28T06:00:00Z","UpdatedAt":"2026-11-27T06:00:00.5Z"}';
  expect(readDatabaseDates(json)).toEqual({
    updatedAt: Date.parse('2026-11-27T06:00:00.500Z'),
    nextUpdate: Date.parse('2026-11-28T06:00:00Z'),
  });
});

test.each([
  '',
  '[]',
  '{"Version":1,"NextUpdate":"2026-11-28","UpdatedAt":"2026-11-27"}',
  '{"Version":2}',
])('%j is no database that we know', (json) => {
  expect(readDatabaseDates(json)).toBeUndefined();
});

test.each([
  [0, '0 s'],
  [4 * 3_600_000 + 61_000, '4 h'],
  [26 * 3_600_000, '26 h'],
  [3 * 86_400_000, '3 days'],
])('its age after %d ms is %s', (ms, words) => {
  const made = Date.parse('2026-11-20T06:12:00Z');
  expect(ageWords(made, made + ms)).toBe(`2026-11-20 06:12 UTC, ${words} old`);
});

test('the index of Java archives lies beside the database', () => {
  expect(javaMirrors(databaseMirrors)).toEqual([
    'mirror.gcr.io/aquasec/trivy-java-db:1',
    'public.ecr.aws/aquasecurity/trivy-java-db:1',
    'ghcr.io/aquasecurity/trivy-java-db:1',
  ]);
  expect(javaMirrors(['registry.example/mirror/trivy-db:2'])).toEqual([
    'registry.example/mirror/trivy-java-db:1',
  ]);
  expect(javaMirrors(['registry.example/other'])).toHaveLength(3);
});
