// An application is more than its short name: two repositories that chose the same one.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
}, 900_000);

afterAll(() => site?.stop());

const a = { GITHUB_REPOSITORY: 'team-a/shop', GITHUB_REPOSITORY_ID: '101', GITHUB_RUN_ID: '7001' };
const b = { GITHUB_REPOSITORY: 'team-b/shop', GITHUB_REPOSITORY_ID: '202', GITHUB_RUN_ID: '7002' };

async function run(env: Readonly<Record<string, string>>, yaml: string, inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const all = {
    namespace: 'shared',
    manifests: 'app.yaml',
    app: 'shop',
    timeout: '30s',
    ...inputs,
  };
  const result = await site.run({ 'create-namespace': 'true', ...all }, { workspace, env });
  if (process.env['SHOW']) process.stderr.write(result.text);
  return result;
}

const config = (name: string, value = '1') => `---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data: {value: '${value}'}
`;

const names = async (namespace = 'shared') => {
  const lines = await site.cluster.kubectl(['-n', namespace, 'get', 'cm,deploy', '-o', 'name']);
  return lines
    .trim()
    .split('\n')
    .filter((each) => !each.includes('kube-root-ca'));
};

/** Writes to the application's objects since then. */
const writes = async (from: string) =>
  (await site.cluster.audit())
    .filter(
      ({ requestReceivedTimestamp: at, userAgent }) =>
        at >= from && userAgent?.startsWith('webgen-deploy'),
    )
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
    .filter((each) => !/dryRun=All|\/leases|\/selfsubject/.test(each));

const prune = { prune: 'true', 'prune-confirm': 'true' };
const ofA = deployment('a') + config('of-a') + config('more-of-a');
const ofB = deployment('b') + config('of-b') + config('more-of-b');

describe('two repositories of one name', () => {
  test('the second is refused before its first write, and says whose it is', async () => {
    expect((await run(a, ofA)).code).toBe(0);
    const from = new Date().toISOString();
    for (const inputs of [{}, prune, { command: 'rollback' }]) {
      const refused = await run(b, ofB, inputs);
      expect([refused.code, refused.outputs['error-code']]).toEqual([1, 'app-taken']);
      expect(refused.text).toContain('team-a/shop');
      expect(refused.text).toContain('https://github.com/team-a/shop/actions/runs/7001');
      expect(refused.text).toContain('take-over: true');
    }
    expect(await writes(from)).toEqual([]);
    expect(await names()).toEqual(['configmap/more-of-a', 'configmap/of-a', 'deployment.apps/a']);
  }, 90_000);

  test('after a rename, with the same number, nothing is refused, and nothing is new', async () => {
    const renamed = { ...a, GITHUB_REPOSITORY: 'team-a/store' };
    expect((await run(renamed, ofA)).outputs).toMatchObject({ status: 'unchanged', revision: '1' });
    expect((await run(renamed, ofA + config('third-of-a'))).outputs['revision']).toBe('2');
  }, 60_000);

  test('take-over is needed once, and each deletes only what it made', async () => {
    const taken = await run(b, ofB, { ...prune, 'take-over': 'true' });
    expect([taken.code, taken.text.slice(-1500)]).toEqual([0, expect.anything()]);
    expect(taken.text).toContain('not pruned: ConfigMap/of-a: another repository made it');
    const both = [
      'configmap/more-of-a',
      'configmap/more-of-b',
      'configmap/of-a',
      'configmap/of-b',
      'configmap/third-of-a',
      'deployment.apps/a',
      'deployment.apps/b',
    ];
    expect(await names()).toEqual(both);
    // Neither is asked again.
    const fewer = await run(b, deployment('b') + config('of-b'), prune);
    expect([fewer.code, fewer.outputs['error-code']]).toEqual([0, '']);
    expect(await names()).toEqual(both.filter((each) => each !== 'configmap/more-of-b'));
    const first = await run(a, deployment('a') + config('of-a'), prune);
    expect([first.code, first.outputs['error-code']]).toEqual([0, '']);
    expect(await names()).toEqual([
      'configmap/of-a',
      'configmap/of-b',
      'deployment.apps/a',
      'deployment.apps/b',
    ]);
    const back = await run(a, '', { command: 'rollback' });
    expect([back.code, back.text.slice(-1500)]).toEqual([0, expect.anything()]);
    expect(await names()).toEqual(
      expect.arrayContaining(['configmap/third-of-a', 'configmap/of-b']),
    );
  }, 120_000);
});

test('a release that records nobody is claimed by the next deploy', async () => {
  const inputs = { namespace: 'unclaimed' };
  const nobody = { GITHUB_REPOSITORY: '', GITHUB_REPOSITORY_ID: '' };
  const first = await run(nobody, ofA, { ...inputs, environment: 'production' });
  expect([first.code, first.outputs['revision']]).toEqual([0, '1']);
  expect((await run(a, ofA, inputs)).code).toBe(0);
  expect((await run(b, ofA, inputs)).outputs['error-code']).toBe('app-taken');
}, 60_000);

test('on a terminal another remote is a warning for a rollback, and refused for a deploy', async () => {
  const namespace = 'terminal';
  expect((await run(a, ofA, { namespace })).code).toBe(0);
  expect((await run(a, ofA + config('new'), { namespace })).code).toBe(0);
  const start = promisify(execFile);
  const folder = await site.workspace({ 'app.yaml': ofB });
  await start('git', ['init', '-q', folder]);
  await start('git', ['-C', folder, 'remote', 'add', 'origin', 'git@github.com:team-b/shop.git']);
  const entry = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');
  const place = ['--app', 'shop', '--namespace', namespace, '--environment', 'production'];
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: site.cluster.kubeconfig };
  const cli = async (...args: readonly string[]) => {
    const all = [entry, ...args, ...place, '--timeout', '20s'];
    return start(nodeOfRunner(), all, { cwd: folder, env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error) => error as { code: number; stdout: string },
    );
  };
  const refused = await cli('deploy', '--manifests', 'app.yaml');
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('app-taken') });
  const back = await cli('rollback');
  expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('app-taken') });
}, 60_000);
