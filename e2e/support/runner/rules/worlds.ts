// Worlds to try workflows in: whose they are, and what the application's repository has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answers, readAnswers } from '../../../../src/commands/init/answers.ts';
import { workflows } from '../../../../src/commands/init/workflows.ts';
import { project } from '../../../../src/core/version.ts';
import type { Repository, World } from './world.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..', '..');

/** The three that an application calls, or has of its own. */
export const files = ['deploy', 'pr-check', 'rollback'] as const;

export type Texts = Readonly<Record<string, string>>;

function read(...path: readonly string[]): Texts {
  const text = (name: string) => readFileSync(join(PROJECT, ...path, `${name}.yml`), 'utf8');
  return Object.fromEntries(files.map((name) => [name, text(name)]));
}

/** The reusable workflows as they are, and as they were before GitHub's rules were held against them. */
export const hubNow = (): Texts => read('.github', 'workflows');
export const hubBefore = (): Texts => read('e2e', 'support', 'fixtures', 'v1-before');
/** What `init` wrote then. */
export const callersBefore = (): Texts =>
  read('e2e', 'support', 'fixtures', 'v1-before', 'callers');

export const forms = ['ordinary', 'reusable'] as const;

/** What `init` writes now, in each form; `settings` as a caller's `with:`. */
export function formsNow(
  settings: Texts = {},
  branches = { production: 'main', staging: 'develop' },
): Readonly<Record<(typeof forms)[number], Texts>> {
  const textsOf = (form: (typeof forms)[number]): Texts => {
    const written = workflows(answers(), { form, branches, settings });
    const at = (name: string) => written[`.github/workflows/${name}.yml`] ?? '';
    return Object.fromEntries(files.map((name) => [name, at(name)]));
  };
  return { ordinary: textsOf('ordinary'), reusable: textsOf('reusable') };
}

/** Of an application with two services. */
function answers(): Answers {
  const folders = [
    { name: 'backend', files: ['requirements.txt'] },
    { name: 'frontend', files: ['package-lock.json'] },
  ];
  const words = { app: 'shop', namespace: 'shop', services: 'backend:8000/health frontend:3000' };
  const read = readAnswers(words, folders);
  if ('findings' in read) throw new Error(JSON.stringify(read.findings));
  return read.answers;
}

/** The texts of the called, as callers of `@v1` name them. */
export function asCalled(hub: Texts): Texts {
  return Object.fromEntries(
    Object.entries(hub).map(([name, text]) => [
      `${project}/.github/workflows/${name}.yml@v1`,
      text,
    ]),
  );
}

export function worldOf(own: Texts, hub: Texts, repository: Partial<Repository> = {}): World {
  const usual = { owner: 'acme', name: 'shop', environments: {} };
  return { repository: { ...usual, ...repository }, own, called: asCalled(hub) };
}
