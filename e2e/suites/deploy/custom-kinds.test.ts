// Custom kinds with rules of their users: ready by CEL, failed by JSONPath.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: databases.db.example.org
spec:
  group: db.example.org
  scope: Namespaced
  names: {plural: databases, singular: database, kind: Database}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

function database(name: string, rules: Readonly<Record<string, string>>, size = 1): string {
  return JSON.stringify({
    apiVersion: 'db.example.org/v1',
    kind: 'Database',
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(rules).map(([key, rule]) => [`webgen-deploy/${key}`, rule]),
      ),
    },
    spec: { size },
  });
}

const rules = {
  ready: "self.status.phase == 'Up' && status.members == spec.size",
  failed: '{.status.conditions[?(@.type=="Provisioned")].reason}=NoQuota',
};

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
  await site.cluster.kubectl(['apply', '-f', '-'], definition);
  await site.cluster.kubectl([
    'wait',
    '--for=condition=Established',
    'crd/databases.db.example.org',
  ]);
}, 900_000);

afterAll(() => site?.stop());

async function start(name: string, manifest: string, timeout = '40s') {
  const workspace = await site.workspace({ 'objects.yaml': manifest });
  const inputs = {
    manifests: 'objects.yaml',
    namespace: ns,
    app: name,
    environment: 'staging',
    timeout,
  };
  return site.start(inputs, { workspace });
}

/** What its controller would write, some time after the deploy has begun. */
async function report(name: string, status: object): Promise<void> {
  const path = `/apis/db.example.org/v1/namespaces/${ns}/databases/${name}`;
  await until({ what: `Database/${name}` }, async () => {
    return (await site.cluster.api({ path })).status === 200;
  });
  const patch = JSON.stringify({ status });
  const target = ['database', name, '--namespace', ns, '--subresource', 'status'];
  await site.cluster.kubectl(['patch', ...target, '--type', 'merge', '--patch', patch]);
}

describe('a custom kind', () => {
  test('is waited for until its rule in CEL holds', async () => {
    const run = await start('good', database('good', rules, 2));
    await report('good', { phase: 'Creating' });
    await report('good', { phase: 'Up', members: 1 });
    await report('good', { phase: 'Up', members: 2 });
    const done = await run.finished;
    expect(done.outputs['status']).toBe('deployed');
    expect(done.stdout).toContain('Database/good: ready: webgen-deploy/ready holds');
  }, 90_000);

  test('fails at once when its rule in JSONPath says so', async () => {
    const started = Date.now();
    const run = await start('bad', database('bad', rules));
    const condition = { type: 'Provisioned', status: 'False', reason: 'NoQuota' };
    await report('bad', { phase: 'Creating', conditions: [{ ...condition, message: 'disk: 0' }] });
    const done = await run.finished;
    expect(done.outputs['status']).toBe('failed');
    expect(done.outputs['error-code']).toBe('rollout-failed');
    expect(done.stdout).toContain('Database/bad: its rule webgen-deploy/failed holds');
    expect(done.stdout).toContain('Provisioned=False: NoQuota disk: 0');
    expect(Date.now() - started).toBeLessThan(35_000);
  }, 90_000);

  test('is in `status`, also while an APIService is broken', async () => {
    const service = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.broken.example.org' },
      spec: {
        group: 'broken.example.org',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        service: { namespace: ns, name: 'nobody' },
      },
    };
    await site.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(service));
    const inputs = { command: 'status', namespace: ns, app: 'good', environment: 'staging' };
    const started = Date.now();
    const done = await site.run(inputs);
    await site.cluster.kubectl(['delete', 'apiservice', 'v1.broken.example.org']);
    expect(done.outputs['status']).toBe('succeeded');
    expect(done.stdout).toMatch(/Database\/good.*ready/);
    expect(done.stdout).not.toContain('Database/bad');
    expect(Date.now() - started).toBeLessThan(30_000);
  }, 90_000);

  test('says what it waited for when the time is up', async () => {
    const run = await start('late', database('late', { ready: '{.status.phase}=Up' }), '12s');
    await report('late', { phase: 'Creating' });
    const done = await run.finished;
    expect(done.outputs['error-code']).toBe('timed-out');
    expect(done.stdout).toContain(
      'webgen-deploy/ready does not hold: {.status.phase}=Up is Creating',
    );
  }, 120_000);

  test('a wrong rule is refused with file and line, and nothing is sent', async () => {
    const manifest = `apiVersion: db.example.org/v1
kind: Database
metadata:
  name: wrong
  annotations:
    webgen-deploy/ready: self.status.phase =
    webgen-deploy/failed: "{.status.phase=Failed"
`;
    const done = await (await start('wrong', manifest)).finished;
    expect(done.outputs['error-code']).toBe('manifest-invalid');
    const findings: readonly { file: string; line: number }[] = JSON.parse(
      done.outputs['findings'] ?? '[]',
    );
    expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'objects.yaml:6',
      'objects.yaml:7',
    ]);
    const path = `/apis/db.example.org/v1/namespaces/${ns}/databases/wrong`;
    expect((await site.cluster.api({ path })).status).toBe(404);
  }, 60_000);
});

describe('rules that hold a run up', () => {
  const hostile = "status.text.matches('^(a+)+$')";
  const text = `${'a'.repeat(8_000)}b`;
  const annotate = async (name: string, rule: string): Promise<void> => {
    const args = ['annotate', 'database', name, '--namespace', ns, '--overwrite'];
    await site.cluster.kubectl([...args, `webgen-deploy/ready=${rule}`]);
  };

  test('in the manifest: the wait goes on, and SIGTERM ends it within two seconds', async () => {
    const run = await start('slow', database('slow', { ready: hostile }), '60s');
    await report('slow', { text });
    // That it goes on is what is tried here: for three seconds.
    await sleep(3_000);
    const from = Date.now();
    run.kill('SIGTERM');
    const done = await run.finished;
    expect(Date.now() - from).toBeLessThan(2_000);
    expect(done.outputs['status']).toBe('cancelled');
  }, 90_000);

  test('in the record: `status` ends within two seconds of SIGTERM, whenever it comes', async () => {
    const inputs = { command: 'status', namespace: ns, app: 'slow', environment: 'staging' };
    for (const moment of [200, 400, 600, 800, 1_000]) {
      const run = await site.start(inputs);
      await sleep(moment);
      const from = Date.now();
      run.kill('SIGTERM');
      await run.finished;
      expect(Date.now() - from).toBeLessThan(2_000);
    }
  }, 90_000);

  test('on the live object: neither a wait nor `status` counts them', async () => {
    const run = await start('live', database('live', { ready: '{.status.phase}=Up' }), '60s');
    await report('live', { phase: 'Creating', text });
    await annotate('live', hostile);
    await report('live', { phase: 'Up' });
    const done = await run.finished;
    expect(done.outputs['status']).toBe('deployed');
    const inputs = { command: 'status', namespace: ns, app: 'live', environment: 'staging' };
    const from = Date.now();
    const told = await site.run(inputs);
    expect(told.stdout).toMatch(
      /Database\/live: ready: webgen-deploy\/ready holds|Database\/live.*ready/,
    );
    expect(told.outputs['status']).toBe('succeeded');
    expect(Date.now() - from).toBeLessThan(20_000);
  }, 90_000);
});

describe('a webhook whose Service', () => {
  const served = (app: string) => `apiVersion: v1
kind: Service
metadata: {name: ${app}}
spec: {selector: {app: ${app}}, ports: [{port: 443}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: ${app}.example.org}
webhooks:
  - name: ${app}.example.org
    clientConfig: {service: {name: ${app}, namespace: ${ns}}}
    rules: [{operations: [CREATE], apiGroups: [none.example.org], apiVersions: [v1], resources: [x]}]
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
---
`;

  test('has no pod is told of; one whose pods come with the release is not', async () => {
    const runs = [served('alone'), served('manned') + deployment('manned')].map(
      async (manifests, at) => (await start(`hook-${at}`, manifests)).finished,
    );
    const [alone, manned] = await Promise.all(runs);
    expect(alone?.outputs['status']).toBe('deployed');
    expect(alone?.stdout).toContain(
      `alone.example.org calls the Service ${ns}/alone, which has no ready endpoint, so every write`,
    );
    expect(manned?.outputs['status']).toBe('deployed');
    expect(manned?.stdout).not.toContain('no ready endpoint');
    for (const run of [alone, manned]) await run?.cleanUp();
  }, 60_000);
});
