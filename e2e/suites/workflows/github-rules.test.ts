// Whole deploys under act with GitHub's own rules: secrets by owner, masks by line, outputs that a mask
// would change are dropped. A real build, registry and API server.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { project } from '../../../src/core/version.ts';
import { provideAssets } from '../../support/cluster/assets.ts';
import { execOk } from '../../support/cluster/exec.ts';
import {
  builderUnavailable,
  startBuilder,
  type TestBuilder,
} from '../../support/images/builder.ts';
import { startTestRegistry, type TestRegistry } from '../../support/images/test-registry.ts';
import { type Rules, without } from '../../support/runner/rules/table.ts';
import type { Repository } from '../../support/runner/rules/world.ts';
import {
  callersBefore,
  forms as callForms,
  formsNow,
  hubBefore,
} from '../../support/runner/rules/worlds.ts';
import { openSharedSite, type Site } from '../../support/site.ts';
import { provideTool } from '../../support/tools/tools.ts';
import { type ActRun, runAct } from '../../support/workflows/act.ts';
import { makeApplication } from '../../support/workflows/application.ts';
import { type Hub, makeHub } from '../../support/workflows/hub.ts';

const provided = await provideTool('act');
const reason = 'missing' in provided ? provided.missing : await builderUnavailable();
const act = 'path' in provided ? provided.path : '';
const suite = reason === undefined ? describe : describe.skip;

let site: Site;
/** As the workflows that are tried name it. */
const ns = 'shop';
let builder: TestBuilder;
let registry: TestRegistry;
let kubectl = '';
const folders: string[] = [];

async function newHub(options: Parameters<typeof makeHub>[0]): Promise<Hub> {
  const hub = await makeHub({ rules: true, ...options });
  folders.push(hub.folder);
  return hub;
}

beforeAll(async () => {
  if (reason !== undefined) return;
  [site, builder, registry] = await Promise.all([
    openSharedSite(),
    startBuilder(),
    startTestRegistry(),
  ]);
  kubectl = (await provideAssets(['kubectl']))['kubectl'] ?? '';
}, 900_000);

/** Nothing of another owner's, and no image of a test before. */
beforeEach(async () => {
  if (reason !== undefined) return;
  await site.freshNamespace(ns);
}, 60_000);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await Promise.all([site?.stop(), builder?.stop(), registry?.stop()]);
});

/** The key as people store it. */
const forms = {
  'as yc writes it': (json: string) => `${JSON.stringify(JSON.parse(json), null, 3)}\n`,
  'on one line': (json: string) => JSON.stringify(JSON.parse(json)),
  'as base64': (json: string) => Buffer.from(json).toString('base64'),
} as const;
type Form = keyof typeof forms;

interface Scene {
  readonly hub: Hub;
  /** The application's deploy.yml. */
  readonly deploy: string;
  /** Whose it is; the workflows that it calls are org's. */
  readonly owner: 'org' | 'acme';
  readonly key: Form;
  readonly rules?: Rules;
  /** Where secrets and variables are, if not all in the environment production. */
  readonly stored?: (secrets: Secrets) => Partial<Repository>;
  /** More secrets of the environment. */
  readonly more?: Secrets;
}

type Secrets = Readonly<Record<string, string>>;

const dockerfile = (file: string) => `FROM scratch\nCOPY ${file} /${file}\nUSER 20001\n`;

/** A push to main; all secrets are those of the environment production. */
async function push({ hub, deploy, owner, key, rules, stored, more = {} }: Scene): Promise<ActRun> {
  const application = await makeApplication({
    branch: 'main',
    builds: true,
    with: [],
    files: {
      '.github/workflows/deploy.yml': deploy,
      'backend/Dockerfile': dockerfile('requirements.txt'),
      'frontend/Dockerfile': dockerfile('package.json'),
    },
  });
  folders.push(application);
  const origin = `https://github.com/${owner}/shop.git`;
  await execOk('git', ['remote', 'set-url', 'origin', origin], { cwd: application });
  const secrets = {
    ...more,
    YC_SA_JSON_CREDENTIALS: forms[key](site.account.keyJson),
    YC_K8S_CLUSTER_ID: site.access['yc-k8s-cluster-id'] ?? '',
    // In no output by chance.
    YC_REGISTRY_ID: 'crp0zzzzzzzzzzzzzzzz',
  };
  const run = await runAct({
    ...{ act, hub, application, kubectl, event: 'push', workflow: 'deploy', secrets: {} },
    github: {
      repository: {
        ...{ owner, name: 'shop', environments: { production: { secrets } } },
        ...stored?.(secrets),
      },
      event: { name: 'push', ref: 'refs/heads/main' },
      ...(rules ? { rules } : {}),
    },
    env: builder.env,
    payload: {
      ref: 'refs/heads/main',
      repository: { full_name: `${owner}/shop`, name: 'shop', default_branch: 'main' },
    },
  });
  expect(run.text).not.toContain(JSON.parse(site.account.keyJson).private_key.slice(60, 120));
  return run;
}

function expectRun(run: ActRun, code: number, jobs: ActRun['jobs']): void {
  const isSo = run.code === code && JSON.stringify(run.jobs) === JSON.stringify(jobs);
  expect([run.code, run.jobs, isSo ? '' : run.text.slice(-8000)]).toEqual([code, jobs, '']);
}

const all = { 'build and scan': true, 'deploy and verify': true };

async function imageOf(name: string): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${ns}/deployments/${name}`;
  const { body } = await site.cluster.api({ path });
  return body.spec?.template.spec.containers[0].image;
}

async function digestOf(name: string): Promise<string | null> {
  const url = `http://${registry.address}/v2/shop/${name}/manifests/main`;
  const kinds = ['oci.image.index.v1', 'oci.image.manifest.v1', 'docker.distribution.manifest.v2'];
  const accept = kinds.map((kind) => `application/vnd.${kind}+json`).join(', ');
  return (await fetch(url, { headers: { accept } })).headers.get('docker-content-digest');
}

async function expectByDigest(): Promise<void> {
  for (const name of ['backend', 'frontend']) {
    expect(await imageOf(name)).toBe(`${registry.address}/shop/${name}@${await digestOf(name)}`);
  }
}

/** What an application of these tests says beside what `init` writes. */
const withLines = (text: string) =>
  text.replace(
    '    with:\n',
    [
      '    with:',
      `      yc-api-endpoint: ${site.yandex.endpoint}`,
      `      registry: ${registry.address}/shop`,
      "      backend-path: ''",
      "      frontend-path: ''",
      "      scan: 'off'\n",
    ].join('\n'),
  );

suite(`the workflows before${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let hub: Hub;
  const deploy = () => withLines(callersBefore()['deploy'] ?? '');

  beforeAll(async () => {
    hub = await newHub({ workflows: hubBefore() });
  });

  test('under another owner no secret of an environment arrives, and they are called missing', async () => {
    const run = await push({ hub, deploy: deploy(), owner: 'acme', key: 'on one line' });
    expectRun(run, 1, { 'build and scan': false });
    expect(run.text).toContain('Secret YC_SA_JSON_CREDENTIALS is missing');
  }, 300_000);

  test('it is the owner alone: without that rule the same push gets its secrets', async () => {
    const rules = without('secret-owner');
    const run = await push({ hub, deploy: deploy(), owner: 'acme', key: 'on one line', rules });
    expectRun(run, 0, all);
    await expectByDigest();
  }, 300_000);

  test('a key as yc writes it empties the digests, and a bare name is deployed', async () => {
    const run = await push({ hub, deploy: deploy(), owner: 'org', key: 'as yc writes it' });
    expect(run.text).toContain("Skip output 'digests' since it may contain secret.");
    expectRun(run, 0, all);
    expect(await imageOf('backend')).toBe('backend');
  }, 300_000);

  test('it is the lines alone: without masks by line the same key deploys by digest', async () => {
    const rules = without('mask-lines');
    const run = await push({ hub, deploy: deploy(), owner: 'org', key: 'as yc writes it', rules });
    expectRun(run, 0, all);
    await expectByDigest();
  }, 300_000);
});

suite('the workflows now', () => {
  let hub: Hub;
  const deployOf = (form: (typeof callForms)[number]) =>
    formsNow({
      'yc-api-endpoint': site.yandex.endpoint,
      registry: `${registry.address}/shop`,
      'backend-path': '',
      'frontend-path': '',
      scan: 'off',
    })[form]['deploy'] ?? '';

  beforeAll(async () => {
    const applications = Object.values(formsNow()).map(({ deploy }) => deploy ?? '');
    hub = await newHub({ applications });
  });

  const combinations = callForms.flatMap((form) =>
    (['org', 'acme'] as const).flatMap((owner) =>
      (Object.keys(forms) as readonly Form[]).map((key) => ({ form, owner, key })),
    ),
  );
  const isArriving = ({ form, owner }: { form: string; owner: string }) =>
    form === 'ordinary' || owner === 'org';

  test.each(combinations.filter(isArriving))(
    'of $owner, $form, a key $key: a push deploys by digest',
    async ({ form, owner, key }) => {
      const run = await push({ hub, deploy: deployOf(form), owner, key });
      expectRun(run, 0, all);
      await expectByDigest();
    },
    300_000,
  );

  test.each(combinations.filter((each) => !isArriving(each)))(
    'of $owner, $form, a key $key: the run ends with the cause, and what to do',
    async ({ form, owner, key }) => {
      const run = await push({ hub, deploy: deployOf(form), owner, key });
      expectRun(run, 1, { 'build and scan': false });
      expect(run.text).toContain('reach only workflows of the same owner');
      expect(run.text).toContain(`npx github:${project} init`);
    },
    300_000,
  );

  test('of acme, reusable, the key a secret of the repository and the ids variables: it deploys', async () => {
    const stored = ({ YC_SA_JSON_CREDENTIALS = '', ...ids }: Secrets): Partial<Repository> => ({
      secrets: { YC_SA_JSON_CREDENTIALS },
      environments: { production: { variables: ids } },
    });
    const deploy = deployOf('reusable');
    const run = await push({ hub, deploy, owner: 'acme', key: 'on one line', stored });
    expectRun(run, 0, all);
    await expectByDigest();
  }, 300_000);

  test('a secret of a line that digests hold empties the hand-over: nothing is deployed, and why', async () => {
    const more = { APPLICATION_SECRETS: 'shop-secrets/TOKEN<<END\n1\nEND\n' };
    const run = await push({
      ...{ hub, deploy: deployOf('ordinary'), owner: 'acme', key: 'on one line', more },
    });
    expect(run.text).toContain("Skip output 'digest-lines' since it may contain secret.");
    expectRun(run, 1, { 'build and scan': true, 'deploy and verify': false });
    expect(run.text).toContain('GitHub drops an output of a job that holds a masked text');
    expect(await imageOf('backend')).toBeUndefined();
  }, 300_000);
});
