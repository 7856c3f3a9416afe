// Docker's own rules: a file that is wrongly left out of the hash would hide a change.
import { describe, expect, test } from '@jest/globals';
import { ignoreRules } from '../../src/build/dockerignore.ts';

const ignored = (rules: string, path: string) => ignoreRules(rules).ignores(path);

describe('.dockerignore', () => {
  test.each([
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'web/node_modules/a.js', false],
    ['**/node_modules', 'web/node_modules/a.js', true],
    ['**/node_modules', 'node_modules/a.js', true],
    ['/dist/', 'dist/a.js', true],
    ['./dist', 'dist', true],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['**/*.md', 'docs/deep/README.md', true],
    ['docs/**', 'docs/a/b', true],
    ['docs/**', 'docs', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[ab].txt', 'a.txt', true],
    ['[^ab].txt', 'a.txt', false],
    ['[a-c]x', 'bx', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a.b', 'aXb', false],
    ['# comment', '# comment', false],
    ['*', '.git/config', true],
    ['[', 'x', false],
  ])('%s and %s: %s', (rules, path, expected) => {
    expect(ignored(rules, path)).toBe(expected);
  });

  test('the last rule that matches decides', () => {
    const rules = '*\n!src\nsrc/*.test.ts\n!src/keep.test.ts\r\n';
    expect(ignored(rules, 'package.json')).toBe(true);
    expect(ignored(rules, 'src/a.ts')).toBe(false);
    expect(ignored(rules, 'src/a.test.ts')).toBe(true);
    expect(ignored(rules, 'src/keep.test.ts')).toBe(false);
  });

  test('a folder is looked into where a later rule may keep a file of it', () => {
    expect(ignoreRules('vendor').mayHold('vendor')).toBe(false);
    expect(ignoreRules('vendor\n!vendor/keep').mayHold('vendor')).toBe(true);
  });
});
