// The same engine from a terminal: flags, exit codes, JSON for programs.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeOfRunner } from '../runner/run-action.ts';
import { deployment, openSite, type Site } from '../site.ts';

let site: Site;
let folder = '';

beforeAll(async () => {
  site = await openSite();
  folder = await site.workspace({ 'app.yaml': deployment('web') });
}, 900_000);

afterAll(() => site?.stop());

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

async function webgen(...args: readonly string[]) {
  const options = {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: site.cluster.kubeconfig },
  };
  try {
    const done = await promisify(execFile)(nodeOfRunner(), [cli, ...args], options);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const place = ['--namespace', 'shop', '--app', 'shop'];

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
      path: '/apis/apps/v1/namespaces/shop/deployments/web',
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
});
