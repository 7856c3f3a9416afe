// All checks together on a cluster in memory: what is read, how often, and what it proves.
import { describe, expect, test } from '@jest/globals';
import type { PlannedObject } from '../../src/apply/planned/planned-object.ts';
import type { Api } from '../../src/cluster/api.ts';
import type { ApiResponse } from '../../src/core/ports.ts';
import { placeOf } from '../../src/kube/document.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { Registries } from '../../src/preflight/check.ts';
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
  /** The registry shows which tags there are, and has none that is asked for. */
  readonly lists?: true;
}

/** Lists are empty, objects are missing, pods are accepted. */
function cluster({ answers = {} }: Cluster = {}) {
  const asked: string[] = [];
  const api = {
    async send({ method, path }: { method: string; path: string }): Promise<ApiResponse> {
      const [plain = ''] = path.split('?');
      // Quotas are read in every run.
      if (!plain.endsWith('/resourcequotas')) asked.push(`${method} ${plain}`);
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

async function check(
  yaml: string,
  around: Cluster = {},
  live: readonly KubeObject[] = [],
  registries: Partial<Registries> = {},
) {
  const { api, asked } = cluster(around);
  const urls: string[] = [];
  const documents = documentsOf(yaml);
  const planned = documents.map((document): PlannedObject => {
    const object = {
      ...document.object,
      metadata: { namespace: 'shop', ...document.object.metadata },
    };
    const before = live.find((each) => each.metadata.name === object.metadata.name);
    const change = before ? 'configured' : 'created';
    const { apiVersion, kind } = object;
    const resource = {
      apiVersion,
      kind,
      plural: `${kind.toLowerCase()}s`,
      namespaced: kind !== 'ClusterRole',
    };
    const known = { document, resource, object, predicted: object, live: before };
    const parts = { ...known, change, restart: [] };
    return parts as unknown as PlannedObject;
  });
  const begun = startPreflight({
    app: 'shop',
    documents,
    namespace: 'shop',
    api,
    http: {
      async send({ url }) {
        urls.push(url);
        return {
          status: url.includes('/tags/list') && around.lists ? 200 : 404,
          headers: {},
          body: '',
        };
      },
    },
    registries: { ...noRegistries, ...registries },
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
  return { ...result, said, asked, ahead, documents, urls };
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

const service = (name: string, ports: string, type = 'NodePort') =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: ${type}, ports: ${ports}}\n`;

describe('objects that cannot be together', () => {
  const set = (name: string) =>
    `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: ${name}}\nspec: {template: {spec: {containers: []}}}\n`;

  test.each([
    [
      'one node port twice',
      [
        service('a', '[{port: 80, nodePort: 30080}]'),
        service('b', '[{port: 80, nodePort: 30080}]'),
      ],
      'fatal',
    ],
    [
      'by another protocol',
      [
        service('a', '[{port: 80, nodePort: 30080}]'),
        service('b', '[{port: 80, nodePort: 30080, protocol: UDP}]'),
      ],
      undefined,
    ],
    [
      'of a Service that takes none',
      [
        service('a', '[{port: 80, nodePort: 30080}]'),
        service('b', '[{port: 80, nodePort: 30080}]', 'ClusterIP'),
      ],
      undefined,
    ],
    [
      'two ports of one Service',
      [service('a', '[{port: 80, nodePort: 30080}, {port: 53, nodePort: 30080, protocol: UDP}]')],
      undefined,
    ],
  ])('%s', async (_, documents, severity) => {
    const { findings, said } = await check(documents.join('---\n'));
    expect(findings.map((each) => each.severity)).toEqual(severity ? [severity] : []);
    if (severity) {
      expect(said[0]).toMatch(/^fatal manifest-invalid 9: Service\/b: nodePort 30080\/TCP/);
      expect(findings[0]?.evidence[0]).toContain('Service/a (');
    }
  });

  test('a cluster-wide name twice, whatever namespaces are written', async () => {
    const role = (namespace: string, verbs: string) =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, namespace: ${namespace}}\nrules: ${verbs}\n`;
    const { said } = await check([role('a', '[]'), role('b', '[{}]')].join('---\n'));
    expect(said).toEqual([
      expect.stringMatching(/^fatal manifest-invalid 6: ClusterRole\/r: it is written twice/),
    ]);
    const same = await check([role('a', '[]'), role('b', '[]')].join('---\n'));
    expect(same.said).toEqual([expect.stringMatching(/^warning /)]);
  });

  test.each([
    [52, undefined],
    [53, 'warning'],
    [56, 'warning'],
    [57, 'fatal'],
  ])('the name of a StatefulSet of %d characters', async (length, severity) => {
    const { findings } = await check(set('a'.repeat(length)));
    expect(findings.map((each) => each.severity)).toEqual(severity ? [severity] : []);
  });

  test('a StatefulSet that has pods under its long name has proved that it can', async () => {
    const name = 'a'.repeat(60);
    const [document] = documentsOf(set(name));
    const live = { ...document?.object, status: { replicas: 1 } } as KubeObject;
    expect(
      (await check(set(name).replace('containers: []', 'containers: [{name: x}]'), {}, [live]))
        .findings,
    ).toEqual([]);
  });

  test('a host and path twice is a warning, but not of a canary', async () => {
    const ingress = (name: string, annotations = '{}') =>
      `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ${name}, annotations: ${annotations}}\nspec:\n  ingressClassName: nginx\n  rules:\n    - host: a.example\n      http: {paths: [{path: /, pathType: Prefix}]}\n`;
    const severities = async (...all: string[]) =>
      (await check(all.join('---\n'))).said.filter((each) => each.includes('routed twice'));
    expect(await severities(ingress('a'), ingress('b'))).toEqual([
      expect.stringMatching(
        /^warning manifest-invalid 17: Ingress\/b: a\.example\/ is routed twice/,
      ),
    ]);
    expect(
      await severities(ingress('a'), ingress('b', '{nginx.ingress.kubernetes.io/canary: "true"}')),
    ).toEqual([]);
  });

  test('a custom object over the limit of the store is fatal, a kind of Kubernetes a warning', async () => {
    const large = 'x'.repeat(1_600_000);
    const custom = `apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\nspec: {text: ${large}}\n`;
    const definition =
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.org';
    const found = await check(custom, { answers: { [definition]: { metadata: { name: 'x' } } } });
    expect(found.said).toEqual([expect.stringMatching(/^fatal manifest-invalid .*1\.53 MiB/)]);
    expect((await check(custom)).said).toEqual([expect.stringMatching(/^warning /)]);
    const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: w}\ndata: {text: ${large}}\n`;
    expect((await check(map)).said).toEqual([expect.stringMatching(/^warning /)]);
  });
});

describe('a quota', () => {
  const quotas = '/api/v1/namespaces/shop/resourcequotas';
  const posts = '/api/v1/namespaces/shop/pods';
  const quotaOf = (hard: object, used: object = {}, more: object = {}) => ({
    [quotas]: {
      metadata: {},
      items: [{ metadata: { name: 'small' }, spec: { hard, ...more }, status: { used } }],
    },
  });
  const pod = (resources: object) => ({ [posts]: { spec: { containers: [{ resources }] } } });
  const deployment = (spec: string, name = 'web') =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec:\n  ${spec}\n  template: {spec: {containers: [{name: app}]}}\n`;
  const liveOf = (spec: { replicas: number }, status: object = {}) => {
    const { replicas } = spec;
    const template = { spec: { containers: [{ name: 'app', image: 'old' }] } };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template, ...spec },
      status: { replicas, updatedReplicas: replicas, availableReplicas: replicas, ...status },
    } as unknown as KubeObject;
  };
  const severities = (result: { findings: readonly { severity: string; code: string }[] }) =>
    result.findings.filter(({ code }) => code === 'quota-exceeded').map(({ severity }) => severity);

  test('of no pods, with the numbers', async () => {
    const result = await check(deployment('replicas: 1'), {
      answers: { ...quotaOf({ pods: '0' }, { pods: '0' }), ...pod({}) },
    });
    expect(severities(result)).toEqual(['fatal']);
    expect(result.findings[0]?.evidence[0]).toBe('pods: one pod takes 1 of 0, now used: 0');
  });

  test('that refuses the pod says itself what it takes', async () => {
    const message =
      'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0';
    const result = await check(deployment('replicas: 1'), {
      answers: { ...quotaOf({ pods: '0' }), [posts]: status(403, message) },
    });
    expect(severities(result)).toEqual(['fatal']);
  });

  test('that is full now, of pods that may end, is none', async () => {
    const message =
      'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3';
    const result = await check(deployment('replicas: 3'), {
      answers: { ...quotaOf({ pods: '3' }, { pods: '3' }), [posts]: status(403, message) },
    });
    expect(severities(result)).toEqual([]);
  });

  test('that wants limits which the pod does not name', async () => {
    const message =
      'pods "web-x" is forbidden: failed quota: small: must specify limits.memory for: app';
    const result = await check(deployment('replicas: 1'), {
      answers: { ...quotaOf({ 'limits.memory': '1Gi' }), [posts]: status(403, message) },
    });
    expect(severities(result)).toEqual(['fatal']);
  });

  test('that cannot hold all pods of the run at its end', async () => {
    const answers = {
      ...quotaOf({ 'requests.memory': '1Gi' }),
      ...pod({ requests: { memory: '300Mi' } }),
    };
    expect(severities(await check(deployment('replicas: 3'), { answers }))).toEqual([]);
    expect(severities(await check(deployment('replicas: 4'), { answers }))).toEqual(['fatal']);
    const two = [deployment('replicas: 2'), deployment('replicas: 2', 'api')].join('---\n');
    expect(severities(await check(two, { answers }))).toEqual(['fatal']);
  });

  test('that the older pods hold until a new one is ready', async () => {
    const answers = { ...quotaOf({ pods: '2' }), ...pod({}) };
    const run = (text: string, status = {}) =>
      check(deployment(`replicas: 2\n  strategy: ${text}`), { answers }, [
        liveOf({ replicas: 2 }, status),
      ]);
    expect(severities(await run('{}'))).toEqual(['fatal']);
    expect(severities(await run('{type: Recreate}'))).toEqual([]);
    expect(severities(await run('{rollingUpdate: {maxUnavailable: 1}}'))).toEqual([]);
    expect(severities(await run('{rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}'))).toEqual([]);
    // Older pods that are not available go first; on the way back the pods are there already.
    expect(severities(await run('{}', { availableReplicas: 1 }))).toEqual([]);
    expect(severities(await run('{}', { updatedReplicas: 0 }))).toEqual([]);
  });

  test('that has scopes counts only what the server has counted', async () => {
    const scoped = quotaOf({ pods: '0' }, {}, { scopes: ['BestEffort'] });
    expect(
      severities(await check(deployment('replicas: 1'), { answers: { ...scoped, ...pod({}) } })),
    ).toEqual([]);
  });

  test('that the run changes is a note', async () => {
    const quota =
      'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small}\nspec: {hard: {pods: "5"}}\n';
    const result = await check([deployment('replicas: 1'), quota].join('---\n'), {
      answers: { ...quotaOf({ pods: '0' }), ...pod({}) },
    });
    expect(severities(result)).toEqual(['note']);
  });

  test('of which an autoscaler may leave fewer pods', async () => {
    const answers = { ...quotaOf({ pods: '3' }), ...pod({}) };
    const scaler =
      'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {minReplicas: 2, scaleTargetRef: {kind: Deployment, name: web}}\n';
    expect(
      severities(await check([deployment('replicas: 5'), scaler].join('---\n'), { answers })),
    ).toEqual([]);
  });
});

describe('an image', () => {
  const of = (image: string) => web(`containers: [{name: app, image: "${image}"}]`);
  const running = (image: string) => ({
    '/api/v1/namespaces/shop/pods': {
      metadata: {},
      items: [
        {
          metadata: { name: 'web-1' },
          spec: { containers: [{ image }] },
          status: { phase: 'Running' },
        },
      ],
    },
  });

  test('of a public host, or of the run’s own, is asked for, and any other where live pods have it', async () => {
    expect((await check(of('ghcr.io/shop/web:1'))).urls[0]).toContain(
      'https://ghcr.io/v2/shop/web/',
    );
    expect((await check(of('nginx:1'))).urls[0]).toContain('/v2/library/nginx/manifests/1');
    expect((await check(of('hub.example/web:1'))).urls).toEqual([]);
    const own = await check(of('hub.example/web:1'), {}, [], { own: 'hub.example' });
    expect(own.urls[0]).toContain('https://hub.example/');
    const live = await check(of('hub.example/web:2'), { answers: running('hub.example/web:1') });
    expect(live.urls[0]).toContain('https://hub.example/');
  });

  test('that a stranger names is asked for only where live pods have its host', async () => {
    const foreign = { foreign: true, own: 'hub.example' };
    for (const image of ['ghcr.io/x/y:1', 'hub.example/web:1', '169.254.169.254:80/x/y:1']) {
      expect((await check(of(image), {}, [], foreign)).urls).toEqual([]);
    }
    const around = { answers: running('hub.example/web:1') };
    expect((await check(of('hub.example/web:2'), around, [], foreign)).urls).not.toEqual([]);
  });

  test('that this run has pushed, or whose name stands for a build, is not asked for', async () => {
    const pushed = new Set(['ghcr.io/shop/web:1']);
    expect((await check(of('ghcr.io/shop/web:1'), {}, [], { pushed })).urls).toEqual([]);
    expect((await check(of('web'))).urls).toEqual([]);
  });

  test('that is missing in a repository nobody may list is said, and no finding', async () => {
    const { findings, unchecked } = await check(of('ghcr.io/shop/web:1'));
    expect(findings).toEqual([]);
    expect(unchecked).toMatchObject([{ object: 'image ghcr.io/shop/web:1' }]);
  });

  const posts = '/api/v1/namespaces/shop/pods';
  const admitted = (image: string) => ({
    [posts]: { status: 201, headers: {}, body: { spec: { containers: [{ name: 'app', image }] } } },
  });
  const image = 'ghcr.io/shop/web:1';

  test('that is missing in a repository that may be listed is fatal, unless a node may have it', async () => {
    const nodes = (names: readonly string[]) => ({
      '/api/v1/nodes': {
        metadata: {},
        items: [
          { metadata: { name: 'n' }, status: { images: names.map((name) => ({ names: [name] })) } },
        ],
      },
    });
    const severity = async (names: readonly string[]) => {
      const answers = { ...admitted(image), ...nodes(names) };
      const { findings } = await check(of(image), { answers, lists: true });
      return findings.map((each) => `${each.severity} ${each.code}`);
    };
    expect(await severity(['ghcr.io/shop/web:2'])).toEqual(['fatal image-not-found']);
    expect(await severity([image])).toEqual(['note image-not-found']);
    // A kubelet that reports its largest images alone may have any other.
    const many = Array.from({ length: 50 }, (_, at) => `large:${at}`);
    expect(await severity(many)).toEqual(['note image-not-found']);
  });

  test('that admission replaces, or of a pod that admission does not show, is no finding', async () => {
    const swapped = { ...admitted('mirror.internal/shop/web:1') };
    const { findings, unchecked } = await check(of(image), { answers: swapped, lists: true });
    expect(findings).toEqual([]);
    expect(unchecked).toMatchObject([{ why: 'admission puts another image in its place' }]);
    const refused = {
      [posts]: status(403, 'exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'),
    };
    expect((await check(of(image), { answers: refused, lists: true })).findings).toEqual([]);
  });

  test('of a loopback registry is the node’s own, whoever runs from it', async () => {
    const around = { answers: running('localhost:32000/web:1') };
    for (const foreign of [true, false]) {
      expect((await check(of('localhost:32000/web:2'), around, [], { foreign })).urls).toEqual([]);
    }
  });

  test('is asked for once, however many containers have it', async () => {
    const containers = Array.from(
      { length: 60 },
      (_, at) => `{name: c${at}, image: "ghcr.io/shop/web:${at % 30}"}`,
    );
    const { urls } = await check(web(`containers: [${containers.join(', ')}]`));
    expect(urls.filter((url) => url.includes('/manifests/'))).toHaveLength(30);
  });
});
