// The main job, end to end: the bundle as a runner starts it, against a real API server.
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { example, namespaceFor, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let workspace = '';

const images = (tag: string) =>
  `backend=registry.example/shop/backend:${tag}\nfrontend=registry.example/shop/frontend:${tag}`;

beforeAll(async () => {
  site = await openSharedSite();
  workspace = await site.workspace(example);
}, 900_000);

afterAll(() => site?.stop());

const deploy = (inputs: Readonly<Record<string, string>> = {}, options = {}) =>
  site.run(
    { namespace: ns, 'create-namespace': 'true', images: images('1'), ...inputs },
    { workspace, ...options },
  );

const outcome = ({ code, outputs }: Run) => ({ code, status: outputs['status'] });

describe('a push to main', () => {
  test('deploys the production overlay and says what changed', async () => {
    const run = await deploy();
    expect(run.text).toContain('Deployment/backend');
    expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    expect(run.outputs).toMatchObject({
      'error-code': '',
      app: 'shop',
      environment: 'production',
      namespace: ns,
      findings: '[]',
    });
    expect(JSON.parse(run.outputs['images'] ?? '')).toEqual({
      backend: 'registry.example/shop/backend:1',
      frontend: 'registry.example/shop/frontend:1',
    });
    expect(JSON.parse(run.outputs['changes'] ?? '')).toContainEqual({
      object: 'Deployment/backend',
      namespace: ns,
      change: 'created',
    });
    expect(run.summary).toContain('```mermaid');
    const report = JSON.parse(await readFile(run.outputs['report-path'] ?? '', 'utf8'));
    expect(report.status).toBe('deployed');
    const { body } = await site.cluster.api({
      path: `/apis/apps/v1/namespaces/${ns}/deployments/backend`,
    });
    expect(body.status.availableReplicas).toBe(2);
    expect(body.spec.template.spec.containers[0].image).toBe('registry.example/shop/backend:1');
    expect(body.metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'webgen-deploy',
      'app.kubernetes.io/part-of': 'shop',
    });
    expect(body.spec.template.metadata.labels).toEqual({ 'app.kubernetes.io/name': 'backend' });
    const managers = body.metadata.managedFields.map((each: { manager: string }) => each.manager);
    expect(managers).toContain('webgen-deploy/shop');
  }, 120_000);

  test('sends nothing again when nothing changed', async () => {
    const run = await deploy();
    expect(outcome(run)).toEqual({ code: 0, status: 'unchanged' });
    const changes: { change: string }[] = JSON.parse(run.outputs['changes'] ?? '');
    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(['unchanged']));
  }, 60_000);

  test('leaves a kubeconfig for later steps, for the owner only, and removes it afterwards', async () => {
    const run = await deploy();
    const path = run.env['KUBECONFIG'] ?? '';
    expect(path).toBe(run.outputs['kubeconfig-path']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const who = await site.cluster.kubectl(['--kubeconfig', path, 'auth', 'whoami', '-o', 'json']);
    expect(JSON.parse(who).status.userInfo.username).toBe(site.account.id);
    expect((await run.post()).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  }, 60_000);

  test('rolls what uses a ConfigMap that changed, and only that', async () => {
    const before = await generations();
    const changed = await site.workspace(example);
    const file = `${changed}/manifests/base/config.yaml`;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('info', 'debug'));
    const preview = await deploy({ command: 'diff' }, { workspace: changed });
    expect(preview.text).toContain('would restart Deployment/backend');
    expect(await generations()).toEqual(before);
    const run = await deploy({}, { workspace: changed });
    expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    const after = await generations();
    expect(after['backend']).toBe((before['backend'] ?? 0) + 1);
    // The same again: the annotation stays as it stands, so nothing rolls.
    expect(outcome(await deploy({}, { workspace: changed }))).toEqual({
      code: 0,
      status: 'unchanged',
    });
    expect(await generations()).toEqual(after);
  }, 120_000);
});

async function generations(): Promise<Record<string, number>> {
  const { body } = await site.cluster.api({ path: `/apis/apps/v1/namespaces/${ns}/deployments` });
  const items: { metadata: { name: string; generation: number } }[] = body.items;
  return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.generation]));
}

describe('other ways in', () => {
  test('keyless, by the job’s OIDC token', async () => {
    site.yandex.link(site.account.id, site.yandex.github.claims.sub);
    const run = await deploy(
      { 'yc-sa-json-credentials': '', 'yc-sa-id': site.account.id },
      { env: site.yandex.github.env },
    );
    expect(run.code).toBe(0);
  }, 60_000);

  test('a subject that nobody linked: the command that links it', async () => {
    const { claims, env } = site.yandex.github;
    const linked = claims.sub;
    claims.sub = 'repo:acme/shop:environment:production';
    try {
      const run = await deploy(
        { 'yc-sa-json-credentials': '', 'yc-sa-id': site.account.id },
        { env },
      );
      expect(run.outputs['error-code']).toBe('unauthenticated');
      expect(run.text).toContain('federated-credential create');
      expect(run.text).toContain("'repo:acme/shop:environment:production'");
    } finally {
      claims.sub = linked;
    }
  }, 60_000);

  test('images alone, set on the live workloads', async () => {
    const run = await deploy({
      images: 'backend=registry.example/shop/backend:7',
      environment: 'none',
    });
    expect(outcome(run)).toEqual({ code: 0, status: 'deployed' });
    const { body } = await site.cluster.api({
      path: `/apis/apps/v1/namespaces/${ns}/deployments/backend`,
    });
    expect(body.spec.template.spec.containers[0]).toMatchObject({
      image: 'registry.example/shop/backend:7',
      envFrom: [{ configMapRef: { name: 'shop-config' } }],
    });
  }, 60_000);

  test('status judges what is there', async () => {
    const run = await deploy({ command: 'status', images: '' });
    expect(outcome(run)).toEqual({ code: 0, status: 'succeeded' });
    expect(run.text).toMatch(/Deployment\/backend.*ready/);
  }, 60_000);

  test('pull_request_target is refused before anything is asked for', async () => {
    const asked = site.yandex.requests.length;
    const run = await deploy({}, { eventName: 'pull_request_target' });
    expect(run.code).toBe(1);
    expect(run.outputs['error-code']).toBe('event-refused');
    expect(site.yandex.requests.length).toBe(asked);
  }, 60_000);
});
