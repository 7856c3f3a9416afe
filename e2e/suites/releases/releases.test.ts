// Deploys are numbered and kept; what is kept can be listed, gone back to, and pruned by.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { decode, headOf } from '../../../src/releases/codec.ts';
import { until } from '../../support/cluster/until.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
}, 900_000);

afterAll(() => site?.stop());

const inputsFor = (namespace: string) => ({
  namespace,
  'create-namespace': 'true',
  manifests: 'app.yaml',
  app: 'shop',
  patience: 'strict',
  timeout: '30s',
});

async function run(namespace: string, yaml: string, inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const result = await site.run({ ...inputsFor(namespace), ...inputs }, { workspace });
  if (process.env['SHOW']) process.stderr.write(result.text);
  return result;
}

async function secrets(namespace: string): Promise<readonly KubeObject[]> {
  const args = ['-n', namespace, 'get', 'secret', '-o', 'json'];
  const all = (JSON.parse(await site.cluster.kubectl(args)) as { items: KubeObject[] }).items;
  return all.filter((each) => each['type'] === 'webgen-deploy/release');
}

const names = async (namespace: string, kinds = 'cm,deploy,svc,secret,pvc') => {
  const args = ['-n', namespace, 'get', kinds, '-o', 'name'];
  const lines = (await site.cluster.kubectl(args)).trim().split('\n');
  const ours = lines.filter((each) => !/kube-root-ca|webgen-deploy\./.test(each));
  return ours.map((each) => each.split('/')[1]).toSorted();
};

const config = (name: string, value: string, more = '') => `---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}${more}}
data: {value: '${value}'}
`;

const secret = (value: string) => `---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: ${value}}
`;

const app = (version: string, ...more: readonly string[]) =>
  `${deployment('web', { image: `registry.example/web:${version}` })}${more.join('')}`;

const pods = (yaml: string, kind: string) =>
  yaml.replace(
    'labels: {app: web}\n    spec',
    `labels: {app: web}\n      annotations: {simulate/pod: ${kind}}\n    spec`,
  );

const image = async (namespace: string) =>
  JSON.stringify(
    (await site.cluster.api({ path: `/apis/apps/v1/namespaces/${namespace}/deployments/web` })).body
      .spec,
  );

describe('the record', () => {
  const ns = 'records';

  test('has a number, an end, and no value of a Secret', async () => {
    const first = await run(ns, app('1', config('settings', 'a'), secret('hunter2')));
    expect(first.outputs).toMatchObject({
      status: 'deployed',
      revision: '1',
      'previous-revision': '',
    });
    const [record] = await secrets(ns);
    if (!record) throw new Error('no record');
    expect(headOf(record, 'shop')).toMatchObject({ number: 1, state: 'good', objects: 3 });
    const contents = decode([record]);
    expect(contents.objects.map(({ kind }) => kind).toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'Secret',
    ]);
    expect(JSON.stringify(contents)).not.toContain(Buffer.from('hunter2').toString('base64'));
    expect(contents.inventory.every(({ uid }) => uid !== undefined)).toBe(true);
    expect(contents.inventory.map(({ name }) => name).toSorted()).toEqual([
      'key',
      'settings',
      'web',
    ]);
  }, 60_000);

  test('a run that changes nothing makes no new one; a failed one is not good', async () => {
    const same = await run(ns, app('1', config('settings', 'a'), secret('hunter2')));
    expect(same.outputs).toMatchObject({ status: 'unchanged', revision: '1' });
    const second = await run(ns, app('2', config('settings', 'b'), secret('other')));
    expect(second.outputs).toMatchObject({ revision: '2', 'previous-revision': '1' });
    const failed = await run(ns, pods(app('3', config('settings', 'c')), 'image-missing'));
    expect(failed.outputs).toMatchObject({
      status: 'rolled-back',
      revision: '3',
      'previous-revision': '2',
    });
    const history = await run(ns, '', { command: 'history' });
    expect(history.outputs).toMatchObject({ status: 'succeeded', revision: '2' });
    expect(history.text).toMatch(/ 3 {2}rolled-back/);
    expect(history.text).toMatch(/\* 2 {2}good/);
    const status = await run(ns, '', { command: 'status' });
    expect(status.text).toContain('release 2: good');
  }, 90_000);

  test('rollback goes to the newest good one that is older, Secrets keep their values', async () => {
    const back = await run(ns, '', { command: 'rollback' });
    expect(back.outputs).toMatchObject({ status: 'deployed', revision: '4' });
    expect(back.text).toContain('Secrets keep the values that they have now: Secret/key');
    expect(await image(ns)).toContain('web:1');
    const key = await site.cluster.api({ path: `/api/v1/namespaces/${ns}/secrets/key` });
    expect(Buffer.from(key.body.data.password, 'base64').toString()).toBe('other');
    const none = await run(ns, '', { command: 'rollback' });
    expect(none.outputs['error-code']).toBe('release-not-found');
    expect(none.text).toContain('Set to-release to one of');
    const forward = await run(ns, '', { command: 'rollback', 'to-release': '2' });
    expect(forward.outputs).toMatchObject({ status: 'deployed', revision: '5' });
    expect(await image(ns)).toContain('web:2');
    const bad = await run(ns, '', { command: 'rollback', 'to-release': '3' });
    expect(bad.text).toContain('Release 3 cannot be rolled back to: it is rolled-back.');
  }, 90_000);
});

describe('prune', () => {
  const ns = 'pruned';
  const disk = `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`;
  const kept = config('kept', 'a', ', annotations: {webgen-deploy/keep: "true"}');
  const extra = deployment('extra');

  test('removes what earlier releases made, and nothing else', async () => {
    const wait = { wait: 'false' };
    await run(
      ns,
      app('1', config('one', 'a'), config('two', 'a'), `---\n${extra}`, kept, disk),
      wait,
    );
    await site.cluster.kubectl(['-n', ns, 'create', 'configmap', 'foreign']);
    // Made two releases ago, and only now pruned: nothing is forgotten.
    await run(ns, app('2', config('one', 'a'), config('two', 'a'), kept));
    const yaml = app('3', config('one', 'a'));
    const preview = await run(ns, yaml, { command: 'diff', prune: 'true' });
    expect(preview.text).toContain('- ConfigMap/two deleted');
    expect(preview.text).toContain('- Deployment/extra deleted');
    expect(await names(ns)).toContain('two');
    const done = await run(ns, yaml, { prune: 'true' });
    expect(done.outputs['status']).toBe('deployed');
    expect(done.text).toContain('not pruned: ConfigMap/kept: webgen-deploy/keep: "true"');
    expect(done.text).toContain('to be pruned: Deployment/extra in pruned');
    expect(JSON.parse(done.outputs['changes'] ?? '[]')).toContainEqual({
      object: 'ConfigMap/two',
      namespace: ns,
      change: 'deleted',
    });
    expect(await names(ns)).toEqual(['disk', 'foreign', 'kept', 'one', 'web']);
  }, 120_000);

  test('refuses more than half, before anything is written, unless it is confirmed', async () => {
    const many = ['a', 'b', 'c', 'd'].map((name) => config(name, 'x'));
    await run(ns, app('4', ...many));
    const refused = await run(ns, app('5'), { prune: 'true' });
    expect(refused.outputs).toMatchObject({ status: 'failed', 'error-code': 'prune-refused' });
    expect(await image(ns)).toContain('web:4');
    const alone = { manifests: '', images: 'web=registry.example/web:4', prune: 'true' };
    const images = await run(ns, '', alone);
    expect(images.text).toContain('Nothing is pruned: the run only sets images');
    expect(await names(ns)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'one']));
    const confirmed = await run(ns, app('5'), { prune: 'true', 'prune-confirm': 'true' });
    expect(confirmed.outputs['status']).toBe('deployed');
    expect(await names(ns)).toEqual(['disk', 'foreign', 'kept', 'web']);
  }, 90_000);

  test('a rollback takes away what was added since', async () => {
    await run(ns, app('6', config('new', 'x')));
    const back = await run(ns, '', { command: 'rollback' });
    expect(back.outputs['status']).toBe('deployed');
    expect(await names(ns)).toEqual(['disk', 'foreign', 'kept', 'web']);
    expect(await image(ns)).toContain('web:5');
  }, 60_000);

  test('not after a failure', async () => {
    await run(ns, app('7', config('late', 'x')));
    const failed = await run(ns, pods(app('8'), 'image-missing'), { prune: 'true' });
    expect(failed.outputs['status']).toBe('rolled-back');
    expect(await names(ns)).toContain('late');
  }, 60_000);
});

describe('a release that is larger than a Secret', () => {
  const ns = 'large';
  // Nothing that gzip makes smaller.
  const noise = () => randomBytes(400_000).toString('base64');
  const maps = ['a', 'b', 'c', 'd'].map((name) => config(name, noise()));

  test('is split, gone back to, and in nobody’s way where a part is lost', async () => {
    expect((await run(ns, app('1', ...maps))).outputs).toMatchObject({ revision: '1' });
    const parts = await secrets(ns);
    expect(parts.length).toBeGreaterThan(2);
    expect((await run(ns, app('2', config('a', 'small')))).outputs['revision']).toBe('2');
    const back = await run(ns, '', { command: 'rollback' });
    expect([back.text.slice(-3000), back.outputs['revision']]).toEqual([expect.anything(), '3']);
    expect(await names(ns)).toEqual(['a', 'b', 'c', 'd', 'web']);
    // As if the run had been killed while it recorded.
    await site.cluster.kubectl(['-n', ns, 'delete', 'secret', 'webgen-deploy.shop.3.2']);
    const next = await run(ns, app('4', ...maps.slice(0, 3)), { prune: 'true' });
    expect([next.text.slice(-3000), next.outputs['revision']]).toEqual([
      next.text.slice(-3000),
      '4',
    ]);
    expect(next.text).toContain('The contents of release 3 cannot be read.');
    expect(await names(ns)).toEqual(['a', 'b', 'c', 'web']);
    const lost = await run(ns, '', { command: 'rollback', 'to-release': '3' });
    expect(lost.outputs['error-code']).toBe('release-not-found');
    expect(lost.text).toContain('Delete the Secret webgen-deploy.shop.3');
  }, 120_000);
});

test('a quota that has no room for a release is said before anything is written', async () => {
  const ns = 'full';
  await site.cluster.kubectl(['create', 'namespace', ns]);
  const quota = ['create', 'quota', 'few', '--hard=count/secrets=0'];
  await site.cluster.kubectl(['-n', ns, ...quota]);
  await until({ what: 'the quota', timeoutMs: 30_000 }, async () => {
    const path = `/api/v1/namespaces/${ns}/resourcequotas/few`;
    return (await site.cluster.api({ path })).body.status?.hard ? true : undefined;
  });
  const full = await run(ns, app('1'));
  expect(full.outputs).toMatchObject({ status: 'failed', 'error-code': 'quota-exceeded' });
  expect(full.text).toContain('exceeded quota: few');
  expect(full.text).toContain('Releases are Secrets, twelve for an application');
  expect(await names(ns)).toEqual([]);
}, 60_000);

test('two applications in one namespace never touch each other', async () => {
  const ns = 'shared';
  const other = (yaml: string, inputs = {}) => run(ns, yaml, { ...inputs, app: 'shop-two' });
  expect((await run(ns, app('1', config('one', 'a'), config('both', 'a')))).code).toBe(0);
  const two = deployment('two') + config('own', 'a') + config('both', 'a');
  expect((await other(two, { 'force-conflicts': 'true' })).outputs['revision']).toBe('1');
  const prune = { prune: 'true', 'prune-confirm': 'true' };
  const pruned = await run(ns, app('2'), prune);
  expect(pruned.text).toContain('not pruned: ConfigMap/both: webgen-deploy/shop-two writes it too');
  expect(await names(ns)).toEqual(['both', 'own', 'two', 'web']);
  const history = await other('', { command: 'history' });
  expect(history.outputs['revision']).toBe('1');
}, 60_000);

describe('images alone', () => {
  const ns = 'images';
  const set = (tag: string, inputs = {}) =>
    run(ns, '', {
      manifests: '',
      images: `registry.example/web=registry.example/web:${tag}`,
      ...inputs,
    });
  // Nothing in an image's name makes a simulated pod fail, so its pods are refused.
  const noSuchPods = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-such-image}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations: [{expression: "!object.spec.containers[0].image.endsWith(':missing')", message: no such image}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-such-image}
spec: {policyName: no-such-image, validationActions: [Deny]}
`;
  /** Until the API server has the policy. */
  const denied = (namespace: string) =>
    until({ what: 'the policy', timeoutMs: 30_000 }, async () => {
      const pod = ['run', 'x', '--image=x:missing', '--dry-run=server'];
      const made = site.cluster.kubectl(['-n', namespace, ...pod]);
      return made.then(
        () => undefined,
        (error) => (String(error).includes('no such image') ? true : undefined),
      );
    });
  const live = async () => /web:\w+/.exec(await image(ns))?.[0];

  test('are a release: undone after a failure, listed, and gone back to', async () => {
    await site.cluster.kubectl(['create', 'namespace', ns]);
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], app('0', config('settings', 'a')));
    const first = await set('1');
    expect(first.outputs).toMatchObject({ status: 'deployed', revision: '1' });
    expect((await set('2')).outputs).toMatchObject({ revision: '2', 'previous-revision': '1' });
    await site.cluster.kubectl(['apply', '-f', '-'], noSuchPods);
    await denied(ns);
    const failed = await set('missing', { timeout: '20s', preflight: 'false' });
    expect([failed.text, failed.outputs]).toMatchObject([
      failed.text,
      { status: 'rolled-back', revision: '3', 'error-code': 'admission-denied' },
    ]);
    expect(await live()).toBe('web:2');
    const history = await run(ns, '', { command: 'history', manifests: '' });
    expect(history.text).toMatch(/ 3 {2}rolled-back[\s\S]*\* 2 {2}good[\s\S]* 1 {2}good/);
    const back = await run(ns, '', { command: 'rollback', manifests: '' });
    expect(back.outputs).toMatchObject({ status: 'deployed', revision: '4' });
    expect(await live()).toBe('web:1');
    expect(back.text).toContain('Nothing is pruned: release 1 contains only images that were set');
    // What was never a release of ours is not touched.
    expect(await names(ns)).toEqual(['settings', 'web']);
    const whole = await run(ns, app('5', config('settings', 'b')));
    expect(whole.outputs).toMatchObject({ status: 'deployed', revision: '5' });
  }, 120_000);
});

describe('an object that the API knows under two names', () => {
  const scaler = (version: string) => `---
apiVersion: autoscaling/${version}
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 3
`;
  const ingress = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`;
  const event = (apiVersion: string) => `---
apiVersion: ${apiVersion}
kind: Event
metadata: {name: note}
${apiVersion === 'v1' ? 'involvedObject' : 'regarding'}: {kind: Deployment, name: web, namespace: twice}
reason: Told
type: Normal
${apiVersion === 'v1' ? '' : 'action: Tell\nreportingController: example.org/a\nreportingInstance: a\neventTime: "2026-11-01T00:00:00.000000Z"'}
`;
  const ns = 'twice';
  const uids = async () => {
    const args = ['-n', ns, 'get', 'ingress,hpa,events', '-o', 'json', '--ignore-not-found'];
    const text = (await site.cluster.kubectl(args)) || '{"items":[]}';
    const { items } = JSON.parse(text) as { items: readonly KubeObject[] };
    const own = items.filter(({ metadata }) => ['web', 'note'].includes(metadata.name));
    return own.map(({ kind, metadata }) => `${kind} ${metadata.uid}`).toSorted();
  };

  /** As if the releases had been made when the kind was served in another group. */
  const rewrite = async () => {
    for (const record of await secrets(ns)) {
      const contents = decode([record]);
      const inventory = contents.inventory.map((each) =>
        each.kind === 'Ingress' ? { ...each, apiVersion: 'extensions/v1beta1' } : each,
      );
      const text = gzipSync(JSON.stringify({ ...contents, inventory })).toString('base64');
      const patch = JSON.stringify({ data: { release: text } });
      const { name } = record.metadata;
      await site.cluster.kubectl(['-n', ns, 'patch', 'secret', name, '-p', patch]);
    }
  };

  test('is one object: looked up, never deleted while it is wanted, and pruned when it is not', async () => {
    const prune = { prune: 'true', 'prune-confirm': 'true' };
    const all = (version: string) => [scaler(version), ingress, config('a', version)];
    await run(ns, app('1', ...all('v1'), event('events.k8s.io/v1')));
    const before = await uids();
    expect(before).toHaveLength(3);
    await rewrite();
    const next = await run(ns, app('1', ...all('v2'), event('v1')), prune);
    expect([next.text, next.outputs['status']]).toEqual([next.text, 'deployed']);
    expect(next.outputs['changes']).not.toContain('deleted');
    expect(await uids()).toEqual(before);
    await rewrite();
    const last = await run(ns, app('1', config('a', 'v3')), prune);
    expect([last.text, last.outputs['status']]).toEqual([last.text, 'deployed']);
    expect(await uids()).toEqual([]);
  }, 90_000);
});

test('killed in the middle, the next run ends in a good state', async () => {
  const ns = `killed-${Date.now()}`;
  expect((await run(ns, app('1', config('a', '1')))).outputs['revision']).toBe('1');
  const many = Array.from({ length: 30 }, (_, at) => config(`c${at}`, '2'));
  // No node fits, so that it cannot come to its end before it is killed.
  const containers = '      containers:';
  const yaml = app('2', config('a', '2'), ...many).replace(
    containers,
    `      nodeSelector: {kubernetes.io/os: plan9}\n${containers}`,
  );
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const seen: string[] = [];
  const running = await site.start(
    { ...inputsFor(ns), lock: 'false' },
    { workspace, onLine: ({ text }) => seen.push(text) },
  );
  await until({ what: 'the record', timeoutMs: 30_000 }, async () =>
    (await secrets(ns)).length === 2 ? true : undefined,
  );
  running.kill('SIGKILL');
  await running.finished;
  const states = (await secrets(ns)).map((each) => headOf(each, 'shop')?.state).toSorted();
  expect(states).toEqual(['good', 'pending']);
  const next = await run(ns, app('2', config('a', '2')), {
    prune: 'true',
    'prune-confirm': 'true',
  });
  expect(next.outputs).toMatchObject({ status: 'deployed', revision: '3' });
  expect(await names(ns)).toEqual(['a', 'web']);
  expect(await image(ns)).toContain('web:2');
}, 60_000);

describe('a field with a secret', () => {
  const ns = 'withheld';
  const given = (value: string) => ({ secrets: `tokens/API=${value}` });

  test('is not recorded, and a rollback keeps what is live', async () => {
    const first = 'first-Zq8vN3xW5kLp';
    const second = 'second-0TgY7mRb2HcJ';
    expect((await run(ns, app('1', config('settings', `a ${first}`)), given(first))).code).toBe(0);
    expect((await run(ns, app('2', config('settings', `b ${second}`)), given(second))).code).toBe(
      0,
    );
    const records = (await secrets(ns)).map((each) => JSON.stringify(decode([each])));
    expect(records.join()).not.toMatch(new RegExp(`${first}|${second}|\\*\\*\\*`));
    expect(records.join()).toContain('webgen-deploy/left-out');
    const back = await run(ns, '', { command: 'rollback' });
    expect(back.outputs).toMatchObject({ status: 'deployed', revision: '3' });
    expect(await image(ns)).toContain('web:1');
    const { body } = await site.cluster.api({
      path: `/api/v1/namespaces/${ns}/configmaps/settings`,
    });
    expect(body.data).toEqual({ value: `b ${second}` });
    expect(JSON.stringify(body)).not.toMatch(/\*\*\*|left-out/);
    await site.cluster.kubectl(['-n', ns, 'delete', 'configmap', 'settings']);
    const lost = await run(ns, '', { command: 'rollback', 'to-release': '2' });
    expect(lost.outputs).toMatchObject({ status: 'failed', 'error-code': 'release-not-found' });
    expect(lost.text).toContain('leaves out data.value of ConfigMap/settings');
  }, 90_000);
});
