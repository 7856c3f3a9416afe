// `doctor` against a real API server: what it finds wrong is wrong, and what it prints repairs it.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { project } from '../../../src/core/version.ts';
import {
  registryPassword,
  registryUnavailable,
  registryUser,
  startTestRegistry,
} from '../../support/images/test-registry.ts';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

interface Check {
  readonly check: string;
  readonly verdict: string;
  readonly what: string;
  readonly evidence: readonly string[];
  readonly fix: readonly string[];
}

let site: Site;
const ns = namespaceFor('shop');
let folder = '';
const deployer = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'manifests',
  'bootstrap',
  'base',
  'deployer.yaml',
);
const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');

beforeAll(async () => {
  site = await openSharedSite();
  folder = await site.workspace({});
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

type Access = Readonly<Record<string, string>>;

async function webgen(...args: readonly string[]) {
  const options = { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder } };
  try {
    const done = await promisify(execFile)(nodeOfRunner(), [cli, ...args], options);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const flagsOf = (access: Access) =>
  Object.entries(access).map(([name, text]) => `--${name}=${text}`);

async function examine(access: Access, ...more: readonly string[]) {
  const words = ['doctor', '--output=json', ...flagsOf(access), ...more];
  const run = await webgen(...words);
  expect(run.stdout + run.stderr).not.toContain('PRIVATE KEY');
  const { checks } = JSON.parse(run.stdout) as { checks: readonly Check[] };
  const of = (name: string) => checks.filter(({ check }) => check === name);
  const judged = checks.filter(({ verdict }) => verdict !== 'note');
  const verdicts = Object.fromEntries(judged.map(({ check, verdict }) => [check, verdict]));
  return { ...run, checks, of, verdicts };
}

const shop = [`--namespace=${ns}`];
/** Runs a printed kubectl command as the administrator would paste it. */
const paste = (command: string) =>
  site.cluster.kubectl(command.replace(/^kubectl /, '').split(' '));

/** Another account with the cluster's other flags. */
function accountWith(...roles: Parameters<Site['yandex']['addServiceAccount']>): [string, Access] {
  const account = site.yandex.addServiceAccount(...roles);
  return [account.id, { ...site.access, 'yc-sa-json-credentials': account.keyJson }];
}

const good = { key: 'ok', cluster: 'ok', api: 'ok', permissions: 'ok' };
const noRegistry = { registry: 'skipped' };

describe('doctor', () => {
  test('finds nothing wrong but the missing workflows, and init repairs those', async () => {
    const first = await examine(site.access, ...shop);
    expect(first.code).toBe(1);
    expect(first.verdicts).toEqual({ workflows: 'failed', ...good, ...noRegistry });
    expect(first.of('workflows')[0]?.fix).toEqual(['webgen-deploy init']);
    await webgen('init', '--yes', '--app=shop', '--services=api:80');
    const second = await examine(site.access, ...shop);
    expect(second.code).toBe(0);
    expect(second.verdicts).toEqual({ workflows: 'ok', ...good, ...noRegistry });
  }, 60_000);

  test('an account without a role on the cluster', async () => {
    const [id, access] = accountWith([]);
    const run = await examine(access, ...shop);
    expect([run.code, run.verdicts]).toMatchObject([
      1,
      { key: 'ok', cluster: 'failed', api: 'skipped', permissions: 'skipped' },
    ]);
    const [check] = run.of('cluster');
    expect(check?.fix[0]).toContain('yc managed-kubernetes cluster add-access-binding');
    expect(check?.fix[0]).toContain(`--role k8s.viewer --subject serviceAccount:${id}`);
  }, 60_000);

  test('an account without any right in the cluster, until the printed commands are run', async () => {
    const [id, access] = accountWith();
    const run = await examine(access, ...shop);
    const [check] = run.of('permissions');
    expect(check).toMatchObject({ verdict: 'failed' });
    expect(check?.fix[0]).toContain(`--role k8s.cluster-api.editor --subject serviceAccount:${id}`);
    const command = (check?.fix[1] ?? '').replace('# or only here: ', '');
    expect(command).toContain('kubectl create rolebinding');
    await paste(command);
    const after = await examine(access, ...shop);
    for (const each of after.of('permissions')) {
      for (const line of each.fix) await paste(line);
    }
    expect((await examine(access, ...shop)).verdicts).toMatchObject(good);
  }, 60_000);

  test("an account with the deployer's Role of the manifests lacks nothing", async () => {
    const [id, access] = accountWith();
    const role = await readFile(deployer, 'utf8');
    const text = role.replace('DEPLOYER_SERVICE_ACCOUNT_ID', id);
    await site.cluster.kubectl(['create', 'namespace', `own-${id}`]);
    await site.cluster.kubectl(['-n', `own-${id}`, 'apply', '-f', '-'], text);
    const run = await examine(access, `--namespace=own-${id}`);
    expect([run.of('permissions'), run.verdicts]).toMatchObject([[{ verdict: 'ok' }], good]);
  }, 60_000);

  test('an account that may only read, until the printed commands are run', async () => {
    const [id, access] = accountWith();
    const view = ['create', 'rolebinding', 'viewer', '-n', ns, '--clusterrole=view'];
    await site.cluster.kubectl([...view, '--user', id]);
    const [check] = (await examine(access, ...shop)).of('permissions');
    expect(check?.what).toContain('lacks rights');
    expect(check?.evidence).toContain('deployments.apps: create, patch, delete');
    expect(check?.evidence.join('\n')).toContain('secrets: get');
    for (const line of check?.fix ?? []) await paste(line);
    expect((await examine(access, ...shop)).verdicts).toMatchObject(good);
  }, 60_000);

  test('a namespace that is not there, until the printed command is run', async () => {
    const run = await examine(site.access, '--namespace=cart');
    const [check] = run.of('permissions');
    expect(check?.fix).toEqual(['kubectl create namespace cart']);
    await paste(check?.fix[0] ?? '');
    expect((await examine(site.access, '--namespace=cart')).verdicts).toMatchObject(good);
  }, 60_000);

  test('a key that was deleted, and a text that is no key', async () => {
    const [, access] = accountWith();
    const key = {
      ...JSON.parse(access['yc-sa-json-credentials'] ?? ''),
      id: 'ajedeleted0000000000',
    };
    const deleted = await examine({ ...access, 'yc-sa-json-credentials': JSON.stringify(key) });
    expect([deleted.code, deleted.verdicts]).toMatchObject([
      1,
      { key: 'failed', cluster: 'skipped' },
    ]);
    expect(deleted.of('key')[0]?.fix[0]).toContain('yc iam key create');
    const nonsense = await examine({ ...access, 'yc-sa-json-credentials': '{"id": 1' });
    expect(nonsense.verdicts).toMatchObject({ key: 'failed', cluster: 'skipped' });
  }, 60_000);

  test('a cluster that is stopped, and one whose API does not answer', async () => {
    const caPem = site.cluster.caPem;
    const stopped = site.yandex.addCluster({ caPem, name: 'off', status: 'STOPPED' });
    const off = await examine({ ...site.access, 'yc-k8s-cluster-id': stopped.id });
    expect(off.of('cluster')[0]?.fix[0]).toContain(
      `yc managed-kubernetes cluster start ${stopped.id}`,
    );
    const silent = { caPem, name: 'silent', externalEndpoint: 'https://127.0.0.1:9' };
    const nobody = site.yandex.addCluster(silent);
    const run = await examine({ ...site.access, 'yc-k8s-cluster-id': nobody.id });
    expect(run.verdicts).toMatchObject({ cluster: 'ok', api: 'failed', permissions: 'skipped' });
    expect(run.of('api')[0]?.fix[0]).toContain('443');
  }, 120_000);

  test('a registry that takes pushes, one that does not, and one that is not there', async () => {
    if ((await registryUnavailable()) !== undefined) return;
    const registry = await startTestRegistry({ login: true });
    try {
      const where = `--registry=${registry.address}/shop`;
      const login = [`--registry-username=${registryUser}`, where];
      const right = `--registry-password=${registryPassword}`;
      const taken = await examine({}, ...login, right);
      expect([taken.code, taken.verdicts['registry']]).toEqual([0, 'ok']);
      const refused = await examine({}, ...login, '--registry-password=not-this-one');
      expect(refused.of('registry')[0]).toMatchObject({ verdict: 'failed' });
      expect(refused.of('registry')[0]?.what).toContain('does not accept the login');
      await registry.restart({ readOnly: true });
      expect((await examine({}, where)).of('registry')[0]?.what).toContain('read-only');
      await registry.down();
      expect((await examine({}, where)).of('registry')[0]?.what).toContain('did not answer');
    } finally {
      await registry.stop();
    }
  }, 120_000);

  test('for people: a mark, the sentence, and the command', async () => {
    const [, access] = accountWith();
    const run = await webgen('doctor', ...flagsOf(access), ...shop);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/^✓ workflows {3}/m);
    expect(run.stdout).toMatch(/^✗ permissions /m);
    expect(run.stdout).toMatch(/^ {4}fix {2}yc managed-kubernetes cluster add-access-binding /m);
    expect(run.stdout).toMatch(/^1 wrong(?:, \d+ notes?)?, 1 not looked at\.$/m);
  }, 60_000);

  test('a workflow of another owner, a default branch that nobody listens to, a key of many lines', async () => {
    const caller = `on: {push: {branches: [main]}}
permissions: {contents: read, actions: read, pull-requests: write}
jobs:
  deploy:
    uses: ${project}/.github/workflows/deploy.yml@v1
    secrets:
      YC_SA_JSON_CREDENTIALS: \${{ secrets.YC_SA_JSON_CREDENTIALS }}
      YC_K8S_CLUSTER_ID: \${{ secrets.YC_K8S_CLUSTER_ID }}
`;
    const there = await site.workspace({ '.github/workflows/deploy.yml': caller });
    const git = (...args: readonly string[]) => promisify(execFile)('git', ['-C', there, ...args]);
    await git('init', '-q');
    await git('remote', 'add', 'origin', 'git@github.com:acme/shop.git');
    await git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/master');
    const pretty = JSON.stringify(JSON.parse(site.account.keyJson), undefined, 2);
    const key = await site.workspace({ 'key.json': pretty });
    const before = folder;
    folder = there;
    const access = { ...site.access, 'yc-sa-json-credentials': `@${join(key, 'key.json')}` };
    const run = await examine(access, ...shop).finally(() => {
      folder = before;
    });
    const said = run.of('workflows').map(({ verdict, what }) => `${verdict} ${what}`);
    expect(said).toContainEqual(
      expect.stringMatching(
        /^note .*secrets of an environment of acme arrive empty in a workflow of org/,
      ),
    );
    expect(said).toContainEqual(
      expect.stringMatching(/^failed .*a push to master, the default branch, deploys nothing/),
    );
    expect(run.of('key')).toMatchObject([
      {
        verdict: 'note',
        fix: ['jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS --env production'],
      },
      { verdict: 'ok' },
    ]);
  }, 60_000);

  test('without a cluster only the repository is looked at; a wrong flag is wrong use', async () => {
    const run = await examine({});
    expect([run.code, run.verdicts['workflows'], run.verdicts['api']]).toEqual([
      0,
      'ok',
      'skipped',
    ]);
    expect((await webgen('doctor', '--prune')).code).toBe(2);
    expect((await webgen('doctor', '--cluster-endpoint=outside')).code).toBe(2);
  }, 60_000);
});
