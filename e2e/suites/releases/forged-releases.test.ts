// Whoever may write Secrets in a namespace can forge a release there: it must not lead elsewhere.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { decode, encode, headOf } from '../../../src/releases/codec.ts';
import { entryOf, type Release } from '../../../src/releases/record.ts';
import type { AuditEvent } from '../../support/cluster/audit.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
}, 900_000);

afterAll(() => site?.stop());

async function run(namespace: string, yaml: string, inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const all = { namespace, manifests: 'app.yaml', app: 'shop', timeout: '30s', ...inputs };
  const result = await site.run({ 'create-namespace': 'true', ...all }, { workspace });
  if (process.env['SHOW']) process.stderr.write(result.text);
  return result;
}

const config = (name: string, value: string, more = '') => `---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}${more}}
data: {value: '${value}'}
`;

const role = (name: string) => `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${name}}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
`;

const get = async (path: string) => (await site.cluster.api({ path })).body as KubeObject;

/** The newest release of the namespace as it is recorded. */
async function newest(namespace: string, app = 'shop'): Promise<Release> {
  const list = (await get(`/api/v1/namespaces/${namespace}/secrets`)) as unknown as {
    items: readonly KubeObject[];
  };
  const found = list.items.flatMap((secret) => {
    const head = headOf(secret, app);
    return head ? [{ head, secret }] : [];
  });
  const last = found.toSorted((a, b) => b.head.number - a.head.number)[0];
  if (!last) throw new Error('no release');
  return { head: last.head, contents: decode([last.secret]) };
}

/** As somebody with the right to write Secrets would. */
async function plant(namespace: string, secret: KubeObject, change: object = {}): Promise<void> {
  const text = JSON.stringify({ ...secret, ...change });
  await site.cluster.kubectl(
    ['-n', namespace, 'apply', '--server-side', '--force-conflicts', '-f', '-'],
    text,
  );
}

/** All that the run changed but its own lock and record; also what it was not allowed to. */
async function changes(from: string): Promise<readonly string[]> {
  const isOurs = ({ userAgent, requestReceivedTimestamp }: AuditEvent) =>
    userAgent?.startsWith('webgen-deploy') && requestReceivedTimestamp >= from;
  return (await site.cluster.audit())
    .filter(isOurs)
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
    .filter((each) => !/dryRun=All|\/leases|\/selfsubject|\/secrets\/webgen-deploy/.test(each));
}

const now = () => new Date().toISOString();

describe('a forged release', () => {
  const ns = 'staging';
  const honest = deployment('web') + config('settings', '1');

  test('writes nothing elsewhere and deletes nothing elsewhere', async () => {
    expect((await run('production', deployment('api'))).code).toBe(0);
    expect((await run(ns, honest)).code).toBe(0);
    expect((await run(ns, honest.replace("value: '1'", "value: '2'"))).code).toBe(0);
    const { head, contents } = await newest(ns);
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'evil' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ns }],
    } as KubeObject;
    const beside = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'evil', namespace: 'kube-system' },
      data: {},
    } as KubeObject;
    const victim = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'production',
      name: 'api',
    };
    const api = await get('/apis/apps/v1/namespaces/production/deployments/api');
    const forge = (number: number, objects: readonly KubeObject[], inventory: readonly object[]) =>
      encode(
        {
          head: { ...head, number, parts: 1 },
          contents: {
            ...contents,
            objects: [...contents.objects, ...objects],
            inventory: [...contents.inventory, ...(inventory as [])],
          },
        },
        ns,
      )[0] as KubeObject;
    await plant(ns, forge(3, [binding, beside], [victim]));
    await plant(ns, forge(4, [], [victim]));
    const from = now();
    const forged = await run(ns, '', { command: 'rollback', 'to-release': '3' });
    expect([forged.code, forged.outputs['error-code']]).toEqual([1, 'release-invalid']);
    expect(forged.text).toContain('ClusterRoleBinding/evil');
    expect(forged.text).toContain('ConfigMap/evil in kube-system');
    expect(await changes(from)).toEqual([]);
    // An object that is there proves nothing either: it is not ours, or not ours here.
    await plant(ns, forge(5, [api], [{ ...victim, uid: api.metadata.uid }]));
    const live = await run(ns, '', { command: 'rollback', 'to-release': '5' });
    expect([live.code, live.outputs['error-code']]).toEqual([1, 'release-invalid']);
    expect(live.text).toContain('Deployment/api in production');
    expect(await changes(from)).toEqual([]);
    // The inventory of the newest is what a rollback and a prune delete by: never elsewhere.
    await run(ns, '', { command: 'rollback', 'to-release': '2' });
    await run(ns, honest, { prune: 'true', 'prune-confirm': 'true' });
    expect((await get('/apis/apps/v1/namespaces/production/deployments/api')).metadata.uid).toBe(
      api.metadata.uid,
    );
    expect((await changes(from)).filter((each) => /production|evil|delete/.test(each))).toEqual([]);
  }, 120_000);

  test('an honest one is gone back to, over all namespaces and the cluster', async () => {
    const several = 'several';
    await site.cluster.kubectl(['create', 'namespace', 'beside']);
    const all = (value: string) =>
      [
        deployment('web'),
        config('here', value),
        config('there', value, ', namespace: beside'),
        role('shop'),
      ].join('');
    expect((await run(several, all('1'))).code).toBe(0);
    expect((await run(several, all('2') + role('shop-more'))).code).toBe(0);
    const there = '/api/v1/namespaces/beside/configmaps/there';
    expect((await get(there)).metadata.annotations).toMatchObject({
      'webgen-deploy/home': 'several/shop',
    });
    const back = await run(several, '', { command: 'rollback' });
    expect([back.text.slice(-2000), back.outputs['status']]).toEqual([
      expect.anything(),
      'deployed',
    ]);
    expect(await get(there)).toMatchObject({ data: { value: '1' } });
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    expect((await site.cluster.api({ path: `${roles}/shop-more` })).status).toBe(404);
    // What is gone outside the namespace is not made from a record: the commit is.
    await site.cluster.kubectl(['delete', 'clusterrole', 'shop']);
    const from = now();
    const gone = await run(several, '', { command: 'rollback', 'to-release': '2' });
    expect([gone.code, gone.outputs['error-code']]).toEqual([1, 'release-invalid']);
    expect(gone.text).toMatch(/ClusterRole\/shop: it is not there/);
    expect(gone.text).toMatch(/Deploy commit [0-9a-f]{7,40} instead/);
    expect(await changes(from)).toEqual([]);
    // What the pinned uid relies on: the server makes nothing that has one already.
    const uid = '00000000-0000-4000-8000-000000000000';
    const made = role('pinned').replace('{name: pinned}', `{name: pinned, uid: ${uid}}`);
    const applied = site.cluster.kubectl(['apply', '--server-side', '-f', '-'], made);
    await expect(applied).rejects.toThrow(/uid mismatch/);
    // In the run's own namespace it is.
    const only = deployment('web') + config('here', '3');
    expect((await run('own', only + config('extra', '1'))).code).toBe(0);
    expect((await run('own', only, { prune: 'true' })).code).toBe(0);
    expect((await run('own', '', { command: 'rollback' })).code).toBe(0);
    expect(await get('/api/v1/namespaces/own/configmaps/extra')).toMatchObject({
      data: { value: '1' },
    });
  }, 120_000);
});

describe('a Secret in the place of a release', () => {
  const ns = 'planted';
  const yaml = (value: string) => deployment('web') + config('settings', value);

  test('is left out with a warning, and a rollback to it fails, whatever it holds', async () => {
    expect((await run(ns, yaml('1'))).code).toBe(0);
    expect((await run(ns, yaml('2'))).code).toBe(0);
    const good = await newest(ns);
    const { startedAt: _, ...undated } = good.head;
    const made = (number: number, head: object = {}, data?: Buffer) => {
      const [secret] = encode({ ...good, head: { ...good.head, number } }, ns);
      const note = JSON.stringify({ ...good.head, number, ...head });
      const metadata = { ...secret?.metadata, annotations: { 'webgen-deploy/release': note } };
      return plant(ns, secret as KubeObject, {
        metadata,
        ...(data ? { data: { release: data.toString('base64') } } : {}),
      });
    };
    await made(3, { parts: 2 ** 32 });
    await made(4, { number: 2 ** 53 });
    await made(5, { startedAt: undefined });
    await made(6, {}, gzipSync(Buffer.alloc(400 * 1024 * 1024, 'a'), { level: 9 }));
    await made(7, {}, gzipSync('{"objects":[null]}'));
    await made(999_999);
    for (const number of ['3', '5', '6', '7', '999999']) {
      const back = await run(ns, '', { command: 'rollback', 'to-release': number });
      expect([number, back.code, back.outputs['error-code']]).toEqual([
        number,
        1,
        'release-invalid',
      ]);
      expect(back.text).toContain(`webgen-deploy.shop.${number}`);
      expect(back.durationMs).toBeLessThan(10_000);
    }
    for (const command of ['history', 'status']) {
      const read = await run(ns, '', { command });
      expect([command, read.code, read.text.slice(-2000)]).toEqual([command, 0, expect.anything()]);
      expect(read.text).toContain('release-invalid');
    }
    const next = await run(ns, yaml('3'), { prune: 'true' });
    expect([next.code, next.outputs['revision']]).toEqual([0, '8']);
    expect(next.text).toContain('It is left out.');
    expect(undated).toBeDefined();
  }, 180_000);
});

test('what was deployed before objects had a home gets it once, and no pod is rolled', async () => {
  const ns = 'upgraded';
  const yaml = deployment('web') + config('settings', '1');
  expect((await run(ns, yaml)).code).toBe(0);
  const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`;
  const web = await get(path);
  expect(JSON.stringify(web['spec'])).not.toContain('webgen-deploy/home');
  for (const what of ['deployment/web', 'configmap/settings']) {
    await site.cluster.kubectl(['-n', ns, 'annotate', what, 'webgen-deploy/home-']);
  }
  const diff = await run(ns, yaml, { command: 'diff' });
  expect(diff.text).not.toContain('webgen-deploy/home');
  expect((await run(ns, yaml)).outputs['status']).toBe('unchanged');
  const after = await get(path);
  expect(after.metadata.annotations).toMatchObject({ 'webgen-deploy/home': `${ns}/shop` });
  // The revision counts pod templates.
  const revision = 'deployment.kubernetes.io/revision';
  expect(after['spec']).toEqual(web['spec']);
  expect(after.metadata.annotations?.[revision]).toBe('1');
  const from = now();
  expect((await run(ns, yaml)).outputs['status']).toBe('unchanged');
  expect(await changes(from)).toEqual([]);
}, 60_000);

test('an entry without a uid is deleted only where the live object is proven ours', async () => {
  const ns = 'without-uid';
  expect((await run(ns, deployment('web') + config('a', '1') + config('b', '1'))).code).toBe(0);
  await site.cluster.kubectl(['-n', ns, 'annotate', 'configmap/b', 'webgen-deploy/home-']);
  const { head, contents } = await newest(ns);
  const inventory = contents.inventory.map(({ uid: _, ...entry }) => entry);
  const [secret] = encode({ head, contents: { ...contents, inventory } }, ns);
  await plant(ns, secret as KubeObject, {});
  const pruned = await run(ns, deployment('web'), { prune: 'true', 'prune-confirm': 'true' });
  expect(pruned.text).toContain('to be pruned: ConfigMap/a');
  expect(pruned.text).toContain('not pruned: ConfigMap/b');
  expect(entryOf(await get(`/api/v1/namespaces/${ns}/configmaps/b`)).uid).toBeDefined();
}, 60_000);

test('a Lease that somebody filled neither keeps a deploy out nor fills its log', async () => {
  const ns = 'filled';
  const yaml = config('settings', '1');
  await site.cluster.kubectl(['create', 'namespace', ns]);
  const lease = (spec: object) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'webgen-deploy-shop',
      annotations: { junk: 'x'.repeat(200_000), 'webgen-deploy/actor': 'y'.repeat(60_000) },
    },
    spec: { leaseTransitions: 2 ** 31 - 1, leaseDurationSeconds: 3600, ...spec },
  });
  const holderIdentity = `https://github.com/a/b/actions/runs/${'9'.repeat(200_000)}#x`;
  await plant(ns, lease({ holderIdentity }) as unknown as KubeObject);
  const held = await run(ns, yaml, { 'lock-timeout': '0s' });
  expect([held.code, held.outputs['error-code']]).toEqual([1, 'locked']);
  expect(held.text.length).toBeLessThan(20_000);
  await plant(ns, lease({ holderIdentity: '' }) as unknown as KubeObject);
  const free = await run(ns, yaml);
  expect([free.text.slice(-1000), free.code]).toEqual([expect.anything(), 0]);
}, 60_000);
