// Failing cases as files: small, readable, and run first the next time.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Data } from './data.ts';
import type { Fault } from './properties.ts';

export interface Case {
  readonly target: string;
  /** What was wrong with it when it was found. */
  readonly kind: Fault['kind'];
  readonly detail: string;
  readonly input: Data;
}

/** Every case of the folder, by its file's name. */
export function readCases(folder: string): ReadonlyMap<string, Case> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as Case]),
  );
}

/** The file's name; the same input has the same. */
export function saveCase(folder: string, found: Case): string {
  const hash = createHash('sha256').update(JSON.stringify(found.input)).digest('hex').slice(0, 10);
  const name = `${found.target}-${found.kind}-${hash}.json`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(found, undefined, 1)}\n`);
  return name;
}
