// A broken namespace, saved by kubectl and read without a cluster; and status of the same.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeOfRunner } from '../../support/runner/run-action.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let folder = '';
const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');
const save = ['get', 'all,events,pvc', '--namespace', ns];

/** `how` as e2e/support/cluster/kwok-stages.yaml names it. */
function broken(name: string, how: string): string {
  const labels = `labels: {app: ${name}}\n    spec:`;
  const simulated = `labels: {app: ${name}}\n      annotations: {simulate/pod: ${how}}\n    spec:`;
  return deployment(name).replace(labels, simulated);
}

beforeAll(async () => {
  site = await openSharedSite();
  const app = [deployment('fine'), broken('api', 'crash-loop'), broken('web', 'image-missing')];
  folder = await site.workspace({ 'app.yaml': app.join('---\n') });
  await site.cluster.kubectl(['create', 'namespace', ns]);
  const run = await site.run(
    {
      manifests: 'app.yaml',
      namespace: ns,
      app: 'shop',
      environment: 'staging',
      timeout: '60s',
    },
    { workspace: folder },
  );
  expect(run.outputs['status']).toBe('failed');
}, 900_000);

afterAll(() => site?.stop());

async function webgen(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) {
  const child = spawn(nodeOfRunner(), [cli, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });
  child.stdin.end(input);
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      out[name] += String(chunk);
    });
  }
  const code = await new Promise<number>((done) => child.on('close', done));
  return { code, ...out };
}

describe('diagnose', () => {
  test('kubectl get … -o yaml by standard input: the blocks of a failed deploy', async () => {
    const state = await site.cluster.kubectl([...save, '--output', 'yaml']);
    const run = await webgen(['diagnose', '-'], state);
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/^Deployment\/api +failed/m);
    expect(run.stdout).toMatch(/^Deployment\/fine +ready/m);
    expect(run.stdout).toContain('✗ crash-loop  Deployment/api: container app starts and dies');
    expect(run.stdout).toContain('✗ image-not-found  Deployment/web');
    expect(run.code).toBe(1);
  }, 60_000);

  test('files of JSON, several at once: one row per object without an owner', async () => {
    for (const kind of ['deployments', 'replicasets', 'pods', 'events']) {
      const args = ['get', kind, '--namespace', ns, '--output', 'json'];
      await writeFile(join(folder, `${kind}.json`), await site.cluster.kubectl(args));
    }
    const files = ['pods.json', 'deployments.json', 'replicasets.json', 'events.json'];
    const run = await webgen(['diagnose', ...files, '--output', 'json']);
    expect(run.code).toBe(1);
    const rows: readonly { object: string; verdict: string }[] = JSON.parse(run.stdout);
    expect(rows.map(({ object, verdict }) => `${object} ${verdict}`).sort()).toEqual([
      'Deployment/api failed',
      'Deployment/fine ready',
      'Deployment/web failed',
    ]);
    const pods = await webgen(['diagnose', 'pods.json', '--output', 'json']);
    expect(pods.code).toBe(1);
    expect(JSON.parse(pods.stdout)).toHaveLength(3);
  }, 60_000);

  test('a file with a rule and texts that would hold it up ends at once', async () => {
    const object = (name: string, rule: string) => ({
      apiVersion: 'db.example.org/v1',
      kind: 'Database',
      metadata: { name, namespace: ns, annotations: { 'webgen-deploy/ready': rule } },
      status: { text: `${'a'.repeat(8_000)}b`, long: 'a.'.repeat(800_000) },
    });
    const rules = ["status.text.matches('^(a+)+$')", "status.long.contains('b')"];
    const items = rules.map((rule, at) => object(`db${at}`, rule));
    const from = Date.now();
    const run = await webgen(['diagnose', '-'], JSON.stringify({ kind: 'List', items }));
    expect(run.stdout).toMatch(/^Database\/db0 +waiting/m);
    expect(run.stdout).toContain('has a text that is longer than');
    expect(Date.now() - from).toBeLessThan(5_000);
    const cut = await webgen(['diagnose', '-'], `{"a": "${'\\"'.repeat(800_000)}`);
    expect(cut.code).toBe(2);
    expect(Date.now() - from).toBeLessThan(10_000);
  }, 60_000);

  test('what is fine is 0, what cannot be read is 2', async () => {
    const args = ['get', 'deployment,replicaset,pod', '-l', 'app=fine', '-n', ns, '-o', 'yaml'];
    const fine = await webgen(['diagnose', '-'], await site.cluster.kubectl(args));
    expect(fine.code).toBe(0);
    expect((await webgen(['diagnose', 'nowhere.yaml'])).code).toBe(2);
    expect((await webgen(['diagnose', '-'], '')).code).toBe(2);
  }, 60_000);
});

test('status says the same of the live cluster, and exits with 1', async () => {
  const env = { KUBECONFIG: site.cluster.kubeconfig };
  const place = ['--namespace', ns, '--app', 'shop'];
  const run = await webgen(['status', ...place], '', env);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^Deployment\/api +failed/m);
  expect(run.stdout).toMatch(/^Deployment\/fine +ready/m);
  expect(run.stdout).toContain('✗ crash-loop  Deployment/api');
  const json = await webgen(['status', ...place, '--output', 'json'], '', env);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout).findings).toContainEqual(
    expect.objectContaining({ code: 'crash-loop', object: 'Deployment/api' }),
  );
}, 60_000);
