import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApplyHooks, applyAll } from '../../../src/apply/apply-manifests.ts';
import { dryRunAll, unverifiedOf } from '../../../src/apply/dry-run/dry-run.ts';
import { liveImageDocuments } from '../../../src/apply/live-workloads.ts';
import { deploy, type Lab, openLab, plan } from '../../support/apply-run.ts';
import { type SharedCluster, sharedCluster } from '../../support/cluster/shared.ts';
import { namespaceFor } from '../../support/site.ts';

let cluster: SharedCluster;
const ns = namespaceFor('apply');
let lab: Lab;

beforeAll(async () => {
  cluster = await sharedCluster();
  lab = await openLab(cluster, ns);
  await lab.kubectl(['create', 'namespace', ns]);
}, 600_000);

afterAll(async () => {
  await lab?.cluster.close();
  await cluster?.leave();
});

const configMap = (name: string, data: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: ${data}
`;

const deployment = (name: string, { replicas = '', image = 'x:1', more = '' } = {}) => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  ${replicas && `replicas: ${replicas}`}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: main
          image: ${image}
          ports: [{ containerPort: 80 }]
          ${more}
`;

const template = async (name: string) => {
  const live = await lab.get(`deployment/${name}`);
  const spec = live['spec'] as {
    template: { metadata: { annotations?: object } };
    replicas: number;
  };
  return { ...live, replicas: spec.replicas, annotations: spec.template.metadata.annotations };
};

describe('dry run and write', () => {
  test('creates, leaves alone what is the same, and changes what differs', async () => {
    const yaml = ['one', 'two', 'three'].map((name) => configMap(name, '{ a: "1" }')).join('---');
    const all = `${yaml}---${deployment('web')}`;
    expect((await deploy(lab, all)).changes).toContain('created Deployment/web');
    lab.sent.length = 0;
    const again = await deploy(lab, all);
    expect(again.changes.every((each) => each.startsWith('unchanged'))).toBe(true);
    expect(lab.sent.filter((each) => each.startsWith('PATCH'))).toEqual([]);
    const other = await deploy(lab, all.replace('x:1', 'x:2').replace('a: "1"', 'a: "2"'));
    expect(other.changes).toContain('configured Deployment/web');
    expect(other.changes).toContain('configured ConfigMap/one');
    expect(other.planned.find(({ object }) => object.kind === 'Deployment')?.fields).toEqual([
      'spec.template.spec.containers[main].image',
    ]);
  });

  test('an identical object of another manager becomes ours and counts as unchanged', async () => {
    const yaml = configMap('foreign', '{ a: "1" }');
    const labels =
      'app.kubernetes.io/managed-by=webgen-deploy,app.kubernetes.io/part-of=shop'.split(',');
    await lab.kubectl(['-n', ns, 'create', 'cm', 'foreign', '--from-literal=a=1']);
    await lab.kubectl(['-n', ns, 'label', 'cm', 'foreign', ...labels]);
    expect((await deploy(lab, yaml)).changes).toEqual(['unchanged ConfigMap/foreign']);
    const managers = (await lab.get('cm/foreign')).metadata.managedFields?.map((m) => m.manager);
    expect(managers).toContain('webgen-deploy/shop');
  });

  test('a misspelt field is found with its line, and nothing changes', async () => {
    const yaml = `${configMap('never', '{}')}---${deployment('web2', { more: 'imagePulPolicy: Always' })}`;
    lab.sent.length = 0;
    const { findings } = await plan(lab, yaml);
    const line = yaml.split('\n').findIndex((each) => each.includes('imagePul')) + 1;
    expect(findings).toMatchObject([
      { code: 'field-unknown', object: 'Deployment/web2', file: 'app.yaml', line },
    ]);
    expect(findings[0]?.hint).toBe(
      'Did you mean spec.template.spec.containers[name="main"].imagePullPolicy?',
    );
    expect(lab.sent.filter((each) => !/^GET|dryRun=All/.test(each))).toEqual([]);
    await expect(lab.get('cm/never')).rejects.toThrow('NotFound');
  });
});

describe('ownership', () => {
  test('a field that client-side apply owned goes when the manifest lacks it', async () => {
    const yaml = (data: string) => configMap('old', data);
    await lab.kubectl(['-n', ns, 'apply', '-f', '-'], yaml('{ a: "1", b: "2" }'));
    const { planned } = await deploy(lab, yaml('{ a: "1" }'));
    expect(planned[0]?.fields).toContain('data.b');
    const live = await lab.get('cm/old');
    expect(live['data']).toEqual({ a: '1' });
    expect(live.metadata.annotations).toBeUndefined();
    const managers = live.metadata.managedFields?.map((each) => each.manager);
    expect(managers).toEqual(['webgen-deploy/shop']);
  });

  test('an env entry that client-side apply owned goes too', async () => {
    const env = (...names: string[]) =>
      `env: [${names.map((name) => `{ name: ${name}, value: x }`).join(', ')}]`;
    const old = deployment('old', { more: env('A', 'B') });
    await lab.kubectl(['-n', ns, 'apply', '-f', '-'], old);
    const { planned } = await deploy(lab, deployment('old', { more: env('A') }));
    expect(planned[0]?.fields).toContain('spec.template.spec.containers[main].env[B]');
    const live = JSON.stringify((await lab.get('deployment/old'))['spec']);
    expect(live).toContain('"A"');
    expect(live).not.toContain('"B"');
  });

  test('kubectl set is taken over, another manager is a conflict unless forced', async () => {
    await deploy(lab, deployment('taken'));
    const set = ['-n', ns, 'set', 'image', 'deployment/taken', 'main=y:9'];
    await lab.kubectl(set);
    expect((await deploy(lab, deployment('taken'))).changes).toEqual([
      'configured Deployment/taken',
    ]);
    await lab.kubectl([...set, '--field-manager=argocd']);
    const { findings } = await plan(lab, deployment('taken'));
    expect(findings).toMatchObject([{ code: 'field-conflict', file: 'app.yaml', line: 14 }]);
    expect(findings[0]?.what).toContain('argocd');
    const forced = await deploy(lab, deployment('taken'), { forceConflicts: true });
    expect(forced.changes).toEqual(['configured Deployment/taken']);
  });
});

const scaler = (name: string) => `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: 2
  maxReplicas: 9
`;

describe('autoscaled workloads', () => {
  test('replicas stay when an autoscaler takes over, scaled or not yet', async () => {
    for (const [name, scaled] of [
      ['scaled', true],
      ['still', false],
    ] as const) {
      await deploy(lab, deployment(name, { replicas: '3' }));
      if (scaled) {
        await lab.kubectl(['-n', ns, 'scale', 'deployment', name, '--replicas=5']);
      }
      const yaml = deployment(name, { replicas: '3' }) + scaler(name);
      const seen = new Set<number>();
      const { changes } = await deploy(
        lab,
        yaml,
        {},
        { onApplied: ({ object }) => seen.add((object['spec'] as { replicas: number }).replicas) },
      );
      expect((await template(name)).replicas).toBe(scaled ? 5 : 3);
      expect(changes).toContain(`unchanged Deployment/${name}`);
      expect(seen).not.toContain(1);
      const bare = deployment(name) + scaler(name);
      await deploy(lab, bare);
      expect((await template(name)).replicas).toBe(scaled ? 5 : 3);
    }
  });
});

describe('configuration', () => {
  const uses = 'envFrom: [{ configMapRef: { name: app } }, { secretRef: { name: key } }]';
  const secret = (value: string) => `
apiVersion: v1
kind: Secret
metadata: { name: key }
stringData: { password: ${value} }
`;
  const set = (data: string, value: string) =>
    [configMap('app', data), secret(value), deployment('app', { more: uses })].join('---');

  test('a change rolls what uses it, no change leaves the annotation', async () => {
    await deploy(lab, set('{ a: "1" }', 'one'));
    expect((await template('app')).annotations).toBeUndefined();
    const changed = await deploy(lab, set('{ a: "2" }', 'one'));
    expect(changed.changes).toContain('configured Deployment/app');
    const first = (await template('app')).annotations;
    expect(first).toEqual({ 'webgen-deploy/config': expect.stringMatching(/^ConfigMap\/app=/) });
    lab.sent.length = 0;
    const same = await deploy(lab, set('{ a: "2" }', 'one'));
    expect(same.changes.filter((each) => !each.startsWith('unchanged'))).toEqual([]);
    expect((await template('app')).annotations).toEqual(first);
    await deploy(lab, set('{ a: "2" }', 'two'));
    expect((await template('app')).annotations).not.toEqual(first);
    const off = (await template('app')).annotations;
    await deploy(lab, set('{ a: "2" }', 'three'), { restartOnConfig: false });
    expect((await template('app')).annotations).toEqual(off);
  });

  test.each([
    ['ConfigMap', set('{ a: "3" }', 'three')],
    ['Secret', set('{ a: "3" }', 'four')],
  ])('a run that dies after the %s: the next one rolls the workload, once', async (kind, yaml) => {
    const before = (await template('app')).annotations;
    const isDue: ApplyHooks['isDue'] = ({ object }) => object.kind === kind;
    expect((await deploy(lab, yaml, {}, { isDue })).changes).toHaveLength(1);
    expect((await template('app')).annotations).toEqual(before);
    const next = await deploy(lab, yaml);
    expect(next.changes.filter((each) => !each.startsWith('unchanged'))).toEqual([
      'configured Deployment/app',
    ]);
    const after = (await template('app')).annotations;
    expect(after).not.toEqual(before);
    await lab.kubectl(['-n', ns, 'label', 'secret/key', `of-${kind}=x`]);
    expect((await deploy(lab, yaml)).changes.every((each) => each.startsWith('unch'))).toBe(true);
    expect((await template('app')).annotations).toEqual(after);
  });
});

describe('images on live workloads', () => {
  const images = async (lines: Record<string, string>) => {
    const settings = lab.settings({ partial: true });
    const found = await liveImageDocuments(lines, settings);
    const planned = await dryRunAll(found.documents, settings);
    return { found, planned, settings };
  };
  const containers = async (name: string) => {
    const live = await lab.get(name);
    return (live['spec'] as { template: { spec: { containers: object[] } } }).template.spec
      .containers;
  };

  test('only the image changes, whoever made the workload', async () => {
    const more = 'env: [{ name: A, value: "1" }]';
    await deploy(lab, deployment('ours', { image: 'reg.io/team/ours:1', more, replicas: '2' }));
    const theirs = deployment('theirs', { image: 'reg.io/team/theirs:1', more });
    await lab.kubectl(['-n', ns, 'apply', '-f', '-'], theirs);
    const lines = { ours: 'reg.io/team/ours:2', 'team/theirs': 'reg.io/team/theirs:2' };
    const { found, planned, settings } = await images(lines);
    expect(found.findings).toEqual([]);
    expect(planned.findings).toEqual([]);
    expect(planned.objects.map(({ fields }) => fields)).toEqual([
      ['spec.template.spec.containers[main].image'],
      ['spec.template.spec.containers[main].image'],
    ]);
    const before = [await containers('deployment/ours'), await containers('deployment/theirs')];
    expect((await applyAll(planned.objects, settings)).findings).toEqual([]);
    const after = [await containers('deployment/ours'), await containers('deployment/theirs')];
    const tag2 = (list: object[]) => JSON.parse(JSON.stringify(list).replace(':1"', ':2"'));
    expect(after).toEqual(before.map(tag2));
    expect((await lab.get('deployment/ours')).metadata.labels).toMatchObject({
      'app.kubernetes.io/part-of': 'shop',
    });
    expect((await lab.get('deployment/ours'))['spec']).toMatchObject({ replicas: 2 });
    const again = await images(lines);
    expect(again.planned.objects.map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
  });

  test('a line that matches nothing names what is there', async () => {
    const { found } = await images({ nothing: 'reg.io/nothing:1' });
    expect(found.findings).toMatchObject([{ code: 'image-not-matched' }]);
    expect(found.findings[0]?.evidence.join()).toContain('reg.io/team/ours');
  });
});

describe('what cannot be dry-run yet', () => {
  const definition = (schema: string) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.apply.test }
spec:
  group: apply.test
  names: { plural: widgets, kind: Widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: ${schema} } } } }
`;
  const widget = (spec: string) => `
apiVersion: apply.test/v1
kind: Widget
metadata: { name: w }
spec: ${spec}
`;

  test('a custom kind follows its definition, and a new field its new schema', async () => {
    try {
      const yaml = `${widget('{ size: 1 }')}---${definition('{ size: { type: integer } }')}`;
      const first = await deploy(lab, yaml);
      expect(first.changes.at(-1)).toBe('created Widget/w');
      expect(unverifiedOf(first.planned)).toMatchObject([{ object: 'Widget/w' }]);
      const wrong = await plan(lab, `${widget('{ sze: 1 }')}`);
      expect(wrong.findings).toMatchObject([{ code: 'field-unknown', line: 5 }]);
      const wider = '{ size: { type: integer }, color: { type: string } }';
      const second = `${widget('{ size: 1, color: red }')}---${definition(wider)}`;
      expect((await deploy(lab, second)).changes.at(-1)).toBe('configured Widget/w');
    } finally {
      await lab.kubectl(['delete', 'crd', 'widgets.apply.test']);
    }
  });

  test('a new namespace: fields are checked all the same, and nothing is left behind', async () => {
    const own = { namespace: `${ns}-new`, createNamespace: true };
    const { findings } = await plan(lab, deployment('x', { more: 'imge: y' }), own);
    expect(findings).toMatchObject([{ code: 'field-unknown', object: 'Deployment/x' }]);
    await expect(lab.kubectl(['get', 'ns', `${ns}-new`])).rejects.toThrow('NotFound');
    const { findings: missing } = await plan(
      lab,
      `${configMap('a', '{}')}---${configMap('b', '{}')}`,
      {
        namespace: `${ns}-new`,
      },
    );
    expect(missing).toMatchObject([{ object: `Namespace/${ns}-new` }]);
    expect(missing).toHaveLength(1);
    try {
      const { changes } = await deploy(lab, deployment('x'), own);
      expect(changes).toEqual([`created Namespace/${ns}-new`, 'created Deployment/x']);
    } finally {
      await lab.kubectl(['delete', 'ns', `${ns}-new`, '--wait=false']);
    }
  });

  test('an unknown kind is named with its line', async () => {
    const { findings } = await plan(lab, deployment('x').replace('Deployment', 'Deploiment'));
    expect(findings).toMatchObject([{ code: 'kind-unknown', file: 'app.yaml', line: 3 }]);
    expect(findings[0]?.hint).toContain('Deployment');
  });
});

describe('what cannot be changed', () => {
  test('an immutable field is explained; with the annotation the object is replaced', async () => {
    await deploy(lab, deployment('fixed'));
    const other = deployment('fixed').replaceAll('app: fixed', 'app: other');
    const { findings } = await plan(lab, other);
    expect(findings).toMatchObject([{ code: 'field-immutable', line: 8 }]);
    const before = await lab.get('deployment/fixed');
    const asked = other.replace(
      'name: fixed',
      'name: fixed\n  annotations: { webgen-deploy/recreate: "true" }',
    );
    const { changes } = await deploy(lab, asked);
    expect(changes).toEqual(['recreated Deployment/fixed']);
    const after = await lab.get('deployment/fixed');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect((await deploy(lab, asked)).changes).toEqual(['unchanged Deployment/fixed']);
  });
});

describe('replaced on request', () => {
  const asked = '\n  annotations: { webgen-deploy/recreate: "true" }';

  test('a StatefulSet leaves its pods to the new one', async () => {
    const yaml = (service: string) => `
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db${asked}
spec:
  serviceName: ${service}
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: 'db:1' }] }
`;
    await deploy(lab, yaml('one'));
    const ready = ['wait', '-n', ns, '--for=jsonpath={.status.readyReplicas}=1'];
    await lab.kubectl([...ready, 'sts/db', '--timeout=20s']);
    const pod = await lab.get('pod/db-0');
    expect((await deploy(lab, yaml('two'))).changes).toEqual(['recreated StatefulSet/db']);
    await lab.kubectl([...ready, 'sts/db', '--timeout=20s']);
    expect((await lab.get('pod/db-0')).metadata.uid).toBe(pod.metadata.uid);
  }, 60_000);

  test('a Job runs again, a claim is never replaced', async () => {
    const job = (image: string) => `
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate${asked}
spec:
  template: { spec: { restartPolicy: Never, containers: [{ name: m, image: '${image}' }] } }
`;
    await deploy(lab, job('m:1'));
    expect((await deploy(lab, job('m:2'))).changes).toEqual(['recreated Job/migrate']);
    expect((await deploy(lab, job('m:2'))).changes).toEqual(['unchanged Job/migrate']);
    const claim = (storage: string) => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data${asked}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ${storage}
  resources: { requests: { storage: 1Gi } }
`;
    await deploy(lab, claim('one'));
    const { findings } = await plan(lab, claim('two'));
    expect(findings).toMatchObject([{ code: 'field-immutable', line: 9 }]);
    expect(findings[0]?.hint).toContain('data would be lost');
  });
});

describe('who may not', () => {
  test('every missing permission is named once, before anything is written', async () => {
    const user = 'system:serviceaccount:ci:deployer';
    const rules = ['--verb=get,list', '--resource=configmaps,deployments.apps'];
    await lab.kubectl(['-n', ns, 'create', 'role', 'reader', ...rules]);
    const binding = ['create', 'rolebinding', 'reader', '--role=reader', `--user=${user}`];
    await lab.kubectl(['-n', ns, ...binding]);
    const yaml = [configMap('p1', '{}'), configMap('p2', '{}'), deployment('p3')].join('---');
    const limited = await openLab(cluster, ns, { 'impersonate-user': user });
    const { findings } = await plan(limited, yaml);
    await limited.cluster.close();
    expect(findings.map(({ code, severity, what }) => [code, severity, what])).toEqual([
      ['forbidden', 'warning', expect.stringContaining('Autoscalers may not be listed')],
      ['forbidden', 'fatal', `${user} may not patch configmaps in namespace ${ns}.`],
      ['forbidden', 'fatal', `${user} may not patch deployments.apps in namespace ${ns}.`],
    ]);
  });
});

describe('somebody writes at the same time', () => {
  test('a write between our read and the dry run is no change of ours', async () => {
    const yaml = deployment('busy', { more: 'resources: { limits: { cpu: 0.5 } }' });
    await deploy(lab, yaml);
    const annotate = ['-n', ns, 'annotate', 'deployment/busy', 'note=theirs'];
    let written = false;
    const between = await openLab(cluster, ns, {}, async (request) => {
      if (request.method !== 'PATCH' || written) return;
      written = true;
      await lab.kubectl(annotate);
    });
    const { objects } = await plan(between, yaml);
    await between.cluster.close();
    expect(written).toBe(true);
    expect(objects.map(({ change, fields }) => [change, fields])).toEqual([['unchanged', []]]);
  });
});

describe('limits', () => {
  test('a cancelled run stops between stages and says what is left', async () => {
    const abort = new AbortController();
    const yaml = [configMap('before', '{}'), deployment('after')].join('---');
    const { objects, settings } = await plan(lab, yaml, { signal: abort.signal });
    const outcome = await applyAll(objects, settings, { onApplied: () => abort.abort() });
    expect(outcome).toMatchObject({ cancelled: true, left: ['Deployment/after'], uncertain: [] });
    expect(outcome.applied.map(({ object }) => object.kind)).toEqual(['ConfigMap']);
    await expect(lab.get('deployment/after')).rejects.toThrow('NotFound');
  });

  test('what the write refuses after the dry run stops the stages that follow', async () => {
    const yaml = [configMap('late', '{ a: "1" }'), deployment('never-late')].join('---');
    const { objects, settings } = await plan(lab, yaml);
    const args = ['-n', ns, 'create', 'cm', 'late', '--from-literal=a=2'];
    await lab.kubectl([...args, '--field-manager=helm']);
    const outcome = await applyAll(objects, settings);
    expect(outcome.findings).toMatchObject([{ code: 'field-conflict', object: 'ConfigMap/late' }]);
    expect(outcome.left).toEqual(['ConfigMap/late', 'Deployment/never-late']);
  });

  test('fifty Deployments: one dry run and one write each, and a handful of reads', async () => {
    const names = Array.from({ length: 50 }, (_, at) => `many-${at}`);
    const all = (image: string) => names.map((name) => deployment(name, { image })).join('---');
    await deploy(lab, all('x:1'));
    lab.sent.length = 0;
    const { changes } = await deploy(lab, all('x:2'));
    expect(changes.filter((each) => each.startsWith('configured'))).toHaveLength(50);
    expect(lab.sent.length).toBeLessThanOrEqual(105);
    const writes = lab.sent.filter((each) => each.startsWith('PATCH'));
    expect(writes.every((each) => each.includes('fieldValidation=Strict'))).toBe(true);
    expect(writes.filter((each) => each.includes('dryRun=All'))).toHaveLength(50);
  }, 30_000);

  test('an object that is being deleted is made anew once it is gone', async () => {
    const held = configMap('held', '{ a: "1" }').replace('}', ', finalizers: [test.io/hold] }');
    await lab.kubectl(['-n', ns, 'apply', '-f', '-'], held);
    await lab.kubectl(['-n', ns, 'delete', 'cm', 'held', '--wait=false']);
    const release = ['-n', ns, 'patch', 'cm', 'held', '--type=merge', '-p'];
    const later = setTimeout(() => {
      void lab.kubectl([...release, '{"metadata":{"finalizers":null}}']);
    }, 300);
    const { changes } = await deploy(lab, configMap('held', '{ a: "2" }'));
    clearTimeout(later);
    expect(changes).toEqual(['created ConfigMap/held']);
    const live = await lab.get('cm/held');
    expect(live['data']).toEqual({ a: '2' });
    expect(live.metadata.deletionTimestamp).toBeUndefined();
  }, 30_000);

  test('a Secret key that leaves stringData leaves the cluster', async () => {
    const secret = (data: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: keys }\nstringData: ${data}\n`;
    await deploy(lab, secret('{ a: one, b: two }'));
    await deploy(lab, secret('{ a: one }'));
    expect((await lab.get('secret/keys'))['data']).toEqual({ a: 'b25l' });
  });
});
