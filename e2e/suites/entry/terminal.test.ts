// The same engine from a terminal: flags, exit codes, JSON for programs.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let folder = '';

beforeAll(async () => {
  site = await openSharedSite();
  folder = await site.workspace({ 'app.yaml': deployment('web') });
}, 900_000);

afterAll(() => site?.stop());

const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');

const webgen = (...args: readonly string[]) => start(cli, args);

async function start(entry: string, args: readonly string[], more: Record<string, string> = {}) {
  const { kubeconfig } = site.cluster;
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig, ...more };
  const options = { cwd: folder, env };
  try {
    const done = await promisify(execFile)(nodeOfRunner(), [entry, ...args], options);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const place = ['--namespace', ns, '--app', 'shop'];

describe('a secret of a terminal', () => {
  const key = () => site.account.keyJson;
  const inCloud = () => [
    ...['status', ...place, '--yc-api-endpoint', site.yandex.endpoint],
    ...['--yc-k8s-cluster-id', `${site.access['yc-k8s-cluster-id']}`],
  ];
  const line = () => JSON.parse(key()).private_key.split('\n')[2] as string;

  test('comes from a file or a variable, and is in no argument and no output', async () => {
    const file = join(folder, 'key.json');
    await writeFile(file, `${key()}\n`, { mode: 0o600 });
    const byFile = await webgen(...inCloud(), '--yc-sa-json-credentials', `@${file}`);
    const byVariable = await start(cli, inCloud(), { YC_SA_JSON_CREDENTIALS: key() });
    for (const run of [byFile, byVariable]) {
      expect([run.code, run.stderr]).toEqual([0, '']);
      expect(run.stdout).not.toContain(line());
    }
  }, 60_000);

  test('comes from standard input', async () => {
    const env = { PATH: process.env['PATH'], HOME: folder };
    const args = [cli, ...inCloud(), '--yc-sa-json-credentials', '-'];
    const child = spawn(nodeOfRunner(), args, { cwd: folder, env });
    child.stdin.end(key());
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  }, 60_000);

  test('on the command line works, with the better way as a warning', async () => {
    const run = await webgen(...inCloud(), '--yc-sa-json-credentials', key());
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('Write --yc-sa-json-credentials @FILE');
    expect(run.stdout + run.stderr).not.toContain(line());
  }, 60_000);

  test('of a file that is not there is wrong use', async () => {
    const run = await webgen(...inCloud(), '--yc-sa-json-credentials', '@nothing.json');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('The file of --yc-sa-json-credentials cannot be read (ENOENT)');
  }, 60_000);
});

describe('webgen-deploy on a terminal', () => {
  test('deploys with KUBECONFIG and no cluster flag', async () => {
    const flags = ['--environment', 'staging', '--manifests', 'app.yaml', '--create-namespace'];
    const run = await webgen('deploy', ...place, ...flags);
    expect(run.stdout).toContain('Deployment/web');
    expect(run.code).toBe(0);
    expect(run.stdout).not.toContain('::');
  }, 60_000);

  test('a diff with differences is done, not failed, and writes nothing', async () => {
    const changed = await site.workspace({
      'app.yaml': deployment('web', { image: 'registry.example/app:2' }),
    });
    const run = await webgen(
      'diff',
      ...place,
      '--environment',
      'staging',
      '--manifests',
      join(changed, 'app.yaml'),
      '--output',
      'json',
    );
    expect(run.code).toBe(0);
    const report = JSON.parse(run.stdout);
    expect(report.changes).toContainEqual(
      expect.objectContaining({ object: 'Deployment/web', change: 'configured' }),
    );
    const { body } = await site.cluster.api({
      path: `/apis/apps/v1/namespaces/${ns}/deployments/web`,
    });
    expect(body.spec.template.spec.containers[0].image).toBe('registry.example/app:1');
  }, 60_000);

  test('status, and its JSON on standard output alone', async () => {
    const run = await webgen('status', ...place, '--output=json');
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout).workloads).toContainEqual(
      expect.objectContaining({ object: 'Deployment/web' }),
    );
  }, 60_000);

  test('wrong use is 2, a failed deploy is 1', async () => {
    expect((await webgen('deploy', '--namespce', 'x')).code).toBe(2);
    expect((await webgen('deploy', ...place, '--environment', 'staging')).code).toBe(2);
    const broken = await site.workspace({
      'app.yaml': deployment('web').replace('replicas', 'replcas'),
    });
    const run = await webgen(
      'deploy',
      ...place,
      '--environment',
      'staging',
      '--manifests',
      join(broken, 'app.yaml'),
    );
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('field-unknown');
  }, 60_000);

  test('what an input names and nobody can read is wrong use too', async () => {
    const where = [...place, '--environment', 'staging'];
    const [manifest, kubeconfig] = await Promise.all([
      webgen('diff', ...where, '--manifests', 'nope.yaml'),
      webgen('status', ...where, '--kubeconfig', '/nope'),
    ]);
    expect([manifest.code, kubeconfig.code]).toEqual([2, 2]);
    expect(manifest.stdout).toContain('nope.yaml');
    expect(kubeconfig.stdout).toContain('/nope does not exist');
  }, 60_000);

  test('lists repeat their flag, switches have two negative forms', async () => {
    const other = await site.workspace({ 'other.yaml': deployment('other') });
    const lists = ['--manifests', 'app.yaml', '--manifests', join(other, 'other.yaml')];
    for (const off of ['--no-wait', '--wait=false']) {
      const run = await webgen(...place, '--environment', 'staging', ...lists, off);
      expect(run.stdout).toContain('2 objects from');
      expect(run.stdout).not.toContain('await every workload');
      expect(run.code).toBe(0);
    }
  }, 60_000);

  test('KUBECONFIG may be a list: files that are missing are passed over', async () => {
    const second = join(await site.workspace({ second: '{"clusters":[]}' }), 'second');
    const list = ['/no/such/file', second, site.cluster.kubeconfig].join(':');
    const run = await start(cli, ['status', ...place], { KUBECONFIG: list });
    expect(run.stdout).toContain(site.cluster.server);
    expect(run.code).toBe(0);
  }, 60_000);

  test('starts by a link, as npm makes it, and from the sources of a clone', async () => {
    const link = join(folder, 'webgen-deploy');
    await symlink(cli, link);
    const source = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');
    for (const entry of [link, source]) {
      expect(await start(entry, ['--version'])).toMatchObject({ code: 0, stderr: '' });
    }
  }, 60_000);

  test('Ctrl-C is 130, and it says what is left', async () => {
    const never = deployment('never').replace(
      '      containers',
      '      nodeName: nowhere\n      containers',
    );
    const where = await site.workspace({ 'never.yaml': never });
    const flags = [...place, '--environment', 'staging', '--manifests', 'never.yaml'];
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: site.cluster.kubeconfig };
    const child = spawn(nodeOfRunner(), [cli, ...flags], { cwd: where, env });
    const said: string[] = [];
    child.stdout.on('data', (part: Buffer) => {
      said.push(String(part));
      if (said.join('').includes('Deployment/never created')) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect(said.join('')).toContain('Applied: Deployment/never.');
  }, 60_000);
});
