import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codes } from '../../src/core/codes.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
const [, ...parts] = page.split(/^#{2,3} /m);
const sections = new Map(
  parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n'))]),
);
/** A code is one lower-case word with hyphens; the chapters between are not. */
const documented = [...sections.keys()].filter((title) => /^[a-z-]+$/.test(title));

describe('docs/errors.md', () => {
  test('has one section per code and no other', () => {
    expect([...documented].sort()).toEqual(Object.keys(codes).sort());
    expect(documented).toHaveLength(new Set(documented).size);
  });

  test.each(documented)('%s says how it looks, why it happens and what to do', (code) => {
    const text = sections.get(code) ?? '';
    for (const part of ['**Looks like:**', '**Usual causes:**', '**What to do:**'])
      expect(text).toContain(part);
    expect(text.trim()).not.toMatch(/^\*\*/);
  });

  test.each(Object.entries(codes))('%s has a sentence and a hint in the table', (_code, row) => {
    for (const text of row) expect(text).toMatch(/^[A-Z].*[.>]$/s);
  });
});
