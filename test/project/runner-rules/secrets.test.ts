// Every secret and variable that a job of a workflow reads, held against what reaches it.
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { placeOf } from '../../../e2e/support/runner/rules/rewrite.ts';
import { reached } from '../../../e2e/support/runner/rules/secrets.ts';
import { readWorkflow } from '../../../e2e/support/runner/rules/workflow.ts';
import type { Event, Repository } from '../../../e2e/support/runner/rules/world.ts';
import {
  asCalled,
  callersBefore,
  files,
  forms,
  formsNow,
  hubBefore,
  hubNow,
  type Texts,
} from '../../../e2e/support/runner/rules/worlds.ts';
import { seenBy } from '../../../e2e/support/workflows/github.ts';

const main = 'refs/heads/main';
const events: Readonly<Record<(typeof files)[number], Event>> = {
  deploy: { name: 'push', ref: main },
  'pr-check': { name: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main' },
  rollback: { name: 'workflow_dispatch', ref: main, inputs: { environment: 'production' } },
};

const key = 'YC_SA_JSON_CREDENTIALS';
const ids = { YC_REGISTRY_ID: 'crp1', YC_K8S_CLUSTER_ID: 'cat1' };
const names = ['production', 'staging', 'pr-check'];
const inEach = (place: Repository['environments'][string]) =>
  Object.fromEntries(names.map((name) => [name, place]));

/** As the README says, and other ways to store the same. */
const stores = {
  'all secrets of the environment': {
    environments: inEach({ secrets: { [key]: 'k', ...ids } }),
  },
  'ids as variables of the environment': {
    environments: inEach({ secrets: { [key]: 'k' }, variables: ids }),
  },
  'the key of the repository, ids as variables of the environment': {
    secrets: { [key]: 'k' },
    environments: inEach({ variables: ids }),
  },
} satisfies Readonly<Record<string, Partial<Repository>>>;

/** `deploy: YC_K8S_CLUSTER_ID`: what is read by a job, as a secret or a variable, and reaches it as neither. */
function missing(
  own: Texts,
  hub: Texts,
  file: (typeof files)[number],
  repository: Repository,
): readonly string[] {
  const called = asCalled(hub);
  const workflow = readWorkflow(own[file] ?? '');
  const texts = [
    [own[file] ?? '', 'own'] as const,
    ...Object.values(workflow.jobs).flatMap(({ uses = '' }) =>
      called[uses] === undefined ? [] : [[called[uses], `hub_${file}`] as const],
    ),
  ];
  const seen = new Map(seenBy(workflow, called, { repository, event: events[file] }));
  return texts.flatMap(([text, where]) =>
    Object.entries<{ uses?: string }>(parse(text).jobs).flatMap(([id, job]) => {
      const asked = seen.get(placeOf(where, id));
      if (!asked || job.uses) return [];
      const { secrets, variables } = reached(asked);
      const read = [...JSON.stringify(job).matchAll(/\b(secrets|vars)\.(YC_\w+)/g)];
      const there = ([, context, name = '']: readonly string[]) =>
        name in (context === 'secrets' ? secrets : variables);
      const arrived = new Set(read.filter(there).map(([, , name]) => name));
      const needed = [...new Set(read.map(([, , name]) => name))];
      return needed.filter((name) => !arrived.has(name)).map((name) => `${id}: ${name}`);
    }),
  );
}

describe.each(Object.entries(stores))('%s', (store, there) => {
  const cases = forms.flatMap((form) =>
    (['org', 'acme'] as const).flatMap((owner) => files.map((file) => ({ form, owner, file }))),
  );

  test.each(cases)('$form of $owner, $file: what it reads arrives, or is named below', (each) => {
    const { form, owner, file } = each;
    const repository: Repository = { owner, name: 'shop', ...there };
    const lost = missing(formsNow()[form], hubNow(), file, repository);
    const crosses = form === 'reusable' && owner === 'acme';
    if (!crosses || store.startsWith('the key of the repository')) expect(lost).toEqual([]);
    else expect(lost.some((each) => each.endsWith(key))).toBe(true);
  });
});

test('before, nothing arrived under another owner, ids as variables neither', () => {
  for (const there of Object.values(stores)) {
    const repository: Repository = { owner: 'acme', name: 'shop', ...there };
    const lost = missing(callersBefore(), hubBefore(), 'deploy', repository);
    expect(lost).toContain('deploy: YC_K8S_CLUSTER_ID');
  }
});
