// What `init` writes into an empty repository: the linters find nothing, and a cluster runs it.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actionlint, zizmor } from '../../../scripts/workflows.ts';
import { provideAssets } from '../../support/cluster/assets.ts';
import { execOk } from '../../support/cluster/exec.ts';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
let folder = '';
let path = '';

const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');

const webgen = (...args: readonly string[]) => webgenIn(folder, ...args);

async function webgenIn(cwd: string, ...args: readonly string[]) {
  const env = { PATH: path, HOME: folder, KUBECONFIG: site.cluster.kubeconfig };
  const options = { cwd, env };
  try {
    const done = await promisify(execFile)(nodeOfRunner(), [cli, ...args], options);
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

beforeAll(async () => {
  site = await openSharedSite();
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

describe('a repository whose default branch is master', () => {
  const commit = 'c'.repeat(40);
  const forms = [
    ['ordinary', 'acme', []],
    ['ordinary', 'acme', [`--pin=${commit}`]],
    ['reusable', 'acme', ['--reusable']],
    ['reusable', 'org', [`--pin=${commit}`]],
  ] as const;

  async function repository(owner: string): Promise<string> {
    const root = await site.workspace({
      'backend/requirements.txt': 'pytest\n',
      'backend/Dockerfile': 'FROM python:3.13-slim\nEXPOSE 8000\n',
      'frontend/package-lock.json': '{}\n',
      'frontend/Dockerfile': 'FROM node:24-slim\nEXPOSE 3000\n',
    });
    const git = (...args: readonly string[]) => execOk('git', args, { cwd: root });
    await git('init', '--quiet', '--initial-branch=master');
    await git('remote', 'add', 'origin', `https://github.com/${owner}/shop.git`);
    return root;
  }

  test.each(forms)(
    'gets %s workflows for it, of %s with %j, in which the linters find nothing',
    async (form, owner, flags) => {
      const root = await repository(owner);
      const run = await webgenIn(root, 'init', '--app', 'shop', '--yes', ...flags);
      expect([run.code, run.stderr]).toEqual([0, '']);
      const says = form === 'ordinary' ? 'Ordinary jobs: ' : 'Callers of the reusable workflows';
      expect(run.stdout).toContain(says);
      expect(run.stdout).toContain('Pushes to master go to production, to develop to staging.');
      const at = join(root, '.github', 'workflows');
      const names = await readdir(at);
      expect(names).toEqual(['deploy.yml', 'pr-check.yml', 'rollback.yml']);
      const files = names.map((name) => join(at, name));
      const deploy = await readFile(join(at, 'deploy.yml'), 'utf8');
      expect(deploy).toContain('branches: [master, develop]');
      expect(deploy.includes('deploy.yml@')).toBe(form === 'reusable');
      expect(deploy.includes(`@${commit} # v`)).toBe(
        flags.some((flag) => flag.startsWith('--pin')),
      );
      expect(await readdir(join(root, '.github'))).toEqual(['dependabot.yml', 'workflows']);
      const all = [...files, join(root, '.github', 'dependabot.yml')];
      for (const { name, result, text } of [await actionlint(files), await zizmor(all)]) {
        if (result === 'skipped') console.warn(`${name} was not run: ${text}`);
        expect([name, text.trim(), result]).not.toContain('failed');
      }
      // What init has written is what doctor asks for.
      const doctor = await webgenIn(root, 'doctor', '--output', 'json');
      const checks: readonly { check: string; verdict: string; what: string }[] = JSON.parse(
        doctor.stdout,
      ).checks;
      const wrong = checks.filter(
        ({ check, verdict }) => check === 'workflows' && verdict === 'failed',
      );
      expect(wrong.filter(({ what }) => form === 'ordinary' || !what.includes('owner'))).toEqual(
        [],
      );
    },
    120_000,
  );

  test('a commit that is not known is asked for', async () => {
    const root = await repository('acme');
    const run = await webgenIn(root, 'init', '--yes', '--pin=main');
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('--pin is not a commit')]);
    expect(await readdir(root)).not.toContain('.github');
  }, 30_000);
});
