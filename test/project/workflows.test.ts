// The workflows keep the rules that no linter knows: names, pins, permissions, groups; their conditions are
// tried with GitHub's own evaluator.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  type Contexts,
  fill,
  fillText,
  holds,
} from '../../e2e/support/runner/rules/expressions.ts';
import { readAction, renderSubAction } from '../../scripts/docs.ts';
import { readAnswers } from '../../src/commands/init/answers.ts';
import { ordinaryForm, reusableForm } from '../../src/commands/init/workflows/form.ts';
import { contracts } from '../../src/commands/init/workflows/inputs.ts';
import { workflows } from '../../src/commands/init/workflows.ts';
import { project } from '../../src/core/version.ts';

const root = join(import.meta.dirname, '..', '..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');
const own = globSync('.github/workflows/*.yml', { cwd: root }).sort();
const reusable = ['deploy', 'pr-check', 'rollback'] as const;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly name: string;
  readonly uses?: string;
  readonly if?: string;
  readonly needs?: readonly string[];
  readonly 'runs-on': string;
  readonly environment?: { readonly name: string; readonly deployment?: boolean };
  readonly concurrency?: Concurrency;
  readonly permissions?: Readonly<Record<string, string>>;
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
      if (path.endsWith('/probe.yml') && line.includes('/probe-called.yml')) continue;
      expect(line).toMatch(/uses: (?:\$\/deploy|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
    }
    const all = own.flatMap((each) => file(each).match(/uses: [\w-]+\/[\w-]+@.*$/gm) ?? []);
    const versions = Map.groupBy(new Set(all), (line) => line.split('@')[0]);
    for (const [, each] of versions) expect(each).toHaveLength(1);
  });

  test('says why each right is granted', () => {
    const granted = file(path).match(/^ {6}[a-z-]+: (?:read|write)\b.*$/gm) ?? [];
    for (const line of granted) expect(line).toMatch(/ # \S/);
  });

  test('ends every job in time and never puts an expression into a script', () => {
    for (const job of Object.values(read(path).jobs).filter(({ uses }) => uses === undefined)) {
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
    // Nothing but the lock orders runs, so a run waits for as long as another may take.
    const standard: Readonly<Record<string, string>> = { scan, 'lock-timeout': '60m' };
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
      // Whoever approves gives nothing but the time.
      const needsOne = job.environment !== undefined && id !== 'approval';
      expect([id, hasSecret]).toEqual([id, needsOne]);
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

describe('permissions', () => {
  test.each(reusable)(
    '%s.yml asks for none beside its tests, so that the caller grants what counts',
    (name) => {
      const { permissions, jobs } = workflow(name);
      expect(permissions).toBeUndefined();
      for (const [id, job] of Object.entries(jobs)) {
        const hasSecrets = JSON.stringify(job).includes('secrets.');
        expect([id, job.permissions === undefined]).toEqual([id, hasSecrets]);
        // A called job that asks for more than its caller grants stops the run: no caller grants less.
        for (const [right, level] of Object.entries(job.permissions ?? {})) {
          expect([right, level]).toEqual(['contents', 'read']);
        }
      }
    },
  );

  test.each(own.filter((path) => !reusable.some((name) => path.endsWith(`/${name}.yml`))))(
    '%s grants nothing at its top',
    (path) => {
      expect(read(path).permissions).toEqual({});
      for (const job of Object.values(read(path).jobs)) expect(job.permissions).toBeDefined();
    },
  );
});

/** What `init` writes for a shop, parsed. */
function written(
  form: 'ordinary' | 'reusable',
  { production = 'main', commit = '', settings = {} as Readonly<Record<string, string>> } = {},
): Readonly<Record<(typeof reusable)[number], Workflow>> {
  const folders = [
    { name: 'backend', files: ['requirements.txt'] },
    { name: 'frontend', files: ['package-lock.json'] },
  ];
  const words = { app: 'shop', namespace: 'shop', services: 'backend:8000 frontend:3000' };
  const answers = readAnswers(words, folders);
  if ('findings' in answers) throw new Error('the words are right');
  const branches = { production, staging: 'develop' };
  const texts = workflows(answers.answers, {
    form,
    branches,
    settings,
    ...(commit ? { commit } : {}),
  });
  const all = reusable.map(
    (name) => [name, parse(texts[`.github/workflows/${name}.yml`] ?? '') as Workflow] as const,
  );
  return Object.fromEntries(all) as ReturnType<typeof written>;
}

const ordinary = written('ordinary');
const inputsOf = (name: (typeof reusable)[number], given: Contexts = {}) => {
  const all = Object.entries(workflow(name).on.workflow_call.inputs);
  const defaults = all.map(([input, { default: value }]) => [input, (value ?? '') as string]);
  return { ...Object.fromEntries(defaults), ...given } as Contexts;
};
const gate = (text: string | undefined, contexts: Contexts, before: readonly string[] = []) =>
  holds(text, contexts, { before, isCancelled: false });

describe('what starts a deploy', () => {
  const results = ['success', 'failure', 'cancelled', 'skipped'] as const;
  const needs = ['backend-tests', 'frontend-tests', 'build', 'approval'];
  const all = needs.flatMap((need) => results.map((result) => [need, result] as const));
  const others = (need: string, result: string) =>
    Object.fromEntries(needs.map((each) => [each, { result: each === need ? result : 'success' }]));
  const { deploy, approval } = workflow('deploy').jobs;

  test.each(all)('of all needed jobs, %s ended as %s', (need, result) => {
    const starts = (given: Contexts) =>
      gate(deploy?.if, { needs: others(need, result), inputs: inputsOf('deploy', given) });
    // A job that was left out is no obstacle, unless somebody was to approve.
    expect(starts({})).toBe(result === 'success' || result === 'skipped');
    const approved = result === 'success' || (result === 'skipped' && need !== 'approval');
    expect(starts({ 'approval-environment': 'gate' })).toBe(approved);
  });

  test('nobody is asked to approve what has failed, or where nobody is to approve', () => {
    for (const [need, result] of all.filter(([need]) => need !== 'approval')) {
      const asks = (given: Contexts) =>
        gate(approval?.if, { needs: others(need, result), inputs: inputsOf('deploy', given) });
      expect(asks({})).toBe(false);
      const isGood = result === 'success' || result === 'skipped';
      expect([need, asks({ 'approval-environment': 'gate' })]).toEqual([need, isGood]);
    }
  });

  test('a run that was cancelled starts nothing more', () => {
    const contexts = { needs: others('build', 'success'), inputs: inputsOf('deploy') };
    const cancelled = { before: ['success'], isCancelled: true };
    expect(holds(deploy?.if, contexts, cancelled)).toBe(false);
  });

  test.each(results)('without a condition, as ordinary jobs are, %s of a needed job', (result) => {
    const job = ordinary.deploy.jobs['deploy'];
    expect(job?.needs).toEqual(['backend-tests', 'frontend-tests', 'build']);
    expect(job?.if).toBeUndefined();
    expect(gate(job?.if, {}, ['success', result])).toBe(result === 'success');
  });
});

const runs = [
  ['a push to the default branch', 'push', 'refs/heads/BRANCH', 'production'],
  ['a push to develop', 'push', 'refs/heads/develop', 'staging'],
  ['a tag', 'push', 'refs/tags/v1.2.3', 'production'],
  ['a release', 'release', 'refs/tags/v1.2.3', 'production'],
  ['a schedule', 'schedule', 'refs/heads/BRANCH', 'production'],
  ['the default branch by hand', 'workflow_dispatch', 'refs/heads/BRANCH', 'production'],
  ['develop by hand', 'workflow_dispatch', 'refs/heads/develop', 'staging'],
  ['a feature branch by hand', 'workflow_dispatch', 'refs/heads/feature', ''],
  ['a branch that is called like it', 'push', 'refs/heads/old/BRANCH', ''],
] as const;

describe('the environment of a deploy', () => {
  const master = written('ordinary', { production: 'master' }).deploy;
  const callerOfMaster = written('reusable', { production: 'master' }).deploy;
  const cases = [
    ['reusable', workflow('deploy'), 'main'],
    ['ordinary', ordinary.deploy, 'main'],
    ['ordinary', master, 'master'],
  ] as const;

  test.each(
    cases.flatMap(([form, file, branch]) =>
      runs.map(
        ([what, event, ref, wanted]) => [what, form, branch, file, event, ref, wanted] as const,
      ),
    ),
  )('%s (%s, %s)', (_, form, branch, { jobs }, event_name, ref, wanted) => {
    const github = { ref: ref.replace('BRANCH', branch), event_name };
    const contexts = { github, inputs: form === 'reusable' ? inputsOf('deploy') : {} };
    for (const id of ['build', 'deploy']) {
      expect(fillText(jobs[id]?.environment?.name ?? 'none', contexts)).toBe(wanted);
      const steps = (jobs[id]?.steps ?? []).filter((step) => step.with?.['command']);
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) {
        expect(fillText(step.with?.['environment'] ?? 'none', contexts)).toBe(wanted);
      }
    }
    if (form === 'reusable') return;
    const { namespace = '' } =
      jobs['deploy']?.steps?.find(({ with: w }) => w?.['namespace'])?.with ?? {};
    expect(fillText(namespace, contexts)).toBe(wanted === 'production' ? 'shop' : 'shop-staging');
  });

  test('a caller says it where the branch is not main, which the called workflow takes', () => {
    const { environment } = (callerOfMaster.jobs['deploy']?.with ?? {}) as Record<string, string>;
    const on = (ref: string) => fillText(environment ?? '', { github: { ref } });
    expect(on('refs/heads/master')).toBe('production');
    expect(on('refs/heads/main')).toBe('');
    expect(written('reusable').deploy.jobs['deploy']?.with).not.toHaveProperty('environment');
  });

  test('one that is given counts on any branch, and so does that of the build', () => {
    const inputs = inputsOf('deploy', { environment: 'demo', 'build-environment': 'build' });
    const contexts = { inputs, github: { ref: 'refs/heads/main' } };
    const { build, deploy } = workflow('deploy').jobs;
    expect(fillText(deploy?.environment?.name ?? '', contexts)).toBe('demo');
    expect(fillText(build?.environment?.name ?? '', contexts)).toBe('build');
  });

  test('the one that is named where a secret is missing is the one that the job reads', () => {
    const check = (id: string, given: Record<string, string>, ref: string) => {
      const job = workflow('deploy').jobs[id];
      const step = job?.steps?.find(({ name }) => name === 'Check the secrets');
      const contexts = { inputs: inputsOf('deploy', given), github: { ref } };
      return fillText(step?.env?.['ENVIRONMENT'] ?? '', contexts);
    };
    const own = { 'build-environment': 'build' };
    expect(check('build', own, 'refs/heads/main')).toBe('build');
    expect(check('build', {}, 'refs/heads/main')).toBe('production');
    expect(check('deploy', own, 'refs/heads/main')).toBe('production');
    // Nowhere to deploy to: nothing is built, either.
    expect(check('build', own, 'refs/heads/feature')).toBe('');
  });
});

describe('groups', () => {
  test('ordinary jobs have one where the lock is off, and the build its own environment', () => {
    const settings = { lock: 'false', 'build-environment': 'build' };
    const { deploy: file, rollback: back } = written('ordinary', { settings });
    const github = { repository: 'acme/shop', ref: 'refs/heads/develop' };
    const inputs = { environment: 'staging' };
    const groups = [file.jobs['deploy'], back.jobs['rollback']].map((job) =>
      fillText(job?.concurrency?.group ?? '', { github, inputs }),
    );
    expect(groups).toEqual(['webgen-deploy-acme/shop-shop-staging', groups[0]]);
    expect(file.jobs['build']?.environment?.name).toBe('build');
  });

  const group = (text: string | undefined, inputs: Contexts, run = 1, attempt = 1) => {
    const github = {
      repository: 'acme/shop',
      ref: 'refs/heads/main',
      run_id: run,
      run_attempt: attempt,
    };
    return fillText(text ?? '', { github, inputs });
  };
  const deploy = workflow('deploy').jobs['deploy']?.concurrency?.group;
  const rollback = workflow('rollback').jobs['rollback']?.concurrency?.group;

  test('no workflow that deploys has one around all its jobs: approval would be waited for in it', () => {
    for (const each of [
      workflow('deploy'),
      workflow('rollback'),
      ordinary.deploy,
      ordinary.rollback,
    ]) {
      expect(each.concurrency).toBeUndefined();
    }
    for (const each of [ordinary.deploy, ordinary.rollback]) {
      for (const job of Object.values(each.jobs)) expect(job.concurrency).toBeUndefined();
    }
  });

  test('under the lock no two runs, and no two attempts, ever wait in the same one', () => {
    const lock = { lock: true };
    const [one, two, again] = [
      group(deploy, inputsOf('deploy', lock), 1),
      group(deploy, inputsOf('deploy', lock), 2),
      group(deploy, inputsOf('deploy', lock), 1, 2),
    ];
    const back = group(rollback, inputsOf('rollback', { ...lock, environment: 'production' }), 3);
    expect(new Set([one, two, again, back]).size).toBe(4);
  });

  test('without the lock a deploy and a rollback of one environment share one', () => {
    const lock = { lock: false };
    const one = group(deploy, inputsOf('deploy', lock), 1);
    expect(group(deploy, inputsOf('deploy', lock), 2)).toBe(one);
    expect(group(rollback, inputsOf('rollback', { ...lock, environment: 'production' }), 3)).toBe(
      one,
    );
    expect(group(rollback, inputsOf('rollback', { ...lock, environment: 'staging' }), 3)).not.toBe(
      one,
    );
    for (const each of [workflow('deploy').jobs['deploy'], workflow('rollback').jobs['rollback']]) {
      expect(each?.concurrency).toMatchObject({ 'cancel-in-progress': false, queue: 'max' });
    }
  });

  test('a newer push cancels the check of the older one, and that alone', () => {
    for (const { concurrency } of [workflow('pr-check'), ordinary['pr-check']]) {
      expect(concurrency['cancel-in-progress']).toBe(true);
      expect(concurrency.group).toMatch(/^webgen-pr-check-/);
    }
  });

  test("none is a caller's", () => {
    for (const each of Object.values(written('reusable'))) expect(each.concurrency).toBeUndefined();
  });
});

describe('runners', () => {
  const { 'runs-on': runsOn = '' } = workflow('deploy').jobs['deploy'] ?? {};
  test.each([
    ['a label', 'ubuntu-24.04', 'ubuntu-24.04'],
    ['labels', '["self-hosted", "x64"]', ['self-hosted', 'x64']],
    ['a group', '{"group": "big", "labels": ["linux"]}', { group: 'big', labels: ['linux'] }],
  ])('%s', (_, runner, wanted) => {
    expect(fill(runsOn, { inputs: inputsOf('deploy', { runner }) })).toEqual(wanted);
    const { jobs } = written('ordinary', { settings: { runner } }).deploy;
    for (const job of Object.values(jobs)) expect(job['runs-on']).toEqual(wanted);
  });

  test('every job of the reusable ones is on it, and looks first whether it has what the job needs', () => {
    for (const name of reusable) {
      for (const [id, job] of Object.entries(workflow(name).jobs)) {
        expect([id, job['runs-on']]).toEqual([id, runsOn]);
        if (id !== 'approval') expect(job.steps?.[0]?.name).toBe('Check the runner');
      }
    }
  });
});

test('nothing needs jq: it is named only where a person is told how to store a key', () => {
  for (const file of [...reusable.map(workflow), ...Object.values(ordinary)]) {
    const steps = Object.values(file.jobs).flatMap((job) => job.steps ?? []);
    const scripts = steps.filter(({ name }) => name !== 'Check the secrets').map(({ run }) => run);
    expect(scripts.join('\n')).not.toMatch(/\bjq\b/);
  }
});

describe('what one job hands to another', () => {
  const consumed = (file: Workflow) =>
    [...JSON.stringify(file.jobs).matchAll(/needs\.[\w-]+\.outputs\.([\w-]+)/g)].map(
      ([, name]) => name,
    );
  test('is lines, without a brace, an id or a value', () => {
    for (const file of [...reusable.map(workflow), ...Object.values(ordinary)]) {
      for (const name of consumed(file)) expect(name).toBe('digest-lines');
    }
    expect(consumed(ordinary.deploy)).toHaveLength(1);
  });

  test('is named as built, so that lines that were lost stop the deploy', () => {
    const images = (file: Workflow) =>
      file.jobs['deploy']?.steps?.find((step) => step.with?.['images'])?.with ?? {};
    const called = images(workflow('deploy'));
    const contexts = (result: string, lines: string) => ({
      inputs: inputsOf('deploy', { images: 'db=postgres:18' }),
      needs: { build: { result, outputs: { 'digest-lines': lines } } },
    });
    const digest = `backend=sha256:${'a'.repeat(64)}`;
    const said = fillText(called['images'] ?? '', contexts('success', digest));
    expect(said.split('\n').filter((line) => line !== '')).toEqual(['db=postgres:18', digest]);
    expect(fill(called['built'] ?? '', contexts('success', ''))).toBe(true);
    expect(fill(called['built'] ?? '', contexts('skipped', ''))).toBe(false);
    expect(images(ordinary.deploy)).toMatchObject({
      images: '${{ needs.build.outputs.digest-lines }}',
      built: true,
    });
  });
});

describe('credentials', () => {
  const key = (given: Contexts) => {
    const step = workflow('deploy').jobs['deploy']?.steps?.find(({ with: w }) => w?.['images']);
    const contexts = {
      inputs: inputsOf('deploy', given),
      secrets: { YC_SA_JSON_CREDENTIALS: 'key', YC_K8S_CLUSTER_ID: 'from a secret' },
      vars: { YC_REGISTRY_ID: 'from a variable' },
    };
    const value = (name: string) => fillText(step?.with?.[name] ?? '', contexts);
    return ['yc-sa-json-credentials', 'yc-sa-id', 'yc-k8s-cluster-id', 'yc-registry-id'].map(value);
  };

  test('a key is left alone where the run is keyless; an id is an input, a variable or a secret', () => {
    expect(key({})).toEqual(['key', '', 'from a secret', 'from a variable']);
    const ids = { 'yc-k8s-cluster-id': 'given', 'yc-registry-id': 'too' };
    expect(key({ 'yc-sa-id': 'aje1', ...ids })).toEqual(['', 'aje1', 'given', 'too']);
  });
});

test('only a deploy, and whoever approves it, makes a deployment on GitHub', () => {
  const { build, approval } = workflow('deploy').jobs;
  expect(build?.environment?.deployment).toBe(false);
  // A custom rule cannot be combined with deployment: false.
  expect(approval?.environment?.deployment).toBeUndefined();
  expect(workflow('pr-check').jobs['preview']?.environment?.deployment).toBe(false);
  expect(ordinary.deploy.jobs['build']?.environment?.deployment).toBe(false);
  expect(ordinary['pr-check'].jobs['preview']?.environment?.deployment).toBe(false);
});

describe('the preview of a pull request', () => {
  const pull = (base: string, head = 'acme/shop', login = 'mona') => ({
    event_name: 'pull_request',
    repository: 'acme/shop',
    base_ref: base,
    event: { pull_request: { head: { repo: { full_name: head } }, user: { login } } },
  });
  const master = written('ordinary', { production: 'master' })['pr-check'];
  const cases = [
    ['of the repository itself', pull('main'), true, false],
    ['to master', pull('master'), false, true],
    ['to develop', pull('develop'), true, true],
    ['stacked on another', pull('feature'), false, false],
    ['from a fork', pull('develop', 'eve/shop'), false, false],
    ['of Dependabot', pull('develop', 'acme/shop', 'dependabot[bot]'), false, false],
    ['in a merge queue', { ...pull('develop'), event_name: 'merge_group' }, false, false],
  ] as const;

  test.each(cases)('%s', (_, github, onMain, onMaster) => {
    const shows = (file: Workflow, inputs: Contexts) =>
      gate(file.jobs['preview']?.if, { github, inputs });
    expect(shows(workflow('pr-check'), inputsOf('pr-check'))).toBe(onMain);
    expect(shows(ordinary['pr-check'], {})).toBe(onMain);
    expect(shows(master, {})).toBe(onMaster);
    const called = written('reusable', { production: 'master' })['pr-check'].jobs['pr-check']?.with;
    // The called workflow knows main and develop by itself.
    const environment = fillText((called as Record<string, string>)['environment'] ?? '', {
      github,
    });
    expect(shows(workflow('pr-check'), inputsOf('pr-check', { environment }))).toBe(
      onMaster || onMain,
    );
  });

  test('is all that depends on who asks: tests and manifests are checked in any case', () => {
    for (const file of [workflow('pr-check'), ordinary['pr-check']]) {
      const conditions = Object.entries(file.jobs).filter(([, job]) =>
        `${job.if}`.includes('github.'),
      );
      expect(conditions.map(([id]) => id)).toEqual(['preview']);
    }
  });
});

describe.each(reusable)('the caller of %s.yml', (name) => {
  const { jobs } = written('reusable')[name];
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

  test('grants what the same jobs have in the ordinary form, and no more', () => {
    // GitHub refuses to start a run whose called jobs ask for more.
    const rights = (all: readonly Job[]) =>
      Object.assign({}, ...all.map((each) => each.permissions ?? {})) as object;
    expect(job?.permissions).toEqual(rights(Object.values(written('ordinary')[name].jobs)));
    expect(job?.permissions).toMatchObject(
      name === 'rollback' ? {} : rights(Object.values(called)),
    );
  });
});

describe('both forms', () => {
  const deployed = (file: Workflow, contexts: Contexts) => {
    const steps = Object.values(file.jobs).flatMap((job) => job.steps ?? []);
    return steps.flatMap(({ with: inputs }) => {
      if (!inputs?.['command']) return [];
      const filled = Object.entries(inputs).map(([input, text]) => {
        const value = fillText(String(text), contexts).trim();
        const standard = action.inputs.find((each) => each.name === input)?.default;
        return [input, value === standard ? '' : value] as const;
      });
      return [Object.fromEntries(filled.filter(([, value]) => value !== ''))];
    });
  };

  test.each(reusable)('of %s.yml tell the action the same, step by step', (name) => {
    const github = { ref: 'refs/heads/develop', base_ref: 'develop', event_name: 'push' };
    const common = {
      github,
      secrets: { YC_SA_JSON_CREDENTIALS: 'key', APPLICATION_SECRETS: 'c2VjcmV0' },
      vars: { YC_REGISTRY_ID: 'registry', YC_K8S_CLUSTER_ID: 'cluster' },
      needs: { build: { result: 'success', outputs: { 'digest-lines': 'a=sha256:b' } } },
      steps: {
        deploy: { outputs: { namespace: 'n', revision: '7' } },
        rollback: { outputs: { namespace: 'n', revision: '7' } },
      },
    };
    const byHand = { environment: 'staging', 'to-release': '3' };
    const caller = written('reusable')[name].jobs[name];
    const given = Object.entries(caller?.with ?? {}).map(([input, text]) => {
      return [input, fillText(String(text), { ...common, inputs: byHand })] as const;
    });
    const called = deployed(workflow(name), {
      ...common,
      inputs: inputsOf(name, Object.fromEntries(given)),
    });
    expect(deployed(ordinary[name], { ...common, inputs: byHand })).toEqual(called);
    expect(called.length).toBeGreaterThan(0);
  });

  test('of a value: an input of the called workflow, and the text itself', () => {
    expect(reusableForm('deploy').value('app')).toBe('${{ inputs.app }}');
    const branches = { production: 'main', staging: 'develop' };
    const form = (settings: Readonly<Record<string, string>>) =>
      ordinaryForm('deploy', { settings, branches, action: 'x' });
    expect(form({ app: 'shop' }).value('app')).toBe('shop');
    expect(form({}).value('timeout')).toBeUndefined();
    expect(form({}).value('lock-timeout')).toBe('60m');
    expect(Object.keys(contracts)).toEqual([...reusable]);
  });
});

describe('what init writes', () => {
  const commit = 'f'.repeat(40);
  test.each(['ordinary', 'reusable'] as const)('in the form %s does not depend on `$/`', (form) => {
    const text = JSON.stringify(written(form));
    expect(text).not.toContain('$/');
    expect(text).toContain(
      `${project}${form === 'ordinary' ? '@v1' : '/.github/workflows/deploy.yml@v1'}`,
    );
    expect(JSON.stringify(written(form, { commit }))).not.toContain('@v1');
    expect(JSON.stringify(written(form, { commit }))).toContain(`@${commit}`);
  });

  test('asks for one of the two environments where a person rolls back', () => {
    for (const form of ['ordinary', 'reusable'] as const) {
      const { on } = written(form).rollback as unknown as {
        readonly on: { readonly workflow_dispatch: { readonly inputs: Record<string, unknown> } };
      };
      expect(on.workflow_dispatch.inputs['environment']).toMatchObject({
        type: 'choice',
        options: ['production', 'staging'],
      });
    }
  });

  test('listens to the two branches, to pull requests and to the merge queue', () => {
    for (const form of ['ordinary', 'reusable'] as const) {
      const on = (name: (typeof reusable)[number]) =>
        written(form, { production: 'master' })[name].on as unknown as Record<string, unknown>;
      expect(on('deploy')).toEqual({ push: { branches: ['master', 'develop'] } });
      expect(Object.keys(on('pr-check'))).toEqual(['pull_request', 'merge_group']);
    }
  });
});
