// Worlds to try workflows in: whose they are, and what the application's repository has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../../../src/version.ts';
import type { Repository, World } from './world.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');

/** The three that an application calls, or has of its own. */
export const files = ['deploy', 'pr-check', 'rollback'] as const;

export type Texts = Readonly<Record<string, string>>;

function read(...path: readonly string[]): Texts {
  const text = (name: string) => readFileSync(join(PROJECT, ...path, `${name}.yml`), 'utf8');
  return Object.fromEntries(files.map((name) => [name, text(name)]));
}

/** The reusable workflows as they are, and as they were before GitHub's rules were held against them. */
export const hubNow = (): Texts => read('.github', 'workflows');
export const hubBefore = (): Texts => read('e2e', 'fixtures', 'v1-before');
/** What `init` wrote then. */
export const callersBefore = (): Texts => read('e2e', 'fixtures', 'v1-before', 'callers');

/** EXPERIMENT */
export const formsNow = () => ({
  ordinary: readAt('/tmp/d-new/ordinary'),
  reusable: readAt('/tmp/d-new/callers'),
});
export const hubNew = () => readAt('/tmp/d-new/hub');
const readAt = (folder: string): Texts =>
  Object.fromEntries(
    files.map((name) => [name, readFileSync(join(folder, `${name}.yml`), 'utf8')]),
  );

/** The texts of the called, as callers of `@v1` name them. */
export function asCalled(hub: Texts, self = project): Texts {
  return Object.fromEntries(
    Object.entries(hub).map(([name, text]) => [`${self}/.github/workflows/${name}.yml@v1`, text]),
  );
}

export function worldOf(own: Texts, hub: Texts, repository: Partial<Repository> = {}): World {
  const usual = { owner: 'acme', name: 'shop', environments: {} };
  return { repository: { ...usual, ...repository }, own, called: asCalled(hub) };
}
