// All checks together on a cluster in memory: what is read, how often, and what it proves.
import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../src/apply/planned/planned-object.ts';
import type { Api } from '../../src/cluster/api.ts';
import type { ApiResponse } from '../../src/core/ports.ts';
import { placeOf } from '../../src/kube/document.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { startPreflight } from '../../src/preflight/preflight.ts';
import { documentsOf } from '../support/manifests/documents.ts';
import { noRegistries } from '../support/preflight/registries.ts';

const status = (code: number, message: string): ApiResponse => ({
  status: code,
  headers: {},
  body: { kind: 'Status', message },
});

interface Cluster {
  /** By path, without the query. */
  readonly answers?: Readonly<Record<string, ApiResponse | object>>;
}

/** Lists are empty, objects are missing, pods are accepted. */
function cluster({ answers = {} }: Cluster = {}) {
  const asked: string[] = [];
  const api = {
    async send({ method, path }: { method: string; path: string }): Promise<ApiResponse> {
      const [plain = ''] = path.split('?');
      asked.push(`${method} ${plain}`);
      const found = answers[plain];
      if (found)
        return 'status' in found && 'headers' in found ? (found as ApiResponse) : ok(found);
      if (method === 'POST') return { status: 201, headers: {}, body: {} };
      if (/s$/.test(plain)) return ok({ metadata: {}, items: [] });
      return status(404, 'not found');
    },
    resourceOf: async (apiVersion: string, kind: string) => ({
      apiVersion,
      kind,
      plural: `${kind.toLowerCase()}s`,
      namespaced: true,
    }),
  } as unknown as Api;
  return { api, asked };
}

const ok = (body: object): ApiResponse => ({ status: 200, headers: {}, body });

async function check(yaml: string, around: Cluster = {}, live: readonly KubeObject[] = []) {
  const { api, asked } = cluster(around);
  const documents = documentsOf(yaml);
  const planned = documents.map((document): PlannedObject => {
    const object = {
      ...document.object,
      metadata: { namespace: 'shop', ...document.object.metadata },
    };
    const before = live.find((each) => each.metadata.name === object.metadata.name);
    const change = before ? 'configured' : 'created';
    const parts = { document, object, predicted: object, live: before, change, restart: [] };
    return parts as unknown as PlannedObject;
  });
  const begun = startPreflight({
    app: 'shop',
    documents,
    namespace: 'shop',
    api,
    http: undefined as never,
    registries: noRegistries,
    clock: undefined as never,
    log: undefined as never,
    signal: new AbortController().signal,
  });
  await new Promise((done) => setImmediate(done));
  const ahead = asked.length;
  const result = await begun.finish(planned, { awaits: true });
  const said = result.findings.map(
    ({ severity, code, what, line }) => `${severity} ${code} ${line}: ${what}`,
  );
  return { ...result, said, asked, ahead, documents };
}

const web = (spec: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      ${spec}
`;

const needs = web('containers: [{name: app, envFrom: [{secretRef: {name: login}}]}]');

const secrets = '/api/v1/namespaces/shop/secrets';

describe('a Secret that is missing', () => {
  test('is fatal, at its line, with the nearest name; its read began beside the dry run', async () => {
    const items = [{ metadata: { name: 'logn' } }, { metadata: { name: 'other' } }];
    const { said, findings, ahead, asked } = await check(needs, {
      answers: { [secrets]: { metadata: {}, items } },
    });
    expect(said).toEqual([
      'fatal config-missing 7: Deployment/web: its pods need Secret/login, which does not exist',
    ]);
    expect(findings[0]?.hint).toContain('Did you mean logn?');
    expect(asked.slice(0, ahead)).toEqual([`GET ${secrets}/login`]);
    expect(asked.filter((each) => each === `GET ${secrets}/login`)).toHaveLength(1);
  });

  test('is asked for once, however many need it', async () => {
    const other = needs.replace('name: web', 'name: worker');
    const { said, asked } = await check(`${needs}---\n${other}`);
    expect(said).toHaveLength(2);
    expect(asked.filter((each) => each.startsWith(`GET ${secrets}`))).toHaveLength(2);
  });

  test('is one of many that are read by one list, and then by name', async () => {
    const names = ['a', 'b', 'c', 'd', 'login'];
    const from = names.map((name) => `{secretRef: {name: ${name}}}`).join(', ');
    const items = names.slice(0, 4).map((name) => ({ metadata: { name } }));
    const { said, ahead, asked } = await check(
      web(`containers: [{name: app, envFrom: [${from}]}]`),
      { answers: { [secrets]: { metadata: {}, items } } },
    );
    expect(asked.slice(0, ahead)).toEqual([`GET ${secrets}`, `GET ${secrets}/login`]);
    expect(said).toHaveLength(1);
  });

  test('its values are never kept', async () => {
    const data = { url: 'c2VjcmV0' };
    const key = web(
      'containers: [{name: app, env: [{name: A, valueFrom: {secretKeyRef: {name: login, key: uri}}}]}]',
    );
    const { findings } = await check(key, {
      answers: { [`${secrets}/login`]: { kind: 'Secret', metadata: { name: 'login' }, data } },
    });
    expect(findings[0]?.evidence).toContain('keys it has: url; the nearest is url');
    expect(JSON.stringify(findings)).not.toContain('c2VjcmV0');
  });

  test('that may not be read is no finding, and is said', async () => {
    const forbidden = status(
      403,
      'secrets "login" is forbidden: User "ci" cannot get resource "secrets" in API group "" in the namespace "shop"',
    );
    const { said, unchecked } = await check(needs, {
      answers: { [`${secrets}/login`]: forbidden },
    });
    expect(said).toEqual([]);
    expect(unchecked).toEqual([
      {
        object: 'Secrets that Deployment/web needs',
        why: 'ci may not get secrets in namespace shop.',
      },
    ]);
  });
});

test('a key that the run takes out of what it writes is missing', async () => {
  const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {young: "1"}\n';
  const before = documentsOf(config.replace('young', 'old'))[0]?.object as KubeObject;
  const uses = web(
    'containers: [{name: app, env: [{name: A, valueFrom: {configMapKeyRef: {name: web, key: old}}}]}]',
  ).replace('name: web', 'name: app');
  const { said } = await check(`${config}---\n${uses}`, {}, [before]);
  expect(said).toEqual([
    'fatal config-missing 12: Deployment/app: its pods need the key old of ConfigMap/web, which does not have it',
  ]);
});

describe('it may still come', () => {
  const task = (more: string) => `apiVersion: batch/v1
kind: Job
metadata: {name: prepare${more}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
`;
  const role = (verbs: string) => `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: writer}
rules: [{apiGroups: [""], resources: [secrets], verbs: [${verbs}]}]
`;
  const custom = (apiVersion: string, kind: string, spec = '{}', name = 'any') =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
  const ingress = (annotations: string) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, annotations: {${annotations}}}
spec: {tls: [{secretName: login}]}
`;

  test.each([
    ['by a task of an earlier phase', task(', annotations: {webgen-deploy/phase: pre-deploy}')],
    [
      'by a task beside it with an account of its own',
      task('').replace('restartPolicy', 'serviceAccountName: prepare, restartPolicy'),
    ],
    ['by an ExternalSecret', custom('external-secrets.io/v1', 'ExternalSecret')],
    ['by an unknown kind', custom('example.com/v1', 'Vault')],
    [
      'by a harmless kind that names it',
      custom('monitoring.coreos.com/v1', 'ServiceMonitor', '{writes: login}'),
    ],
    ['by an account that may write Secrets', role('get, create')],
    ['by what an Ingress asks for', ingress('cert-manager.io/issuer: ca')],
    [
      'by an annotation',
      'apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {service.beta.openshift.io/serving-cert-secret-name: login}}\n',
    ],
    [
      'by an annotation of another workload',
      needs.replace(
        'name: web',
        'name: other, annotations: {operator.1password.io/item-name: login}',
      ),
    ],
  ])('%s: a warning', async (_, yaml) => {
    const { findings } = await check(`${yaml}---\n${needs}`);
    const own = findings.filter(({ what }) => what.startsWith('Deployment/web: its pods need'));
    expect(own).toMatchObject([{ severity: 'warning' }]);
    expect(own[0]?.evidence.join()).toMatch(/of this run/);
  });

  test.each([
    ['a task of the same phase that has no account of its own', task('')],
    ['a task of a later phase', task(', annotations: {webgen-deploy/phase: post-deploy}')],
    ['a kind that makes nothing', custom('monitoring.coreos.com/v1', 'ServiceMonitor')],
    ['a Role that only reads', role('get, list')],
    [
      'an Ingress that nobody issues for',
      ingress('kubectl.kubernetes.io/last-applied-configuration: login'),
    ],
    ['a part of another word', custom('keda.sh/v1', 'ScaledObject', '{a: login-2}')],
  ])('not by %s: fatal', async (_, yaml) => {
    const { findings } = await check(`${yaml}---\n${needs}`);
    const own = findings.filter(({ what }) => what.includes('its pods need Secret/login'));
    expect(own).toMatchObject([{ severity: 'fatal' }]);
  });

  test('by a kind of the cluster that may not be listed', async () => {
    const kinds = (group: string, kind: string) => ({
      metadata: { name: group },
      versions: [
        {
          version: 'v1',
          resources: [
            { resource: 'things', responseKind: { kind }, scope: 'Namespaced', verbs: ['list'] },
          ],
        },
      ],
    });
    const things = '/apis/example.com/v1/namespaces/shop/things';
    const groups = {
      items: [kinds('example.com', 'Thing'), kinds('metrics.k8s.io', 'PodMetrics')],
    };
    const denied = status(
      403,
      'things is forbidden: User "ci" cannot list resource "things" in API group "example.com" in the namespace "shop"',
    );
    const hidden = await check(needs, { answers: { '/apis': groups, [things]: denied } });
    expect(hidden.findings).toMatchObject([{ severity: 'warning' }]);
    expect(hidden.asked).not.toContain('GET /apis/metrics.k8s.io/v1/namespaces/shop/things');
    const none = await check(needs, { answers: { '/apis': groups } });
    expect(none.findings).toMatchObject([{ severity: 'fatal' }]);
  });
});

describe('is there', () => {
  const tokens =
    'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\ntype: kubernetes.io/service-account-token\n';
  test.each([
    [
      'what is optional',
      web('containers: [{name: a, envFrom: [{secretRef: {name: no, optional: true}}]}]'),
    ],
    [
      'the certificate of every namespace',
      web(
        'volumes: [{name: a, configMap: {name: kube-root-ca.crt}}]\n      containers: [{name: a}]',
      ),
    ],
    [
      'a key that the cluster fills in',
      `${tokens}---\n${web('containers: [{name: a, env: [{name: A, valueFrom: {secretKeyRef: {name: login, key: token}}}]}]')}`,
    ],
  ])('%s', async (_, yaml) => {
    const { said } = await check(yaml);
    expect(said).toEqual([]);
  });
});

describe('a pod that is refused', () => {
  const pods = '/api/v1/namespaces/shop/pods';
  const live = { ...documentsOf(needs)[0]?.object, metadata: { name: 'web', namespace: 'shop' } };
  const plain = web('containers: [{name: app, image: new}]');
  const by = (message: string, code = 403) => ({ answers: { [pods]: status(code, message) } });

  test('by a webhook on a first deploy is only a warning', async () => {
    const { said } = await check(plain, by('admission webhook "w" denied the request: no', 400));
    expect(said).toEqual([
      'warning admission-denied 6: Deployment/web: the admission webhook w refuses its pods',
    ]);
  });

  test('as the live one is: a warning', async () => {
    const { findings } = await check(plain, by('pods "x" is forbidden: no'), [live as KubeObject]);
    expect(findings).toMatchObject([{ severity: 'warning' }]);
    expect(findings[0]?.evidence.join()).toContain('live version is refused in the same way');
  });

  test('pods of one shape are tried once, and each where one is refused', async () => {
    const set = ['a', 'b', 'c']
      .map((name) => plain.replace('name: web', `name: ${name}`))
      .join('---\n');
    const good = await check(set);
    expect(good.asked).toEqual([`POST ${pods}`]);
    const bad = await check(set, by('pods "x" is forbidden: violates PodSecurity "restricted": x'));
    expect(bad.said).toHaveLength(3);
  });
});

test('what objects around the pods name is a warning at its line', async () => {
  const yaml = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge}
spec:
  tls:
    - secretName: cert
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: wbe}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  selector: {matchLabels: {app: other}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: fast
---
${web('imagePullSecrets: [{name: pull}]\n      containers: [{name: app}]')}`;
  const { said, documents } = await check(yaml);
  expect(documents.map((each) => placeOf(each).line)).toHaveLength(5);
  expect(said).toEqual([
    'warning config-missing 6: Ingress/edge: its TLS Secret cert does not exist',
    'warning service-mismatch 7: Ingress/edge: its backend Service web does not exist',
    'warning rollout-failed 13: HorizontalPodAutoscaler/web: its scale target Deployment/wbe does not exist',
    'warning rollout-failed 19: PodDisruptionBudget/web: it selects no pod',
    'warning volume-unbound 25: PersistentVolumeClaim/data: its storage class fast does not exist',
    'warning config-missing 33: Deployment/web: its pull secret pull does not exist',
  ]);
});
