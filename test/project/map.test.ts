// Where a test is found: test/ mirrors src/, and what tests share is in a support folder.
import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const apart = ['project', 'support', 'fuzz', 'fixtures', 'golden'];

const isTest = (file: string) => file.endsWith('.test.ts');

describe('test/', () => {
  const files = globSync('**/*.ts', { cwd: join(root, 'test') }).filter(
    (file) => !apart.includes(file.split('/')[0] ?? ''),
  );

  test('has tests and nothing else beside its support', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => !isTest(file))).toEqual([]);
  });

  test('has the folders of src/', () => {
    const folders = [...new Set(files.map((file) => dirname(file)))];
    expect(folders.filter((folder) => !existsSync(join(root, 'src', folder)))).toEqual([]);
  });

  test('has no test in its support', () => {
    expect(globSync('support/**/*.test.ts', { cwd: join(root, 'test') })).toEqual([]);
  });
});

describe('e2e/', () => {
  const files = globSync('**/*.ts', { cwd: join(root, 'e2e') });

  test('has tests in its suites alone, and nothing else there', () => {
    const suites = files.filter((file) => file.startsWith('suites/'));
    expect(suites.length).toBeGreaterThan(40);
    expect(suites.filter((file) => !isTest(file) || file.split('/').length !== 3)).toEqual([]);
    expect(files.filter((file) => isTest(file) && !suites.includes(file))).toEqual([]);
  });
});
