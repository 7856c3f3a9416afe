// What is wrong in a manifest is shown at its file and line, and nothing is changed.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: first\ndata: {A: "1"}\n---\n';

async function refused(manifest: string) {
  const workspace = await site.workspace({ 'app.yaml': config + manifest });
  const run = await site.run({ namespace: ns, manifests: 'app.yaml' }, { workspace });
  const { body } = await site.cluster.api({ path: `/api/v1/namespaces/${ns}/configmaps` });
  const names = body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
  expect(names).toEqual(['kube-root-ca.crt']);
  expect(run.code).toBe(1);
  expect(run.outputs['status']).toBe('failed');
  return run;
}

describe('nothing is changed by', () => {
  test('a misspelt field', async () => {
    const run = await refused(deployment('web').replace('replicas', 'replcas'));
    expect(run.outputs['error-code']).toBe('field-unknown');
    expect(run.text).toContain('app.yaml:12');
    expect(run.stdout).toMatch(/^::error file=app\.yaml,line=12,/m);
  });

  test('a tab', async () => {
    const run = await refused(deployment('web').replace('  replicas', '\treplicas'));
    expect(run.outputs['error-code']).toBe('manifest-invalid');
    expect(run.text).toContain('app.yaml:12');
  });

  test('an unknown kind', async () => {
    const run = await refused('apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: web}\n');
    expect(run.outputs['error-code']).toBe('kind-unknown');
    expect(run.text).toContain('app.yaml:8');
    expect(run.text).toContain('Deployment');
  });

  test('a variable that nobody filled, an image that nothing uses: both at once', async () => {
    const manifest = deployment('web', { image: '${REGISTRY}/app:1' });
    const workspace = await site.workspace({ 'app.yaml': config + manifest });
    const inputs = {
      namespace: ns,
      manifests: 'app.yaml',
      images: 'worker=registry.example/w:1',
    };
    const run = await site.run(inputs, { workspace });
    const codes = JSON.parse(run.outputs['findings'] ?? '').map(
      (each: { code: string }) => each.code,
    );
    expect(codes).toEqual(expect.arrayContaining(['variable-unset', 'image-not-matched']));
    expect(run.code).toBe(1);
  });

  test('wrong inputs: all of them at once', async () => {
    const run = await site.run({ timeout: '10', wait: 'maybe', namespace: 'Shop' });
    expect(run.code).toBe(1);
    for (const name of ['timeout', 'wait', 'namespace']) expect(run.text).toContain(`\`${name}\``);
  });
});
