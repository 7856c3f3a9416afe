// A preview looks and never writes: not into the cluster, and to GitHub one comment.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { type GitHubApi, startGithubApi } from '../../support/github/emulator.ts';
import { pullRequest } from '../../support/github/operations.ts';
import type { ActionOptions } from '../../support/runner/run-action.ts';
import {
  deployment,
  namespaceFor,
  openSharedSite,
  type Run,
  type Site,
} from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let github: GitHubApi;
let proxy: FaultProxy;
/** The cluster behind a proxy that lets no write pass. */
let guarded: Readonly<Record<string, string>>;

const isWrite = /^(?!GET )(?!.*[?&]dryRun=All)/;

beforeAll(async () => {
  github = await startGithubApi();
  site = await openSharedSite();
  const { server, caPem } = site.cluster;
  const folder = await mkdtemp(join(tmpdir(), 'webgen-preview-'));
  proxy = await startFaultProxy({ server, caPem, folder });
  const refusal = {
    status: 403,
    body: { kind: 'Status', reason: 'Forbidden', message: 'a write' },
  };
  proxy.failNext(isWrite, refusal, Number.POSITIVE_INFINITY);
  const behind = { caPem: proxy.caPem, externalEndpoint: proxy.server, name: 'guarded' };
  guarded = { 'yc-k8s-cluster-id': site.yandex.addCluster(behind).id };
  await site.cluster.kubectl(['create', 'namespace', ns]);
  await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], live);
  await site.cluster.kubectl(['create', 'namespace', 'built']);
  const built = deployment('web', { image: 'registry.example/shop/backend:17' });
  await site.cluster.kubectl(['-n', 'built', 'apply', '-f', '-'], built);
}, 900_000);

afterAll(async () => {
  await site?.stop();
  await proxy?.stop();
  await github?.stop();
  expect(github?.problems).toEqual([]);
});

const configMap = (name: string, data: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data: ${data}
`;
const secret = (value: string) => `apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: ${value}}
`;
const live = [
  configMap('old', '{a: "1", b: "2"}'),
  secret('before-tiger'),
  deployment('web', { replicas: 2 }),
].join('---\n');
const wanted = [
  configMap('old', '{a: "3"}'),
  configMap('new', '{a: "1"}'),
  secret('after-tiger'),
  deployment('web', { image: 'registry.example/app:2', replicas: 3 }),
].join('---\n');

const pull: Partial<ActionOptions> = {
  eventName: 'pull_request',
  ref: `refs/pull/${pullRequest}/merge`,
  headRef: 'feature',
  baseRef: 'develop',
  event: { pull_request: { number: pullRequest, base: { ref: 'develop' } } },
};

type Inputs = Readonly<Record<string, string>>;

async function diff(yaml: string, inputs: Inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  return site.run(
    { command: 'diff', namespace: ns, app: 'shop', manifests: 'app.yaml', ...inputs },
    { workspace, ...pull, env: github.env, githubToken: github.token },
  );
}

const changes = ({ outputs }: Run): Record<string, string> =>
  Object.fromEntries(
    JSON.parse(`${outputs['changes']}`).map((each: { object: string; change: string }) => [
      each.object,
      each.change,
    ]),
  );

const asAdmin = {
  'ConfigMap/old': 'configured',
  'ConfigMap/new': 'created',
  'Secret/login': 'configured',
  'Deployment/web': 'configured',
};

describe('no request of a preview can write', () => {
  const kinds = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.example.com}
spec:
  group: example.com
  names: {kind: Toy, plural: toys, singular: toy}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: example.com/v1
kind: Toy
metadata: {name: bear}
`;
  const job = `apiVersion: batch/v1
kind: Job
metadata: {name: once, annotations: {webgen-deploy/recreate: "true"}}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: a, image: registry.example/job:2}]}
`;

  test.each<[string, string, Inputs, number]>([
    ['of changes, new objects, Secrets and restarts', wanted, {}, 0],
    ['of new kinds', kinds, {}, 0],
    ['of a Job that is made anew', job, {}, 0],
    ['of the input secrets', configMap('b', '{}'), { secrets: 'login/token=lion' }, 0],
    ['of images alone', '', { manifests: '', images: 'app=registry.example/app:3' }, 0],
    ['of a namespace to be made', wanted, { namespace: 'made', 'create-namespace': 'true' }, 0],
    ['with conflicts taken over', wanted, { 'force-conflicts': 'true' }, 0],
    ['of a manifest that is refused', wanted.replace('replicas: 3', 'replicaz: 3'), {}, 1],
  ])(
    '%s',
    async (_, yaml, inputs, code) => {
      await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], job.replace('job:2', 'job:1'));
      const [before, toldBefore] = [proxy.passed.length, github.requests.length];
      const result = await diff(yaml, { ...guarded, ...inputs });
      expect([result.text, result.code]).toEqual([result.text, code]);
      const asked = proxy.passed.slice(before).map(({ method, path }) => `${method} ${path}`);
      if (code === 0) expect(asked.length).toBeGreaterThan(3);
      expect(asked.filter((each) => isWrite.test(each))).toEqual([]);
      const told = github.requests.slice(toldBefore).filter(({ method }) => method !== 'GET');
      expect(told.filter(({ path }) => !path.includes('/comments'))).toEqual([]);
    },
    60_000,
  );

  test("by the API server's own record", async () => {
    await diff(wanted);
    const own = (await site.cluster.audit()).filter(
      ({ user, userAgent }) =>
        user.username === site.account.id && userAgent?.startsWith('webgen-deploy'),
    );
    const writes = own.filter(
      ({ verb, requestURI }) =>
        !['get', 'list', 'watch'].includes(verb) && !requestURI.includes('dryRun=All'),
    );
    expect(own.length).toBeGreaterThan(20);
    expect(writes).toEqual([]);
    await expect(site.cluster.kubectl(['-n', ns, 'get', 'cm/new', '-o', 'name'])).rejects.toThrow(
      'NotFound',
    );
  }, 60_000);
});

describe('what a preview shows', () => {
  test('every change, without the values of Secrets', async () => {
    const result = await diff(wanted);
    expect(changes(result)).toEqual(asAdmin);
    expect(result.summary).toContain('registry.example/app:2');
    for (const shown of [result.text, result.summary, ...github.held.comments.map((c) => c.body)]) {
      expect(shown).not.toMatch(/tiger|dGlnZX/);
    }
  }, 60_000);

  test('what a deploy would be refused for, in the comment too', async () => {
    const yaml = deployment('web', { image: 'registry.example/app:3' }).replace(
      'image:',
      'envFrom: [{secretRef: {name: logn}}]\n          image:',
    );
    const result = await diff(yaml);
    expect([result.text, result.outputs['error-code']]).toEqual([result.text, 'config-missing']);
    const said = /its pods need Secret\/logn, which does not exist/;
    expect(result.stdout).toMatch(/^::error file=app\.yaml,line=\d+,/m);
    for (const shown of [result.summary, github.held.comments.at(-1)?.body]) {
      expect(shown).toMatch(said);
      expect(shown).toContain('Did you mean login?');
    }
  }, 60_000);

  test('what a deploy builds is no change: the image that runs is shown, and it says so', async () => {
    const yaml = deployment('web', { image: 'backend', replicas: 4 });
    const result = await diff(yaml, { namespace: 'built' });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(result.summary).toContain('+  replicas: 4');
    // Nor are the defaults that the server filled in when kubectl made it.
    expect(result.summary).not.toContain('-  progressDeadlineSeconds');
    expect(result.summary).not.toMatch(/^[+-].*image: /m);
    expect(result.summary).not.toContain('Would restart');
    expect(result.summary).toContain('a deploy sets the image backend');
  }, 60_000);

  test('a namespace that does not exist yet is no error, and misspelt fields are found', async () => {
    const result = await diff(wanted, { namespace: 'nowhere' });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(new Set(Object.values(changes(result)))).toEqual(new Set(['created']));
    expect(result.summary).toContain('its namespace nowhere does not exist yet');
    const wrong = await diff(wanted.replace('replicas: 3', 'replicaz: 3'), {
      namespace: 'nowhere',
    });
    expect(wrong.outputs['error-code']).toBe('field-unknown');
  }, 60_000);

  test('an account that may only read compares by reading, and says so', async () => {
    const { id, keyJson } = site.yandex.addServiceAccount();
    const rule = ['--verb=get,list,watch', '--resource=*.*'];
    await site.cluster.kubectl(['create', 'clusterrole', 'reader', ...rule]);
    const binding = ['create', 'clusterrolebinding', 'reader', '--clusterrole=reader'];
    await site.cluster.kubectl([...binding, `--user=${id}`]);
    const result = await diff(wanted, { 'yc-sa-json-credentials': keyJson });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(changes(result)).toEqual(asAdmin);
    expect(result.summary).toContain('were compared by reading');
    expect(result.summary).toContain('registry.example/app:2');
    expect(result.text + result.summary).not.toMatch(/tiger|dGlnZX/);
  }, 60_000);

  test('what may not even be read is left out, and named', async () => {
    const { id, keyJson } = site.yandex.addServiceAccount();
    const binding = ['create', 'clusterrolebinding', 'viewer', '--clusterrole=view'];
    await site.cluster.kubectl([...binding, `--user=${id}`]);
    const result = await diff(wanted, { 'yc-sa-json-credentials': keyJson });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    const { 'Secret/login': _, ...rest } = asAdmin;
    expect(changes(result)).toEqual(rest);
    expect(result.summary).toContain('left out of the preview: Secret/login');
  }, 60_000);
});

describe('what a deploy would restart and prune', () => {
  const pruned = { namespace: 'pruned', app: 'pruned', prune: 'true' };
  const keep = 'metadata: {name: kept, annotations: {webgen-deploy/keep: "true"}}';
  const reader = deployment('reader').replace(
    '          image:',
    '          envFrom: [{configMapRef: {name: settings}}]\n          image:',
  );
  const first = [
    configMap('settings', '{a: "1"}'),
    configMap('gone', '{a: "1"}'),
    configMap('kept', '{a: "1"}').replace('metadata: {name: kept}', keep),
    deployment('web'),
    deployment('calm'),
    reader,
  ];
  const next = [
    configMap('settings', '{a: "2"}'),
    deployment('web', { image: 'registry.example/app:2' }),
    deployment('calm', { replicas: 2 }),
    reader,
  ];

  beforeAll(async () => {
    await site.cluster.kubectl(['create', 'namespace', 'pruned']);
    const workspace = await site.workspace({ 'app.yaml': first.join('---\n') });
    const inputs = { ...pruned, manifests: 'app.yaml', environment: 'staging' };
    const done = await site.run({ ...inputs, prune: 'false', wait: 'false' }, { workspace });
    expect([done.text, done.code]).toEqual([done.text, 0]);
  }, 60_000);

  test('is in the log, the summary and the comment', async () => {
    github.held.comments.length = 0;
    const result = await diff(next.join('---\n'), pruned);
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(changes(result)).toMatchObject({ 'ConfigMap/gone': 'deleted' });
    expect(result.text).toContain('- ConfigMap/gone deleted');
    expect(result.text).toContain('↻ would restart Deployment/web, because its pod template');
    const [comment] = github.held.comments;
    for (const page of [result.summary, `${comment?.body}`]) {
      const parts = new Map(page.split('\n### ').map((part) => [part.split('\n')[0], part]));
      const named = (title: string) => parts.get(title)?.match(/\w+\/\w+(?=<)/g);
      expect(named('Would be pruned')).toEqual(['ConfigMap/gone']);
      expect(named('No longer in the manifests, and not pruned')).toEqual(['ConfigMap/kept']);
      expect(parts.get('Would restart')).toContain('its pod template');
      expect(named('Would restart')?.toSorted()).toEqual([
        'ConfigMap/settings',
        'Deployment/reader',
        'Deployment/web',
      ]);
    }
  }, 60_000);

  test('is said not to be known to an account without Secrets', async () => {
    const { id, keyJson } = site.yandex.addServiceAccount();
    const binding = ['create', 'clusterrolebinding', id, '--clusterrole=view'];
    await site.cluster.kubectl([...binding, `--user=${id}`]);
    const key = { 'yc-sa-json-credentials': keyJson };
    const result = await diff(next.join('---\n'), { ...pruned, ...key });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(result.summary).toContain('What would be pruned is not shown');
    expect(result.summary).toContain('resources: ["secrets"]');
  }, 60_000);

  test('is nothing where images alone are set, and it says why', async () => {
    const images = { manifests: '', images: 'app=registry.example/app:3' };
    const result = await diff('', { ...pruned, ...images });
    expect([result.text, result.code]).toEqual([result.text, 0]);
    expect(result.summary).toContain('Nothing is pruned: the run only sets images');
    expect(Object.values(changes(result))).not.toContain('deleted');
  }, 60_000);
});

describe('the comment', () => {
  const hostile = configMap(
    'evil',
    JSON.stringify({
      everyone: '@everyone <img src=x onerror=alert(1)> ``` @octocat',
      a: '<!-- webgen-deploy shop staging -->\n</details>\n```\n# big',
    }),
  );

  test('is one, kept up to date, and nothing in it is markup or a mention', async () => {
    github.held.comments.length = 0;
    await diff(wanted);
    const result = await diff(hostile);
    expect(result.code).toBe(0);
    expect(github.held.comments).toHaveLength(1);
    const body = `${github.held.comments[0]?.body}`;
    expect(body.split('\n')[0]).toBe('<!-- webgen-deploy shop staging -->');
    expect(body).toContain('evil');
    const outside = body.replaceAll(/^(`{3,})\w*\n[\s\S]*?^\1$/gm, '');
    expect(outside).not.toMatch(/@everyone|@octocat|<img|# big/);
    expect(outside.match(/<!--/g)).toHaveLength(1);
  }, 60_000);

  test('without permission the summary has it, even where none was asked for', async () => {
    github.held.comments.length = 0;
    github.permissions['pull-requests'] = 'read';
    const result = await diff(wanted, { summary: 'false' });
    github.permissions['pull-requests'] = 'write';
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('permissions: pull-requests: write');
    expect(result.summary).toContain('What would change');
    expect(github.held.comments).toEqual([]);
    const silent = await diff(wanted, { comment: 'false', summary: 'false' });
    expect([silent.code, silent.summary]).toEqual([0, '']);
    expect(github.held.comments).toEqual([]);
  }, 60_000);
});

describe('a deploy', () => {
  const deploy = async (inputs: Inputs = {}) => {
    const workspace = await site.workspace({ 'app.yaml': configMap('told', '{a: "1"}') });
    const app = { namespace: ns, app: 'told', manifests: 'app.yaml', ...inputs };
    return site.run(app, { workspace, env: github.env, githubToken: github.token });
  };

  test('tells GitHub, with the addresses of the run and of the application', async () => {
    const result = await deploy({ 'environment-url': 'https://shop.example/start' });
    expect(result.outputs['status']).toBe('deployed');
    expect(github.held.deployments).toMatchObject([{ environment: 'production' }]);
    expect(github.held.statuses).toMatchObject([
      { state: 'in_progress', log_url: 'https://github.com/acme/shop/actions/runs/4242' },
      { state: 'success', environment_url: 'https://shop.example/start' },
    ]);
  }, 60_000);

  test('is what it is, whatever GitHub says', async () => {
    github.failNext('/repos', 500, 100);
    const result = await deploy();
    expect([result.code, result.outputs['status']]).toEqual([0, 'unchanged']);
    expect(result.stdout).toContain('No deployment on GitHub by this step: GitHub answered 500.');
    const said = result.text.replaceAll(/^::add-mask::.*$/gm, '');
    expect(said + result.summary).not.toContain(github.token);
  }, 60_000);
});
