// A deploy that fails puts back what was there, object by object, owners too.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { until } from '../../support/cluster/until.ts';
import { expectSame, pictureOf } from '../../support/picture.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['apply', '-f', '-'], late);
}, 900_000);

afterAll(() => site?.stop());

const late = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: late}
provisioner: example.org/none
volumeBindingMode: WaitForFirstConsumer
`;

const picture = (namespace: string) => pictureOf(site.cluster, namespace);

const usual = {
  'create-namespace': 'true',
  manifests: 'app.yaml',
  app: 'shop',
  patience: 'strict',
  timeout: '30s',
};

async function run(namespace: string, yaml: string, inputs = {}): Promise<Run> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const result = await site.run({ ...usual, namespace, ...inputs }, { workspace });
  if (process.env['SHOW']) process.stderr.write(result.text);
  return result;
}

interface Shape {
  readonly version?: string;
  readonly pods?: string;
  readonly level?: string;
  readonly password?: string;
  readonly extra?: boolean;
  readonly strategy?: string;
  readonly args?: string;
  readonly size?: string;
  readonly volume?: string;
}

const set = (shape: Shape = {}) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {tier: ${shape.level ?? 'low'}}}
data: {level: ${shape.level ?? 'low'}${shape.extra ? ', more: "1"' : ', old: "1"'}}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: ${shape.password ?? 'first'}, ${shape.extra ? 'b: c' : 'a: b'}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk, labels: {size: '${shape.size ?? '1Gi'}'}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, storageClassName: late}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ${shape.extra ? 'type: NodePort' : 'sessionAffinity: ClientIP'}
  ports: [{name: http, port: 80}${shape.extra ? ', {name: more, port: 81}' : ''}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  strategy: ${shape.strategy ?? '{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}'}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {simulate/pod: ${shape.pods ?? 'well'}}}
    spec:
      containers:
        - name: app
          image: registry.example/web:${shape.version ?? '1'}
          ${shape.args ?? 'args: [serve, -a]'}
          envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: key}}]
          ${shape.extra ? 'imagePullPolicy: Always' : 'env: [{name: OLD, value: "1"}]'}
      volumes:
        - name: data
          ${shape.volume ?? 'emptyDir: {}'}
${shape.extra ? `---\n${deployment('worker')}` : ''}
`;

const broken: Shape = {
  version: '2',
  pods: 'image-missing',
  level: 'high',
  password: 'second',
  extra: true,
  args: 'args: [serve]',
  size: '2Gi',
};

describe('what kubectl apply made before', () => {
  const ns = 'first';

  test('is left as it was by a first deploy that fails', async () => {
    await site.cluster.kubectl(['create', 'namespace', ns]);
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], set());
    await site.cluster.kubectl(['-n', ns, 'set', 'env', 'deployment/web', 'SET=1']);
    const argo = ['--field-manager=argocd', '--overwrite'];
    await site.cluster.kubectl(['-n', ns, 'label', 'cm', 'settings', 'seen=yes', ...argo]);
    await site.cluster.kubectl(['-n', ns, 'rollout', 'status', 'deployment/web']);
    const before = await picture(ns);
    const failed = await run(ns, set(broken));
    expect(failed.outputs).toMatchObject({
      status: 'rolled-back',
      'rolled-back': 'true',
      'error-code': 'image-not-found',
    });
    expect(failed.code).toBe(1);
    expectSame(before, await picture(ns));
    // The diagnosis comes before the undo.
    const log = failed.text;
    expect(log.indexOf('image-not-found')).toBeLessThan(log.indexOf('Undoing'));
    expect(failed.summary).toContain('what was there before was restored');
    expect(failed.text).not.toContain('c2Vjb25k');
    // Whoever came with kubectl goes on with kubectl: nothing is stuck, nothing in conflict.
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], set());
    const generation = (all: ReadonlyMap<string, KubeObject>) =>
      all.get('Deployment/web')?.metadata.generation;
    const now = await picture(ns);
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], set());
    expect(generation(await picture(ns))).toBe(generation(now));
  }, 120_000);

  test('and again after a good one, with other owners, defaults and a restart', async () => {
    const good = await run(ns, set());
    expect(good.outputs).toMatchObject({ status: 'deployed', 'rolled-back': 'false' });
    const before = await picture(ns);
    const failed = await run(
      ns,
      set({ ...broken, strategy: '{type: Recreate}', volume: 'configMap: {name: settings}' }),
    );
    expect(failed.outputs['status']).toBe('rolled-back');
    expectSame(before, await picture(ns));
    const same = await run(ns, set());
    expect(same.outputs['status']).toBe('unchanged');
  }, 120_000);

  test('from Recreate back to Recreate, though the defaults in between forbid it', async () => {
    const recreate = { strategy: '{type: Recreate}' };
    expect((await run(ns, set(recreate))).outputs['status']).toBe('deployed');
    const before = await picture(ns);
    const failed = await run(ns, set({ ...broken, strategy: '{type: RollingUpdate}' }));
    expect(failed.outputs['status']).toBe('rolled-back');
    expectSame(before, await picture(ns));
  }, 120_000);
});

const stuckSet = (image: string, pods = 'well') => `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, annotations: {simulate/pod: ${pods}}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: db, image: 'registry.example/db:${image}'}]}
`;

test('a StatefulSet whose broken pod is in the way is healed', async () => {
  expect((await run('sets', stuckSet('1'))).outputs['status']).toBe('deployed');
  const before = await picture('sets');
  const failed = await run('sets', stuckSet('2', 'image-missing'));
  expect(failed.outputs).toMatchObject({ status: 'rolled-back', 'rolled-back': 'true' });
  expect(failed.text).toContain('Pod/db-1 of the failed release was not ready: replaced');
  expectSame(before, await picture('sets'));
}, 120_000);

const job = (image: string, pods: string) => `---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {webgen-deploy/phase: pre-deploy}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {simulate/pod: ${pods}}}
    spec: {restartPolicy: Never, containers: [{name: app, image: '${image}'}]}
`;

const crd = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.undo.example}
spec:
  group: undo.example
  scope: Namespaced
  names: {kind: Thing, plural: things, singular: thing}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: new}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, storageClassName: late}
`;

const web = (image: string, pods = 'well') =>
  deployment('web', { image }).replace(
    'labels: {app: web}\n    spec',
    `labels: {app: web}\n      annotations: {simulate/pod: ${pods}}\n    spec`,
  );

describe('what is never undone', () => {
  test('a Job is not run again, claims and definitions stay; all else goes', async () => {
    const ns = 'rules';
    expect((await run(ns, web('w:1') + job('m:1', 'well'))).outputs['status']).toBe('deployed');
    const before = await picture(ns);
    const yaml = web('w:2', 'image-missing') + job('m:2', 'well') + crd;
    const failed = await run(ns, `${yaml}---\n${deployment('other')}`);
    expect(failed.outputs['status']).toBe('rolled-back');
    expect(failed.text).toContain(
      'Job/migrate left: creating the earlier one again would run it again',
    );
    expect(failed.text).toContain('PersistentVolumeClaim/new left: it is never deleted');
    expect(failed.text).toContain('CustomResourceDefinition/things.undo.example left');
    expect(failed.text).toContain('Deployment/other deleted');
    const special = ['Job/migrate', 'PersistentVolumeClaim/new'];
    const plain = new Map([...before].filter(([name]) => !special.includes(name)));
    expectSame(plain, await picture(ns), special);
  }, 120_000);

  test('where nothing ran before, what was made stays; or goes where that was asked for', async () => {
    const yaml = web('w:1', 'image-missing');
    const kept = await run('new', yaml);
    expect(kept.outputs).toMatchObject({ status: 'failed', 'rolled-back': 'false' });
    expect([...(await picture('new')).keys()]).toContain('Deployment/web');
    await site.cluster.kubectl(['-n', 'new', 'delete', 'deployment', 'web']);
    const removed = await run('new', yaml, { 'on-first-failure': 'remove' });
    expect(removed.outputs['status']).toBe('rolled-back');
    expect([...(await picture('new')).keys()]).not.toContain('Deployment/web');
  }, 120_000);

  test('nothing with on-failure: keep', async () => {
    expect((await run('kept', web('w:1'))).outputs['status']).toBe('deployed');
    const failed = await run('kept', web('w:2', 'image-missing'), { 'on-failure': 'keep' });
    expect(failed.outputs).toMatchObject({ status: 'failed', 'rolled-back': 'false' });
    const live = (await picture('kept')).get('Deployment/web');
    expect(JSON.stringify(live?.['spec'])).toContain('w:2');
  }, 60_000);
});

describe('a cancelled undo', () => {
  const stateful = (version: string, pods: string) =>
    web(`w:${version}`, pods).replace('  selector:', '  strategy: {type: Recreate}\n  selector:');
  const maps = (level: string) =>
    Array.from(
      { length: 40 },
      (_, at) =>
        `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${at}}\ndata: {a: ${level}}\n`,
    ).join('');
  const onto = (yaml: string, label: string) =>
    yaml.replace('      containers:', `      nodeSelector: {${label}: 'yes'}\n      containers:`);

  test.each([
    ['waits', /^Deployment\/web put back/],
    ['writes', /^ConfigMap\/c\d+ put back/],
  ])(
    'while it %s says what is back and what is not, in time, and gives the lock back',
    async (when, line) => {
      const ns = `stopped-${when}-${Date.now()}`;
      const [node = ''] = (await site.cluster.kubectl(['get', 'nodes', '-o', 'name'])).split('\n');
      await site.cluster.kubectl(['label', node, 'old=yes', '--overwrite']);
      const old = onto(stateful('1', 'well'), 'old') + maps('old');
      expect((await run(ns, old)).outputs['status']).toBe('deployed');
      // What was there before cannot run any more, so that the undo waits for it.
      await site.cluster.kubectl(['label', node, 'old-']);
      const workspace = await site.workspace({
        'app.yaml': stateful('2', 'image-missing') + maps('new'),
      });
      const inputs = { ...usual, namespace: ns, timeout: '5m' };
      const reached = Promise.withResolvers<void>();
      const seen: string[] = [];
      const onLine = ({ text }: { text: string }) => {
        seen.push(text);
        if (line.test(text)) reached.resolve();
      };
      const running = await site.start(inputs, { workspace, onLine });
      try {
        const tooLate = setTimeout(
          () => reached.reject(new Error(seen.slice(-40).join('\n'))),
          60_000,
        );
        await Promise.race([reached.promise, running.finished]);
        clearTimeout(tooLate);
        const from = Date.now();
        running.kill('SIGINT');
        const result = await running.finished;
        expect(Date.now() - from).toBeLessThan(7500);
        expect(result.code).toBe(1);
        expect(result.outputs).toMatchObject({ status: 'cancelled', 'rolled-back': 'false' });
        // Both: why it failed, and what the undo had done by then.
        expect(result.outputs['findings']).toContain('image-not-found');
        const end = JSON.stringify(JSON.parse(`${result.outputs['findings']}`));
        const told = end.match(/(?:ConfigMap|Deployment)\/\w+: (?:put back|left)/g) ?? [];
        expect(new Set(told.map((each) => each.split(':')[0])).size).toBe(41);
        if (when === 'waits') expect(told.filter((each) => each.endsWith('left'))).toEqual([]);
        const lease = ['-n', ns, 'get', 'lease', 'webgen-deploy-shop', '-o'];
        expect(await site.cluster.kubectl([...lease, 'jsonpath={.spec.holderIdentity}'])).toBe('');
        const history = await run(ns, '', { command: 'history', manifests: '' });
        expect(history.text).toMatch(/2 {2}cancelled/);
      } finally {
        running.kill('SIGKILL');
        await (await running.finished).cleanUp();
        await site.cluster.kubectl(['label', node, 'old=yes', '--overwrite']);
      }
      expect((await run(ns, old)).code).toBe(0);
    },
    120_000,
  );
});

test('an undo that is refused says what is in the way, and fails with both', async () => {
  const ns = 'refused';
  const yaml = (level: string, pods: string) =>
    `${web('w:1', pods)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: ${level}}\n`;
  expect((await run(ns, yaml('old', 'well'))).outputs['status']).toBe('deployed');
  const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-old}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [UPDATE], resources: [configmaps]}]
  validations: [{expression: "object.metadata.name != 'c' || object.data.a != 'old'", message: no way back}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-old}
spec: {policyName: no-old, validationActions: [Deny]}
`;
  await site.cluster.kubectl(['apply', '-f', '-'], policy);
  const label = ['-n', ns, 'label', 'cm', 'c', 'seen=y', '--overwrite', '--dry-run=server'];
  await until({ what: 'the policy', timeoutMs: 30_000 }, () =>
    site.cluster.kubectl(label).then(
      () => undefined,
      (error) => (String(error).includes('no way back') ? true : undefined),
    ),
  );
  const failed = await run(ns, yaml('new', 'image-missing'));
  expect(failed.outputs).toMatchObject({
    status: 'failed',
    'rolled-back': 'false',
    'error-code': 'image-not-found',
  });
  expect(failed.text).toContain('rollback-failed');
  expect(failed.text).toContain('no way back');
  expect(failed.text).toContain('Deployment/web put back');
}, 60_000);
