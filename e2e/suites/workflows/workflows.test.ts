// The workflows, run whole in both forms: as init writes them, this bundle, a real API server.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { actionlint, zizmor } from '../../../scripts/workflows.ts';
import { project } from '../../../src/core/version.ts';
import { inputTable } from '../../../src/inputs/contract.ts';
import { provideAssets } from '../../support/cluster/assets.ts';
import { exec } from '../../support/cluster/exec.ts';
import { openSharedSite, type Site } from '../../support/site.ts';
import { provideTool } from '../../support/tools/tools.ts';
import { type ActOptions, type ActRun, runAct } from '../../support/workflows/act.ts';
import { type ApplicationOptions, makeApplication } from '../../support/workflows/application.ts';
import { forAct, type Hub, makeHub, SELF } from '../../support/workflows/hub.ts';

const provided = await provideTool('act');
if ('missing' in provided) console.warn(`workflows are not run: ${provided.missing}`);
const act = 'path' in provided ? provided.path : '';
const suite = act ? describe : describe.skip;

let site: Site;
let hub: Hub;
let kubectl = '';
const folders: string[] = [];

beforeAll(async () => {
  if (!act) return;
  [site, hub] = await Promise.all([openSharedSite(), makeHub()]);
  kubectl = (await provideAssets(['kubectl']))['kubectl'] ?? '';
  await Promise.all(['shop', 'shop-staging'].map(site.freshNamespace));
}, 900_000);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  if (hub) await rm(hub.folder, { recursive: true, force: true });
  await site?.stop();
});

const secrets = () => ({
  YC_SA_JSON_CREDENTIALS: site.account.keyJson,
  YC_K8S_CLUSTER_ID: site.access['yc-k8s-cluster-id'] ?? '',
  YC_REGISTRY_ID: 'crp1234567890abcdef',
  APPLICATION_SECRETS: 'shop-secrets/TOKEN<<END\ntwo\nlines\nEND',
});

interface Scene extends Partial<ActOptions> {
  readonly branch?: string;
  readonly with?: readonly string[];
  readonly files?: ApplicationOptions['files'];
  readonly form?: ApplicationOptions['form'];
  readonly defaultBranch?: string;
}

const images = (tag: number) => [
  'images: |',
  `  backend=registry.example/backend:${tag}`,
  `  frontend=registry.example/frontend:${tag}`,
];

/** act now and then loses what a step says that ends within milliseconds: then it runs again. */
async function playUntil(said: string, scene: Scene): Promise<ActRun> {
  let run = await play(scene);
  for (let again = 0; again < 3 && !run.text.includes(said); again += 1) run = await play(scene);
  return run;
}

async function play({
  branch = 'main',
  defaultBranch = 'main',
  form = 'reusable',
  files,
  with: lines = [],
  ...scene
}: Scene): Promise<ActRun> {
  const more = [`yc-api-endpoint: ${site.yandex.endpoint}`, ...lines];
  const shape = { branch, defaultBranch, form, with: more };
  const application = await makeApplication({ ...shape, ...(files ? { files } : {}) });
  folders.push(application);
  const repository = { full_name: 'acme/shop', name: 'shop', default_branch: defaultBranch };
  const payload = { ref: `refs/heads/${branch}`, repository };
  const usual = { act, hub, kubectl, application, event: 'push', workflow: 'deploy' } as const;
  const run = await runAct({ ...usual, payload, secrets: secrets(), ...scene });
  expect(run.text).not.toContain(JSON.parse(site.account.keyJson).private_key.slice(60, 120));
  return run;
}

async function imageIn(namespace: string): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/backend`;
  const { body } = await site.cluster.api({ path });
  return body.spec?.template.spec.containers[0].image;
}

/** With the log's end where it is not so. */
function expectRun(run: ActRun, code: number, jobs: ActRun['jobs']): void {
  const isSo =
    run.code === code && Object.keys(jobs).every((name) => run.jobs[name] === jobs[name]);
  expect([run.code, run.jobs, isSo ? '' : run.text.slice(-6000)]).toEqual([code, jobs, '']);
}

/** Runs that are not about tests leave them out: seconds. */
const untested = ["backend-path: ''", "frontend-path: ''"];

/** The scanner's database is not to be had without the internet. */
const unscanned = ["scan: 'off'"];

const all = { 'backend tests': true, 'frontend tests': true };

suite('deploy.yml', () => {
  test.each([
    ['main', 'shop', 'shop-staging', 1],
    ['develop', 'shop-staging', 'nowhere', 2],
  ])(
    'a push to %s lands in %s',
    async (branch, namespace, other, tag) => {
      const run = await play({ branch, with: images(tag) });
      expectRun(run, 0, { ...all, 'deploy and verify': true });
      expect(await imageIn(namespace)).toBe(`registry.example/backend:${tag}`);
      expect(await imageIn(other)).toBeUndefined();
      const path = `/api/v1/namespaces/${namespace}/secrets/shop-secrets`;
      const { body } = await site.cluster.api({ path });
      expect(atob(body.data.TOKEN)).toBe('two\nlines');
    },
    120_000,
  );

  test('a failing pytest stops it before anything is sent', async () => {
    const asked = site.yandex.requests.length;
    const files = { 'backend/test_api.py': 'def test_sum():\n    assert 1 + 1 == 3\n' };
    const run = await play({ with: images(3), files });
    expectRun(run, 1, { 'backend tests': false, 'frontend tests': true });
    expect(site.yandex.requests.length).toBe(asked);
  }, 120_000);

  test('a missing secret is named, with the command that sets it', async () => {
    const scene = { with: [...images(3), ...untested], secrets: {} };
    const run = await playUntil('YC_K8S_CLUSTER_ID is missing', scene);
    expectRun(run, 1, { 'deploy and verify': false });
    expect(run.text).toContain('YC_SA_JSON_CREDENTIALS is missing');
    expect(run.text).toContain('gh secret set YC_SA_JSON_CREDENTIALS --env production');
    expect(run.text).toContain('gh variable set YC_K8S_CLUSTER_ID --env production');
  }, 120_000);

  test('a manifest that the cluster refuses leaves it as it was', async () => {
    const kustomization = 'resources: [../../base, more.yaml]\nnamespace: shop\n';
    const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndatum: {a: b}\n';
    const files = {
      'manifests/overlays/production/kustomization.yaml': kustomization,
      'manifests/overlays/production/more.yaml': wrong,
    };
    const run = await play({ with: [...images(4), ...untested], files });
    expectRun(run, 1, { 'deploy and verify': false });
    expect(run.text).toContain('field-unknown');
    expect(await imageIn('shop')).toBe('registry.example/backend:1');
  }, 120_000);
});

suite('pr-check.yml', () => {
  const pwned = join(tmpdir(), `webgen-pwned-${process.pid}`);
  /** Whoever opens a pull request chooses these words. */
  const hostile = `a";touch "${pwned}";$(touch ${pwned});\`touch ${pwned}\`;\${{ github.token }}#`;
  const pull = (head: string) => ({
    repository: { full_name: 'acme/shop', name: 'shop', default_branch: 'main' },
    number: 7,
    pull_request: {
      number: 7,
      title: hostile,
      body: hostile,
      base: { ref: 'main', repo: { full_name: 'acme/shop' } },
      head: { ref: hostile, label: `eve:${hostile}`, repo: { full_name: head } },
      user: { login: 'mona' },
    },
  });
  const check = { event: 'pull_request', workflow: 'pr-check', branch: 'feature' } as const;

  test('a pull request from a fork is checked without a secret and without a preview', async () => {
    const asked = site.yandex.requests.length;
    const run = await play({ ...check, payload: pull('eve/shop'), secrets: {}, with: unscanned });
    expectRun(run, 0, { ...all, manifests: true });
    expect(site.yandex.requests.length).toBe(asked);
    expect(existsSync(pwned)).toBe(false);
  }, 120_000);

  test("the repository's own shows what a deploy would change, and changes nothing", async () => {
    const run = await play({
      ...check,
      payload: pull('acme/shop'),
      with: [...images(9), ...untested, ...unscanned],
    });
    expectRun(run, 0, { manifests: true, preview: true });
    expect(run.text).toContain('registry.example/backend:9');
    expect(existsSync(pwned)).toBe(false);
    expect(await imageIn('shop')).toBe('registry.example/backend:1');
  }, 120_000);

  test('is red where a secret is missing, and where an overlay cannot be built', async () => {
    const broken = { 'manifests/overlays/staging/kustomization.yaml': 'resources: [nowhere]\n' };
    const missing = 'YC_SA_JSON_CREDENTIALS is missing';
    const run = await playUntil(missing, {
      ...check,
      payload: pull('acme/shop'),
      secrets: {},
      files: broken,
      with: [...untested, ...unscanned],
    });
    expectRun(run, 1, { manifests: false, preview: false });
    expect(run.text).toContain(missing);
  }, 120_000);
});

// The command comes with an input of its own.
(act && 'to-release' in inputTable ? describe : describe.skip)('rollback.yml', () => {
  test('goes back to the release before, without tests and without a checkout', async () => {
    await play({ with: [...images(7), ...untested] });
    expect(await imageIn('shop')).toBe('registry.example/backend:7');
    const inputs = { environment: 'production', 'to-release': '' };
    const event = { event: 'workflow_dispatch', workflow: 'rollback' } as const;
    const repository = { full_name: 'acme/shop', name: 'shop', default_branch: 'main' };
    const run = await play({ ...event, payload: { inputs, repository } });
    expectRun(run, 0, { 'roll back and verify': true });
    expect(await imageIn('shop')).toBe('registry.example/backend:1');
  }, 120_000);
});

suite('ordinary jobs, in a repository whose default branch is master', () => {
  const form = 'ordinary' as const;
  const master = { form, branch: 'master', defaultBranch: 'master' } as const;
  const base = (ref: string) => ({
    repository: { full_name: 'acme/shop', name: 'shop', default_branch: 'master' },
    number: 8,
    pull_request: {
      number: 8,
      title: 'A change',
      base: { ref, repo: { full_name: 'acme/shop' } },
      head: { ref: 'feature', repo: { full_name: 'acme/shop' } },
      user: { login: 'mona' },
    },
  });

  test('a push deploys to production, after the tests', async () => {
    const run = await play({ ...master, with: images(21) });
    expectRun(run, 0, { ...all, 'deploy and verify': true });
    expect(await imageIn('shop')).toBe('registry.example/backend:21');
  }, 120_000);

  test('a pull request to it is previewed against production', async () => {
    const run = await play({
      ...{ ...master, branch: 'feature', event: 'pull_request', workflow: 'pr-check' },
      payload: base('master'),
      with: [...images(22), ...untested, ...unscanned],
    });
    expectRun(run, 0, { manifests: true, preview: true });
    expect(run.text).toContain('registry.example/backend:22');
  }, 120_000);

  test('a stacked pull request is checked, and has no preview that could be red', async () => {
    const asked = site.yandex.requests.length;
    const run = await play({
      ...{ ...master, branch: 'more', event: 'pull_request', workflow: 'pr-check' },
      payload: base('feature'),
      with: unscanned,
    });
    expectRun(run, 0, { ...all, manifests: true });
    expect(site.yandex.requests.length).toBe(asked);
  }, 120_000);

  test('the check of a merge queue reports: tests and manifests, and no preview', async () => {
    const ref = 'refs/heads/gh-readonly-queue/master/pr-8-abc';
    const repository = { full_name: 'acme/shop', name: 'shop', default_branch: 'master' };
    const queue = { head_ref: ref, base_ref: 'refs/heads/master' };
    const run = await play({
      ...{ ...master, branch: 'queued', event: 'merge_group', workflow: 'pr-check' },
      payload: { action: 'checks_requested', repository, merge_group: queue },
      with: unscanned,
    });
    expectRun(run, 0, { ...all, manifests: true });
  }, 120_000);

  test('a rollback goes back, and nothing else is asked', async () => {
    const inputs = { environment: 'production', 'to-release': '' };
    const repository = { full_name: 'acme/shop', name: 'shop', default_branch: 'master' };
    await play({ ...master, with: [...images(23), ...untested] });
    expect(await imageIn('shop')).toBe('registry.example/backend:23');
    const event = { event: 'workflow_dispatch', workflow: 'rollback' } as const;
    const run = await play({ ...master, ...event, payload: { inputs, repository } });
    expectRun(run, 0, { 'roll back and verify': true });
    expect(await imageIn('shop')).toBe('registry.example/backend:21');
  }, 120_000);
});

/** The script of a step of a job of the project's own workflow, with these variables. */
async function script(
  workflow: string,
  job: string,
  step: string,
  env: Readonly<Record<string, string>>,
) {
  const path = join(
    import.meta.dirname,
    '..',
    '..',
    '..',
    '.github',
    'workflows',
    `${workflow}.yml`,
  );
  const { jobs } = parse(await readFile(path, 'utf8'));
  const found = jobs[job].steps.find(({ name }: { name: string }) => name === step);
  const [shell, ...flags] =
    found.shell === 'sh' ? ['/bin/sh', '-e'] : ['/bin/bash', '-eo', 'pipefail'];
  return exec(shell ?? '', [...flags, '-c', found.run], { env });
}

describe('the check of the secrets', () => {
  const all = { YC_SA_JSON_CREDENTIALS: 'true', YC_K8S_CLUSTER_ID: 'true' };
  const check = (env: Readonly<Record<string, string>>) =>
    script('deploy', 'deploy', 'Check the secrets', {
      ...{ ENVIRONMENT: 'production', CALLED: project, GITHUB_REPOSITORY_OWNER: 'Org' },
      ...all,
      ...env,
    });

  test('says nothing where they are all there', async () => {
    expect(await check({})).toMatchObject({ code: 0, stdout: '' });
  });

  test('of the same owner: names the environment and the command', async () => {
    const { code, stdout } = await check({ YC_SA_JSON_CREDENTIALS: 'false' });
    expect([code, stdout.trim()]).toEqual([
      1,
      '::error title=YC_SA_JSON_CREDENTIALS is missing::Set it in the GitHub environment production: jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS --env production',
    ]);
  });

  test('of another owner: names that as the cause, and the form that works', async () => {
    const other = { YC_SA_JSON_CREDENTIALS: 'false', GITHUB_REPOSITORY_OWNER: 'acme' };
    const { code, stdout } = await check(other);
    expect(code).toBe(1);
    expect(stdout).toContain(`this workflow is ${project}'s, and secrets of an environment`);
    expect(stdout).toContain(`npx github:${project} init --force`);
    expect(stdout).toContain('gh secret set YC_SA_JSON_CREDENTIALS\n');
  });

  test('an id is set as a variable, which reaches workflows of any owner', async () => {
    const other = { YC_K8S_CLUSTER_ID: 'false', GITHUB_REPOSITORY_OWNER: 'acme' };
    const { code, stdout } = await check(other);
    expect([code, stdout.trim()]).toEqual([
      1,
      '::error title=YC_K8S_CLUSTER_ID is missing::Set the variable in the GitHub environment production: gh variable set YC_K8S_CLUSTER_ID --env production',
    ]);
  });

  test('a branch without an environment is no place to look for secrets in', async () => {
    const { code, stdout } = await check({ ENVIRONMENT: '' });
    expect([code, stdout]).toEqual([1, expect.stringContaining('title=No environment::')]);
  });

  test("an environment's name is no command", async () => {
    const { stdout } = await check({
      YC_K8S_CLUSTER_ID: 'false',
      ENVIRONMENT: 'a\n::warning::$(id)',
    });
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toContain('--env a???warning????id?');
  });
});

describe('the check of the runner', () => {
  type Tools = readonly (readonly [name: string, exit: number])[];
  const runner = async (tools: Tools) => {
    const bin = await mkdtemp(join(tmpdir(), 'webgen-bin-'));
    folders.push(bin);
    for (const [name, exit] of tools) {
      await writeFile(join(bin, name), `#!/bin/sh\nexit ${exit}\n`, { mode: 0o755 });
    }
    return { PATH: bin };
  };
  const check = async (job: string, tools: Tools) => {
    const path = await runner(tools);
    const workflow = job === 'manifests' ? 'pr-check' : 'deploy';
    return script(workflow, job, 'Check the runner', path);
  };

  test.each([
    [
      'build',
      [
        ['bash', 0],
        ['docker', 0],
      ],
      0,
      '',
    ],
    ['build', [['bash', 0]], 1, 'The runner has no docker'],
    [
      'build',
      [
        ['bash', 0],
        ['docker', 1],
      ],
      1,
      'Docker has no buildx',
    ],
    ['build', [['docker', 0]], 1, 'The runner has no bash'],
    ['deploy', [['bash', 0]], 0, ''],
    ['manifests', [['bash', 0]], 1, 'The runner has no kubectl'],
  ] as const)('%s on a runner with %j', async (job, tools, code, said) => {
    const done = await check(job, tools);
    expect([done.code, done.stdout]).toEqual([code, expect.stringContaining(said)]);
    if (code === 0) expect(done.stdout).toBe('');
  });
});

describe('the linters', () => {
  const lint = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'webgen-lint-'));
    folders.push(folder);
    const file = join(folder, 'wrong.yml');
    await writeFile(file, text);
    return { actionlint: await actionlint([file]), zizmor: await zizmor([file]) };
  };
  const job = (step: string) =>
    `name: x\non: pull_request\npermissions: {}\nconcurrency: {group: x, cancel-in-progress: true}\njobs:\n  x:\n    name: x\n    runs-on: ubuntu-24.04\n    steps:\n      - name: x\n        ${step}\n`;

  test('say nothing of what is right, and do say what is wrong', async () => {
    const right = await lint(job('run: echo right'));
    const wrong = await lint(job("run: 'echo $x ${{ github.head_ref }}'"));
    for (const name of ['actionlint', 'zizmor'] as const) {
      if (right[name].result === 'skipped') continue;
      expect([name, right[name].result, wrong[name].result]).toEqual([name, 'passed', 'failed']);
      expect(wrong[name].text).toContain('github.head_ref');
    }
  }, 60_000);

  test('excuse the new syntax alone', async () => {
    const { actionlint: linted } = await lint(job('uses: $/elsewhere'));
    if (linted.result !== 'skipped') expect(linted.result).toBe('failed');
  }, 60_000);
});

describe('what act gets', () => {
  test('differs in lines that name the action itself, and nowhere else', () => {
    const text =
      'jobs:\n  a:\n    steps:\n      - uses: x\n      - name: y\n        uses: $/deploy\n';
    expect(forAct(text)).toBe(text.replace('$/deploy', `${SELF}/deploy@v1`));
    expect(() => forAct('jobs: {}\n')).toThrow('more than uses');
  });
});
