// Databases, then migrations, then the application: the first deploy and those after it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
}, 900_000);

afterAll(() => site?.stop());

interface Shape {
  readonly migration?: string;
  readonly web?: string;
  /** On the migration's pods. */
  readonly pods?: Readonly<Record<string, string>>;
  /** Of the migration; empty for none. */
  readonly phase?: string;
}

const job = (name: string, { phase, image, pods = {} }: JobShape) => `---
apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: ${JSON.stringify(phase ? { 'webgen-deploy/phase': phase } : {})}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: ${JSON.stringify({ 'simulate/pod': 'well', ...pods })}}
    spec: {restartPolicy: Never, containers: [{name: app, image: '${image}'}]}
`;

interface JobShape {
  readonly phase: string;
  readonly image: string;
  readonly pods?: Readonly<Record<string, string>>;
}

const config = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n';

const database = `---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
  annotations: {webgen-deploy/phase: base}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, annotations: {simulate/ready-after: 2s}}
    spec: {containers: [{name: db, image: 'registry.example/db:1'}]}
`;

function system({ migration = '1', web = '1', pods = {}, phase = 'pre-deploy' }: Shape = {}) {
  return [
    deployment('web', { image: `registry.example/web:${web}` }),
    job('smoke', { phase: 'post-deploy', image: 'registry.example/smoke:1' }),
    job('migrate', { phase, image: `registry.example/migrate:${migration}`, pods }),
    database,
    config,
  ].join('');
}

async function run(namespace: string, yaml: string, inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const more = { namespace, 'create-namespace': 'true', manifests: 'app.yaml', ...inputs };
  return site.run(more, { workspace });
}

function changes({ outputs }: Run): Readonly<Record<string, string>> {
  const all: { object: string; change: string }[] = JSON.parse(outputs['changes'] ?? '[]');
  return Object.fromEntries(all.map(({ object, change }) => [object, change]));
}

async function get(namespace: string, path: string) {
  const { body } = await site.cluster.api({ path: path.replace('NS', `namespaces/${namespace}`) });
  return body;
}

const jobPath = '/apis/batch/v1/NS/jobs/migrate';
const webPath = '/apis/apps/v1/NS/deployments/web';
const time = (text: string) => Date.parse(text);

describe('a system with a database and migrations', () => {
  const ns = 'system';

  test('the first install goes phase by phase', async () => {
    const first = await run(ns, system());
    expect(first.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(first.text).toContain('2. base: StatefulSet/db');
    expect(first.text).toContain('3. pre-deploy: Job/migrate');
    expect(first.summary).toContain('await-rollout pre-deploy');
    const db = await get(ns, '/api/v1/NS/pods/db-0');
    const migrate = await get(ns, jobPath);
    const web = await get(ns, webPath);
    const smoke = await get(ns, '/apis/batch/v1/NS/jobs/smoke');
    const settings = await get(ns, '/api/v1/NS/configmaps/settings');
    const conditions: { type: string; lastTransitionTime: string }[] = db.status.conditions;
    const ready = conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
    const order = [
      settings.metadata.creationTimestamp,
      ready,
      migrate.metadata.creationTimestamp,
      migrate.status.completionTime,
      web.metadata.creationTimestamp,
      smoke.metadata.creationTimestamp,
    ].map(time);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
    expect(time(ready)).toBeGreaterThan(time(settings.metadata.creationTimestamp));
  }, 120_000);

  test('a second deploy of the same runs nothing again', async () => {
    const uid = (await get(ns, jobPath)).metadata.uid;
    const second = await run(ns, system());
    expect(second.outputs).toMatchObject({ status: 'unchanged', 'error-code': '' });
    expect(second.summary).toContain('complete, by an earlier run');
    expect((await get(ns, jobPath)).metadata.uid).toBe(uid);
  }, 60_000);

  test('a changed migration is made anew and run before the application', async () => {
    const before = await get(ns, jobPath);
    const yaml = system({ migration: '2', web: '2' });
    const preview = await run(ns, yaml, { command: 'diff' });
    expect(changes(preview)).toMatchObject({ 'Job/migrate': 'recreated' });
    expect(preview.text).toContain(
      '± Job/migrate recreated: spec.template.spec.containers[0].image',
    );
    expect((await get(ns, jobPath)).metadata.uid).toBe(before.metadata.uid);
    const third = await run(ns, yaml);
    expect(third.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(changes(third)).toMatchObject({
      'Job/migrate': 'recreated',
      'Job/smoke': 'unchanged',
      'StatefulSet/db': 'unchanged',
      'Deployment/web': 'configured',
    });
    const after = await get(ns, jobPath);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.status.succeeded).toBe(1);
    const pods = await get(ns, '/api/v1/NS/pods?labelSelector=job-name%3Dmigrate');
    expect(pods.items).toHaveLength(1);
  }, 60_000);

  test('a failing migration stops before the application, and is run again next time', async () => {
    const before = await get(ns, webPath);
    const pods = { 'simulate/pod': 'job-fails' };
    const failing = await run(ns, system({ migration: '3', web: '3', pods }));
    expect(failing.code).toBe(1);
    expect(failing.outputs['error-code']).toBe('job-failed');
    expect(failing.text).toContain('Stopped in the phase pre-deploy.');
    expect(failing.text).toContain('Not applied: Deployment/web.');
    expect(changes(failing)).not.toHaveProperty('Deployment/web');
    const web = await get(ns, webPath);
    expect(web.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    const uid = (await get(ns, jobPath)).metadata.uid;
    const again = await run(ns, system({ migration: '3', web: '3', pods }), { command: 'diff' });
    expect(again.text).toContain('± Job/migrate recreated: status.conditions[Failed');
    const good = await run(ns, system({ migration: '3', web: '3' }));
    expect(good.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect((await get(ns, jobPath)).metadata.uid).not.toBe(uid);
  }, 120_000);
});

describe('phases share one run', () => {
  test('one deadline: a slow migration has what the database left', async () => {
    const late = await run('late', system({ pods: { 'simulate/ends-after': '60s' } }), {
      timeout: '4s',
    });
    expect(late.outputs).toMatchObject({ status: 'failed', 'error-code': 'timed-out' });
    expect(late.text).toContain('Job/migrate was not ready in 4 s');
    expect(late.text).toContain('Stopped in the phase pre-deploy.');
    expect(Number(late.outputs['duration-seconds'])).toBeLessThanOrEqual(7);
  }, 60_000);

  test('a cancelled one says which phase it had reached', async () => {
    const stuck = system().replace(
      'spec: {containers: [{name: db',
      'spec: {nodeSelector: {kubernetes.io/os: plan9}, containers: [{name: db',
    );
    const workspace = await site.workspace({ 'app.yaml': stuck });
    const seen: string[] = [];
    const inputs = { namespace: 'halted', 'create-namespace': 'true', manifests: 'app.yaml' };
    const onLine = ({ text }: { readonly text: string }) => seen.push(text);
    const running = await site.start(inputs, { workspace, onLine });
    await until({ what: 'the wait', timeoutMs: 30_000 }, async () =>
      seen.some((line) => line.includes('unschedulable')) ? true : undefined,
    );
    running.kill('SIGINT');
    const result = await running.finished;
    expect(result.outputs['status']).toBe('cancelled');
    expect(result.stdout).toContain('Stopped in the phase base.');
    const rest = 'Not applied: Deployment/web, Job/smoke, Job/migrate.';
    expect(result.stdout).toContain(rest);
    await result.cleanUp();
  }, 60_000);

  test('without a wait all is applied at once', async () => {
    const inputs = { wait: 'false' };
    const result = await run('at-once', system(), inputs);
    expect(result.outputs['status']).toBe('deployed');
    expect(result.text).toContain('Phases, applied together because nothing is awaited');
    expect(changes(result)).toMatchObject({ 'Job/smoke': 'created', 'Deployment/web': 'created' });
  }, 60_000);
});

describe('a Job that still runs', () => {
  test('is awaited before another takes its place', async () => {
    const yaml = (image: string, ends: string) =>
      job('migrate', { phase: '', image, pods: { 'simulate/ends-after': ends } });
    const first = await run('busy', yaml('m:1', '10m'), { wait: 'false' });
    expect(first.outputs['status']).toBe('deployed');
    const before = await get('busy', jobPath);
    await until({ what: 'the pod', timeoutMs: 20_000 }, async () => {
      const live = await get('busy', jobPath);
      return live.status.ready === 1 ? true : undefined;
    });
    const workspace = await site.workspace({ 'app.yaml': yaml('m:2', '1s') });
    const seen: string[] = [];
    const running = await site.start(
      { namespace: 'busy', manifests: 'app.yaml' },
      { workspace, onLine: ({ text }) => seen.push(text) },
    );
    const words = 'Job/migrate of an earlier run still runs';
    await until({ what: words, timeoutMs: 30_000 }, async () =>
      seen.some((line) => line.includes(words)),
    );
    const same = await get('busy', jobPath);
    expect(same.metadata.uid).toBe(before.metadata.uid);
    const pods = await get('busy', '/api/v1/NS/pods?labelSelector=job-name%3Dmigrate');
    const pod = String(pods.items[0].metadata.name);
    const over = '{"status":{"phase":"Succeeded"}}';
    const args = ['-n', 'busy', 'patch', 'pod', pod, '--subresource=status', '-p', over];
    await site.cluster.kubectl(args);
    const second = await running.finished;
    expect(second.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect((await get('busy', jobPath)).metadata.uid).not.toBe(before.metadata.uid);
    await second.cleanUp();
  }, 90_000);

  test('one whose pods cannot start is replaced at once', async () => {
    const stuck = { 'simulate/pod': 'image-missing' };
    const bad = job('migrate', { phase: '', image: 'm:1', pods: stuck });
    await run('stuck', bad, { wait: 'false' });
    await until({ what: 'the pod', timeoutMs: 20_000 }, async () => {
      const live = await get('stuck', jobPath);
      return live.status?.active === 1 ? true : undefined;
    });
    const good = await run('stuck', job('migrate', { phase: '', image: 'm:2' }));
    expect(good.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(changes(good)).toMatchObject({ 'Job/migrate': 'recreated' });
  }, 60_000);
});

describe('a bare Pod', () => {
  const pod = (image: string) => `---
apiVersion: v1
kind: Pod
metadata:
  name: migrate
  annotations: {webgen-deploy/phase: pre-deploy}
spec: {restartPolicy: Never, containers: [{name: app, image: '${image}'}]}
`;

  const podPath = '/api/v1/NS/pods/migrate';

  /** The simulated node never ends a bare Pod: this does. */
  async function ended(phase: string, other = ''): Promise<string> {
    const uid = await until({ what: 'the pod', timeoutMs: 30_000 }, async () => {
      const live = await get('bare', podPath);
      return live.status?.phase === 'Running' && live.metadata.uid !== other
        ? String(live.metadata.uid)
        : undefined;
    });
    const status = `{"status":{"phase":"${phase}"}}`;
    const args = ['-n', 'bare', 'patch', 'pod', 'migrate', '--subresource=status', '-p', status];
    await site.cluster.kubectl(args);
    return uid;
  }

  test('that has succeeded is left alone, and made anew where it changed or failed', async () => {
    const yaml = (image: string) => deployment('web') + pod(image);
    const [first, one] = await Promise.all([run('bare', yaml('m:1')), ended('Succeeded')]);
    expect(first.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    const same = await run('bare', yaml('m:1'));
    expect(same.outputs['status']).toBe('unchanged');
    const [second, two] = await Promise.all([run('bare', yaml('m:2')), ended('Failed', one)]);
    expect(changes(second)).toEqual({ 'Pod/migrate': 'recreated' });
    expect(second.outputs['status']).toBe('failed');
    const [third] = await Promise.all([run('bare', yaml('m:2')), ended('Succeeded', two)]);
    expect(changes(third)).toMatchObject({ 'Pod/migrate': 'recreated' });
    expect(third.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
  }, 120_000);
});

test('a phase that there is not is refused with its line', async () => {
  const yaml = job('migrate', { phase: 'predeploy', image: 'm:1' });
  const refused = await run('odd', yaml);
  expect(refused.outputs['error-code']).toBe('manifest-invalid');
  expect(refused.text).toContain('app.yaml:6');
  expect(refused.text).toContain('base, pre-deploy or post-deploy');
}, 60_000);
