import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8');
const proofs = [...new Set([...page.matchAll(/`((?:test|e2e)\/[^`]+)`/g)].map(([, file]) => file))];

test('the threat model names its proofs', () => expect(proofs.length).toBeGreaterThan(8));

test.each(proofs)('%s is there', (file) => {
  expect(existsSync(join(root, file ?? ''))).toBe(true);
});

test('every threat has a proof', () => {
  const threats = page.split('## Threats, controls, proofs')[1]?.split(/^## /m)[0] ?? '';
  for (const threat of threats.split(/^### /m).slice(1)) expect(threat).toMatch(/^Proof: `/m);
});
