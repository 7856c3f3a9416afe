// The reusable workflows keep the rules that no linter knows: names, pins, permissions, groups.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readAction, renderSubAction } from '../scripts/docs.ts';
import { project } from '../src/version.ts';

const root = join(import.meta.dirname, '..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');
const own = globSync('.github/workflows/*.yml', { cwd: root }).sort();
const reusable = ['deploy', 'pr-check', 'rollback'] as const;
const callers = reusable.map((name) => `example/.github/workflows/${name}.yml`);

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
}

interface Job {
  readonly name: string;
  readonly uses?: string;
  readonly if?: string;
  readonly environment?: { readonly name: string; readonly deployment?: boolean };
  readonly concurrency?: Concurrency;
  readonly permissions: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly with?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

interface Concurrency {
  readonly group: string;
  readonly 'cancel-in-progress': boolean;
  readonly queue?: string;
}

interface Called {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown; description: string }>>;
  readonly secrets: Readonly<Record<string, { readonly required: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
}

interface Workflow {
  readonly on: { readonly workflow_call: Called };
  readonly permissions: unknown;
  readonly concurrency: Concurrency;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string) => parse(file(path)) as Workflow;
const workflow = (name: (typeof reusable)[number]) => read(`.github/workflows/${name}.yml`);
const stepsOf = (path: string) => Object.values(read(path).jobs).flatMap((job) => job.steps ?? []);
const action = readAction(file('action.yml'));
const declared = action.inputs.map(({ name }) => name);

test('deploy/action.yml is the action of the root', () => {
  expect(file('deploy/action.yml')).toBe(renderSubAction(file('action.yml')));
});

test('a file that does not start the bundle twice is refused', () => {
  expect(() => renderSubAction('runs:\n  main: dist/index.js\n')).toThrow('main and post');
});

describe.each(own)('%s', (path) => {
  test('pins what others wrote by commit, the same one everywhere, with its version', () => {
    const uses = file(path).match(/^\s+(?:- )?uses: .*$/gm) ?? [];
    for (const line of uses) {
      expect(line).toMatch(/uses: (?:\$\/deploy|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
    }
    const all = own.flatMap((each) => file(each).match(/uses: [\w-]+\/[\w-]+@.*$/gm) ?? []);
    const versions = Map.groupBy(new Set(all), (line) => line.split('@')[0]);
    for (const [, each] of versions) expect(each).toHaveLength(1);
  });

  test('grants nothing at the top, and to each job what it needs, with the reason', () => {
    const { permissions, jobs } = read(path);
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) expect(job.permissions).toBeDefined();
    const granted = file(path).match(/^ {6}[a-z-]+: (?:read|write)\b.*$/gm) ?? [];
    for (const line of granted) expect(line).toMatch(/ # \S/);
  });

  test('ends every job in time and never puts an expression into a script', () => {
    for (const job of Object.values(read(path).jobs)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
    for (const { run = '' } of stepsOf(path)) expect(run).not.toContain('${{');
  });

  test('leaves no credentials in a checkout', () => {
    const checkouts = stepsOf(path).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const step of checkouts) expect(step.with).toMatchObject({ 'persist-credentials': false });
  });
});

describe.each(reusable)('%s.yml', (name) => {
  const { on, jobs } = workflow(name);
  const call = on.workflow_call;

  test("passes the action's inputs on by their own names", () => {
    const inputs = stepsOf(`.github/workflows/${name}.yml`).flatMap((step) =>
      step.uses === '$/deploy' ? Object.entries(step.with ?? {}) : [],
    );
    for (const [input, value] of inputs) {
      expect(declared).toContain(input);
      const from = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value)?.[1] ?? input;
      expect([from, Object.keys(call.inputs).includes(from) || value !== '']).toEqual([
        input,
        true,
      ]);
    }
  });

  test("has the action's own defaults", () => {
    // A vulnerability stops a deploy from here, and shows in a check, unless somebody says otherwise.
    const scan = name === 'deploy' ? 'gate' : 'report';
    const standard: Readonly<Record<string, string>> = { scan };
    const given = action.inputs.filter((each) => call.inputs[each.name]);
    for (const { name: input, default: text } of given) {
      const own = String(call.inputs[input]?.default ?? '');
      expect([input, own]).toEqual([input, standard[input] ?? text]);
    }
  });

  test('takes the three secrets, and a deploy the values of Secrets, none of them required', () => {
    const cloud = ['YC_SA_JSON_CREDENTIALS', 'YC_REGISTRY_ID', 'YC_K8S_CLUSTER_ID'];
    const all = name === 'deploy' ? [...cloud, 'APPLICATION_SECRETS'] : cloud;
    for (const [secret, { required }] of Object.entries(call.secrets)) {
      expect(all).toContain(secret);
      expect(required).toBe(false);
    }
    const used = new Set(file(`.github/workflows/${name}.yml`).match(/(?<=secrets\.)\w+/g));
    expect([...used].sort()).toEqual(
      Object.keys(call.secrets)
        .filter((each) => used.has(each))
        .sort(),
    );
  });

  test('gives secrets to jobs of an environment only, and never to tests', () => {
    for (const [id, job] of Object.entries(jobs)) {
      const hasSecret = JSON.stringify(job).includes('secrets.');
      expect([id, hasSecret]).toEqual([id, job.environment !== undefined]);
      if (id.endsWith('-tests')) expect(hasSecret).toBe(false);
    }
  });

  test('hands out what jobs and steps really have', () => {
    for (const { value } of Object.values(call.outputs)) {
      const [, job = '', output = ''] = /^\$\{\{ jobs\.(.+)\.outputs\.(.+) \}\}$/.exec(value) ?? [];
      expect(Object.keys(jobs[job]?.outputs ?? {})).toContain(output);
    }
    const outputs = action.outputs.map((each) => each.name);
    for (const job of Object.values(jobs)) {
      for (const value of Object.values(job.outputs ?? {})) {
        expect(outputs).toContain(/\.outputs\.([a-z-]+) \}\}$/.exec(value)?.[1]);
      }
    }
  });

  test('explains every input and is in the README', () => {
    for (const { description } of Object.values(call.inputs)) expect(description).toMatch(/^\S/);
    expect(file('README.md')).toContain(`${name}.yml`);
  });
});

describe('groups', () => {
  const branch =
    "(github.ref == 'refs/heads/main' && 'production') || (github.ref == 'refs/heads/develop' && 'staging')";
  const { concurrency: run, jobs } = workflow('deploy');

  test('a deploy and a rollback of one environment share one, and wait for each other', () => {
    const deploy = jobs['deploy']?.concurrency;
    const rollback = workflow('rollback').concurrency;
    const same = deploy?.group.replace(` || ${branch} || github.ref`, '');
    expect(same).toBe(rollback.group);
    for (const each of [run, deploy, rollback]) {
      expect(each).toMatchObject({ 'cancel-in-progress': false, queue: 'max' });
    }
  });

  test('runs of deploy.yml keep their order in a group of their own', () => {
    expect(run.group).not.toBe(jobs['deploy']?.concurrency?.group);
    expect(run.group).toContain(branch);
  });

  test('the environment follows the branch in the same way everywhere', () => {
    for (const job of ['build', 'deploy']) {
      const wanted = `\${{ inputs.environment || ${branch} || '' }}`;
      expect(jobs[job]?.environment?.name).toBe(wanted);
    }
  });

  test('a newer push cancels the check of the older one, and that alone', () => {
    const { concurrency } = workflow('pr-check');
    expect(concurrency['cancel-in-progress']).toBe(true);
    expect(concurrency.group).toMatch(/^webgen-pr-check-/);
  });

  test("none is a caller's", () => {
    for (const path of callers) expect(read(path).concurrency).toBeUndefined();
  });
});

test('only a deploy makes a deployment on GitHub', () => {
  expect(workflow('deploy').jobs['build']?.environment?.deployment).toBe(false);
  expect(workflow('pr-check').jobs['preview']?.environment?.deployment).toBe(false);
});

test('a fork gets tests and manifests checked, and no preview', () => {
  const { jobs } = workflow('pr-check');
  const conditions = Object.entries(jobs).filter(([, job]) => `${job.if}`.includes('github.'));
  expect(conditions.map(([id]) => id)).toEqual(['preview']);
  expect(jobs['preview']?.if).toContain('head.repo.full_name == github.repository');
});

describe.each(reusable)('the caller of %s.yml', (name) => {
  const { jobs } = read(`example/.github/workflows/${name}.yml`);
  const job = jobs[name];
  const { on, jobs: called } = workflow(name);

  test('names inputs and secrets that are there', () => {
    expect(job?.uses).toBe(`${project}/.github/workflows/${name}.yml@v1`);
    const inputs = Object.keys(on.workflow_call.inputs);
    for (const input of Object.keys(job?.with ?? {})) expect(inputs).toContain(input);
    const secrets = Object.keys(on.workflow_call.secrets);
    expect(Object.keys(job?.secrets ?? {})).toEqual(secrets);
    for (const each of secrets) expect(job?.secrets?.[each]).toBe(`\${{ secrets.${each} }}`);
  });

  test('grants all that the called jobs ask for, and no more', () => {
    // GitHub refuses to start a run whose called jobs ask for more.
    const asked = Object.assign({}, ...Object.values(called).map((each) => each.permissions));
    expect(job?.permissions).toEqual(asked);
  });
});
