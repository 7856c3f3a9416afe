// What Trivy really said, kept beside the tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readScan, type Scanned } from '../../../src/scan/problems.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'trivy');

export const fixture = (name: string) => readFileSync(join(folder, name), 'utf8');

export function scanned(name: string): Scanned {
  const found = readScan(fixture(name));
  if (!found) throw new Error(`${name} is no report`);
  return found;
}
