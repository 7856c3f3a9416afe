// GitHub's own rules over act: what a run of an application's workflow is given on github.com, and its
// texts so that each job gets its own part of it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contexts } from '../runner/rules/expressions.ts';
import { fileNames } from '../runner/rules/filter.ts';
import { startFaults } from '../runner/rules/permissions.ts';
import { nameAt, type Places, placeOf, rewrite } from '../runner/rules/rewrite.ts';
import { type Asked, reached } from '../runner/rules/secrets.ts';
import { allRules, type Rules, ruleNames } from '../runner/rules/table.ts';
import { type Job, readWorkflow, type Workflow } from '../runner/rules/workflow.ts';
import {
  type Event,
  environmentName,
  githubOf,
  inputsOf,
  ownerOf,
  passedOf,
  type Repository,
} from '../runner/rules/world.ts';

export interface Github {
  readonly repository: Repository;
  readonly event: Event;
  readonly rules?: Rules;
}

/** A run as act is to start it. */
export interface Ruled {
  /** Why github.com would not start it. */
  readonly faults: readonly string[];
  readonly workflow: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

const FILTER = join(import.meta.dirname, '..', 'runner', 'rules', 'filter.ts');

/** `called` by what stands behind `uses:`; the files lie in `folder` and are gone with it. */
export async function ruled(
  text: string,
  called: Readonly<Record<string, string>>,
  { repository, event, rules = allRules }: Github,
  folder: string,
): Promise<Ruled> {
  const workflow = readWorkflow(text);
  const places = placesOf(called);
  const seen = seenBy(workflow, called, { repository, event });
  const kept = join(folder, 'rules');
  await mkdir(kept, { mode: 0o700 });
  const keep = (name: string, value: unknown) =>
    writeFile(join(kept, name), JSON.stringify(value), { mode: 0o600 });
  await keep(
    fileNames.without,
    ruleNames.filter((name) => !rules.has(name)),
  );
  const secrets: Record<string, string> = {};
  const variables: Record<string, string> = {};
  for (const [place, asked] of seen) {
    const there = reached(asked, rules);
    await keep(fileNames.secrets(place), Object.values(there.secrets));
    for (const [name, value] of Object.entries(there.secrets)) secrets[nameAt(name, place)] = value;
    for (const [name, value] of Object.entries(there.variables)) {
      variables[nameAt(name, place)] = value;
    }
  }
  return {
    faults: startFaults({ called }, workflow, rules),
    workflow: rewrite(text, 'own', places),
    ...{ secrets, variables, env: { WEBGEN_RULES: kept, WEBGEN_RULES_FILTER: FILTER } },
  };
}

/** `owner/name/.github/workflows/deploy.yml@v1` → `hub_deploy`. */
const fileOf = (uses: string) => `hub_${/\/([\w-]+)\.ya?ml(?:@|$)/.exec(uses)?.[1] ?? ''}`;

function placesOf(called: Readonly<Record<string, string>>): Places {
  return Object.fromEntries(
    Object.entries(called).map(([uses, text]) => [
      uses,
      Object.keys(readWorkflow(text).jobs).map((job) => placeOf(fileOf(uses), job)),
    ]),
  );
}

/** What each job, the called ones' too, is to be given. */
export function seenBy(
  workflow: Workflow,
  called: Readonly<Record<string, string>>,
  { repository, event }: Pick<Github, 'repository' | 'event'>,
): readonly (readonly [string, Asked])[] {
  const github = githubOf(repository, event, workflow.name);
  const vars = repository.variables ?? {};
  const contexts: Contexts = { github, vars, inputs: inputsOf(event, workflow) };
  return Object.entries(workflow.jobs).flatMap(([id, job]) => {
    const environment = environmentName(job, contexts);
    const own = { repository, event, environment, isCaller: job.uses !== undefined };
    const text = job.uses === undefined ? undefined : called[job.uses];
    const inside = text === undefined ? [] : insideOf(job, readWorkflow(text), contexts, own);
    return [[placeOf('own', id), own] as const, ...inside];
  });
}

function insideOf(
  caller: Job,
  workflow: Workflow,
  contexts: Contexts,
  { repository, event }: Asked,
): readonly (readonly [string, Asked])[] {
  const inputs = passedOf(caller, workflow, contexts);
  const uses = caller.uses ?? '';
  const call = { owner: ownerOf(uses, repository.owner), secrets: caller.secrets };
  return Object.entries(workflow.jobs).map(([id, job]) => {
    const environment = environmentName(job, { ...contexts, inputs });
    return [placeOf(fileOf(uses), id), { repository, event, environment, call }] as const;
  });
}
