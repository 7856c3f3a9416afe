// deploy.yml run whole with images to build: job hands digests to job although the registry is secret,
// and the real scanner in between opens the gate or keeps it shut.
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { provideAssets } from '../../support/cluster/assets.ts';
import {
  builderUnavailable,
  startBuilder,
  type TestBuilder,
} from '../../support/images/builder.ts';
import { pushDatabase, type ScannedKind, scannedFiles } from '../../support/images/scanned.ts';
import { startTestRegistry, type TestRegistry } from '../../support/images/test-registry.ts';
import { openSharedSite, type Site } from '../../support/site.ts';
import { provideTool } from '../../support/tools/tools.ts';
import { findTrivy, noTrivy } from '../../support/tools/trivy.ts';
import { type ActRun, runAct } from '../../support/workflows/act.ts';
import { makeApplication } from '../../support/workflows/application.ts';
import { type Hub, makeHub } from '../../support/workflows/hub.ts';

const provided = await provideTool('act');
const reason = 'missing' in provided ? provided.missing : await builderUnavailable();
const act = 'path' in provided ? provided.path : '';
const suite = reason === undefined ? describe : describe.skip;
const trivy = await findTrivy();
if (!trivy) process.stderr.write(`the gate is skipped: ${noTrivy}\n`);
const gated = reason === undefined && trivy ? describe : describe.skip;

let site: Site;
/** As the workflow that is tried names it. */
const ns = 'shop';
let hub: Hub;
let builder: TestBuilder;
let registry: TestRegistry;
let kubectl = '';
let bin = '';
let database = '';
const folders: string[] = [];

const date = (ms: number) => new Date(ms).toISOString();

beforeAll(async () => {
  if (reason !== undefined) return;
  [site, hub] = await Promise.all([openSharedSite(), makeHub()]);
  [builder, registry] = await Promise.all([startBuilder(), startTestRegistry()]);
  kubectl = (await provideAssets(['kubectl']))['kubectl'] ?? '';
  await site.freshNamespace(ns);
  bin = await mkdtemp(join(tmpdir(), 'webgen-trivy-'));
  folders.push(hub.folder, bin);
  if (!trivy) return;
  await symlink(trivy, join(bin, 'trivy'));
  const dates = { updatedAt: date(Date.now() - 3_600_000), nextUpdate: date(Date.now() + 9e7) };
  database = await pushDatabase(registry.address, dates);
}, 900_000);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await Promise.all([site?.stop(), builder?.stop(), registry?.stop()]);
});

const dockerfile = (files: readonly string[]) =>
  ['FROM scratch', ...files.map((file) => `COPY ${file} /${file}`), 'USER 20001', ''].join('\n');

/** A push to main of an application whose backend has these files. */
async function push(
  backend: Readonly<Record<string, string>>,
  lines: readonly string[],
  form: 'ordinary' | 'reusable' = 'reusable',
): Promise<ActRun> {
  const inside = Object.entries(backend).map(([path, text]) => [`backend/${path}`, text]);
  const application = await makeApplication({
    branch: 'main',
    form,
    builds: true,
    with: [
      `yc-api-endpoint: ${site.yandex.endpoint}`,
      `registry: ${registry.address}/shop`,
      "backend-path: ''",
      "frontend-path: ''",
      ...lines,
    ],
    files: {
      ...Object.fromEntries(inside),
      'backend/Dockerfile': dockerfile(['requirements.txt', ...Object.keys(backend)]),
      'frontend/Dockerfile': dockerfile(['package.json']),
    },
  });
  folders.push(application);
  const path = [bin, builder.env['PATH'] ?? process.env['PATH']].join(delimiter);
  return runAct({
    ...{ act, hub, application, kubectl, event: 'push', workflow: 'deploy' },
    env: { ...builder.env, PATH: path, RUNNER_TOOL_CACHE: join(bin, 'cache') },
    payload: {
      ref: 'refs/heads/main',
      repository: { full_name: 'acme/shop', name: 'shop', default_branch: 'main' },
    },
    secrets: {
      YC_SA_JSON_CREDENTIALS: site.account.keyJson,
      YC_K8S_CLUSTER_ID: site.access['yc-k8s-cluster-id'] ?? '',
      // Masked, it empties whatever output of a job holds it: here the registry's own port.
      YC_REGISTRY_ID: registry.address.split(':')[1] ?? '',
    },
  });
}

function expectRun(run: ActRun, code: number, jobs: ActRun['jobs']): void {
  const log = run.code === code ? '' : run.text.slice(-6000);
  expect([run.code, run.jobs, log]).toEqual([code, jobs, '']);
}

async function imageOf(name: string): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${ns}/deployments/${name}`;
  const { body } = await site.cluster.api({ path });
  return body.spec?.template.spec.containers[0].image;
}

async function digestOf(name: string): Promise<string | null> {
  const url = `http://${registry.address}/v2/shop/${name}/manifests/main`;
  const accept = [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', ');
  return (await fetch(url, { headers: { accept } })).headers.get('docker-content-digest');
}

suite(`a deploy that builds${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test.each([['reusable'], ['ordinary']] as const)(
    'deploys exactly the digests that the job before has pushed: %s jobs',
    async (form) => {
      // The scanner is in the other tests; another image for each form.
      const run = await push({ 'form.txt': form }, ["scan: 'off'"], form);
      expectRun(run, 0, { 'build and scan': true, 'deploy and verify': true });
      for (const name of ['backend', 'frontend']) {
        expect(await imageOf(name)).toBe(
          `${registry.address}/shop/${name}@${await digestOf(name)}`,
        );
      }
    },
    300_000,
  );
});

gated('the gate, which is shut unless the caller says otherwise', () => {
  // What an application's caller adds where the internet is not to be had.
  const own = () => ['trivy-version: none', `trivy-db-repository: ${database}`];
  const files = (kind: ScannedKind) => scannedFiles(kind);

  test('a vulnerable image stops the run after its build: nothing is deployed', async () => {
    const before = await imageOf('backend');
    const asked = site.yandex.requests.length;
    const run = await push(files('vulnerable'), own());
    expectRun(run, 1, { 'build and scan': false });
    expect(run.text).toContain('image-vulnerable');
    expect(run.text).toContain('CVE-2099-0001');
    expect(await imageOf('backend')).toBe(before);
    const calls = site.yandex.requests.slice(asked).map(({ path }) => path);
    expect(calls.filter((path) => path.includes('clusters'))).toEqual([]);
  }, 300_000);

  test('a clean one goes through it', async () => {
    const run = await push(files('clean'), own());
    expectRun(run, 0, { 'build and scan': true, 'deploy and verify': true });
    expect(run.text).toContain('Scan of backend: nothing that counts');
    expect(await imageOf('backend')).toBe(
      `${registry.address}/shop/backend@${await digestOf('backend')}`,
    );
  }, 300_000);
});
