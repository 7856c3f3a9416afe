// What `init` writes into an empty repository: the linters find nothing, and a cluster runs it.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actionlint, zizmor } from '../../scripts/workflows.ts';
import { provideAssets } from '../cluster/assets.ts';
import { nodeOfRunner } from '../runner/run-action.ts';
import { openSite, type Site } from '../site.ts';

let site: Site;
let folder = '';
let path = '';

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

async function webgen(...args: readonly string[]) {
  const env = { PATH: path, HOME: folder, KUBECONFIG: site.cluster.kubeconfig };
  const options = { cwd: folder, env };
  try {
    const done = await promisify(execFile)(nodeOfRunner(), [cli, ...args], options);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

beforeAll(async () => {
  site = await openSite();
  folder = await site.workspace({});
  const { kubectl = '' } = await provideAssets(['kubectl']);
  path = [dirname(kubectl), process.env['PATH']].join(delimiter);
}, 900_000);

afterAll(() => site?.stop());

const services = ['--services', 'api:8000/health', '--services', 'web:3000'];

describe('an empty repository', () => {
  test('gets workflows and manifests', async () => {
    const run = await webgen('init', '--app', 'cart', '--namespace', 'cart', ...services);
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(await readdir(folder)).toEqual(['.github', 'manifests']);
    const again = await webgen('init', '--app', 'cart', '--yes', ...services, '--output', 'json');
    const { files } = JSON.parse(again.stdout);
    expect(new Set(files.map(({ state }: { state: string }) => state))).toEqual(
      new Set(['unchanged']),
    );
  }, 30_000);

  test('actionlint and zizmor find nothing in the workflows', async () => {
    const names = await readdir(join(folder, '.github', 'workflows'));
    const files = names.map((name) => join(folder, '.github', 'workflows', name));
    for (const { name, result, text } of [await actionlint(files), await zizmor(files)]) {
      if (result === 'skipped') console.warn(`${name} was not run: ${text}`);
      expect([name, text.trim(), result]).not.toContain('failed');
    }
  }, 120_000);

  test.each([
    ['production', 'cart', 2],
    ['staging', 'cart-staging', 1],
  ])(
    'its overlay %s runs in %s',
    async (environment, namespace, replicas) => {
      await site.cluster.kubectl(['apply', '-f', join(folder, 'manifests', 'bootstrap')]);
      const images = ['api', 'web'].flatMap((name) => [
        '--images',
        `${name}=registry.example/${name}:1`,
      ]);
      const place = ['--app', 'cart', '--namespace', namespace, '--environment', environment];
      const run = await webgen('deploy', ...place, ...images);
      expect([run.code, run.stderr]).toEqual([0, '']);
      const { body } = await site.cluster.api({
        path: `/apis/apps/v1/namespaces/${namespace}/deployments/api`,
      });
      expect(body.status.readyReplicas).toBe(replicas);
      expect(body.spec.template.spec.containers[0].image).toBe('registry.example/api:1');
      // Pod Security would warn of what it will not admit under its strictest standard.
      expect(run.stdout).not.toContain('would violate PodSecurity');
    },
    120_000,
  );
});
