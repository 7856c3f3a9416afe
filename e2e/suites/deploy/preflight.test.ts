// What reads and dry-run pods prove wrong is refused before the first write, and nothing good is.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { openSite, type Run, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite('kwok', { audit: true });
  for (const each of [policy, bindingOf('no-latest'), callerPolicy, bindingOf('no-people')]) {
    await site.cluster.kubectl(['apply', '-f', '-'], each);
  }
}, 900_000);

afterAll(() => site?.stop());

type Inputs = Readonly<Record<string, string>>;

interface Parts {
  /** Fields of the pod's spec, of its container, and labels of the pod. */
  readonly spec?: string;
  readonly container?: string;
  readonly tag?: string;
  readonly replicas?: number;
}

/** One Deployment, `web`. */
function web({ spec, container, tag = '1', replicas = 1 }: Parts = {}): string {
  const inside = (by: number, text = '') =>
    text.split('\n').flatMap((line) => (line ? [`${' '.repeat(by)}${line}`] : []));
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: web}',
    'spec:',
    `  replicas: ${replicas}`,
    '  selector: {matchLabels: {app: web}}',
    '  template:',
    '    metadata: {labels: {app: web}}',
    '    spec:',
    ...inside(6, spec),
    '      containers:',
    '        - name: app',
    `          image: registry.example/app:${tag}`,
    ...inside(10, container),
    '',
  ].join('\n');
}

const together = (...documents: readonly string[]) => documents.join('---\n');

const object = (kind: string, name: string, rest = '', apiVersion = 'v1') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n${rest}`;

const secret = (name: string, key = 'url') => object('Secret', name, `stringData: {${key}: "1"}\n`);

const envOf = (name: string, key: string, more = '') =>
  `env:\n  - name: URL\n    valueFrom: {secretKeyRef: {name: ${name}, key: ${key}${more}}}\n`;

const limitRange = (most: string) =>
  object('LimitRange', 'limits', `spec: {limits: [{type: Container, max: {cpu: "${most}"}}]}\n`);

/** Refuses pods whose image is `latest`, whoever makes them. */
const policy = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-latest}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
    - expression: object.spec.containers.all(each, !each.image.endsWith(':latest'))
      message: name a version
`;

/** Refuses pods that people make: those of controllers pass. */
const callerPolicy = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-people}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
    - expression: request.userInfo.username in ['controllers', 'admin']
      message: only controllers make pods
`;

/** In namespaces with a label of its name. */
const bindingOf = (name: string) => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ${name}}
spec:
  policyName: ${name}
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {${name}: "yes"}}}
`;

let made = 0;

/** A namespace of its own, with labels and with objects that nobody deploys. */
async function namespaceWith(labels: readonly string[] = [], around = ''): Promise<string> {
  made += 1;
  const name = `case-${made}`;
  await site.cluster.kubectl(['create', 'namespace', name]);
  if (labels.length > 0) await site.cluster.kubectl(['label', 'namespace', name, ...labels]);
  if (around) await site.cluster.kubectl(['-n', name, 'apply', '-f', '-'], around);
  return name;
}

interface Said {
  readonly code: string;
  readonly severity: string;
  readonly object?: string;
  readonly file?: string;
  readonly line?: number;
  readonly what: string;
  readonly evidence: readonly string[];
  readonly hint: string;
}

interface Watched extends Run {
  readonly findings: readonly Said[];
  /** What the run has changed in the cluster, by the API server's own record; its lock is not counted. */
  readonly writes: readonly string[];
}

async function run(namespace: string, yaml: string, inputs: Inputs = {}): Promise<Watched> {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const before = new Set((await site.cluster.audit()).map(({ auditID }) => auditID));
  const given = { namespace, manifests: 'app.yaml', app: 'web', environment: 'test' };
  const result = await site.run({ ...given, ...inputs }, { workspace });
  const writes = (await site.cluster.audit())
    .filter(
      ({ auditID, userAgent }) => !before.has(auditID) && userAgent?.startsWith('webgen-deploy'),
    )
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
    .filter((each) => !/[?&]dryRun=All|\/leases\b|\/selfsubject/.test(each));
  return { ...result, findings: JSON.parse(result.outputs['findings'] || '[]'), writes };
}

const fatal = ({ findings }: Watched) => findings.filter(({ severity }) => severity === 'fatal');

interface Broken {
  readonly labels?: readonly string[];
  readonly around?: string;
  readonly yaml: string;
  readonly code: string;
  /** The line of the manifest that the finding is about. */
  readonly at: RegExp;
  readonly says: RegExp;
}

const broken: Readonly<Record<string, Broken>> = {
  'a Secret': {
    around: secret('database'),
    yaml: web({ container: 'envFrom: [{secretRef: {name: databse}}]' }),
    code: 'config-missing',
    at: /secretRef/,
    says: /Secret\/databse[\s\S]*Did you mean database/,
  },
  'a key of a Secret': {
    around: secret('database', 'address'),
    yaml: web({ container: envOf('database', 'adress') }),
    code: 'config-missing',
    at: /key: adress/,
    says: /the key adress of Secret\/database[\s\S]*Did you mean address/,
  },
  'the Secret of a volume': {
    yaml: web({ spec: 'volumes:\n  - name: tls\n    secret: {secretName: tls}' }),
    code: 'config-missing',
    at: /secretName/,
    says: /Secret\/tls/,
  },
  'a ServiceAccount': {
    around: object('ServiceAccount', 'backend'),
    yaml: web({ spec: 'serviceAccountName: backnd' }),
    code: 'config-missing',
    at: /serviceAccountName/,
    says: /ServiceAccount backnd[\s\S]*Did you mean backend/,
  },
  'a PriorityClass': {
    yaml: web({ spec: 'priorityClassName: urgent' }),
    code: 'config-missing',
    at: /priorityClassName/,
    says: /PriorityClass urgent/,
  },
  'a RuntimeClass': {
    yaml: web({ spec: 'runtimeClassName: gvisor' }),
    code: 'config-missing',
    at: /runtimeClassName/,
    says: /RuntimeClass gvisor/,
  },
  'a claim': {
    yaml: web({ spec: 'volumes:\n  - name: data\n    persistentVolumeClaim: {claimName: data}' }),
    code: 'volume-unbound',
    at: /claimName/,
    says: /PersistentVolumeClaim\/data/,
  },
  'pod security': {
    labels: ['pod-security.kubernetes.io/enforce=baseline'],
    yaml: web({ spec: 'hostNetwork: true' }),
    code: 'admission-denied',
    at: /spec:/,
    says: /pod security level baseline/,
  },
  'a LimitRange': {
    around: limitRange('1'),
    yaml: web({ container: 'resources:\n  limits: {cpu: "2", memory: 64Mi}' }),
    code: 'admission-denied',
    at: /resources/,
    says: /maximum cpu usage per Container is 1/,
  },
  'a policy': {
    labels: ['no-latest=yes'],
    yaml: web({ tag: 'latest' }),
    code: 'admission-denied',
    at: /spec:/,
    says: /policy no-latest[\s\S]*name a version/,
  },
};

function expectRefused(result: Watched, { code, at, says, yaml }: Broken): void {
  expect([result.text, fatal(result).length]).toEqual([result.text, 1]);
  const [first] = fatal(result);
  expect(first).toMatchObject({ code, object: 'Deployment/web', file: 'app.yaml' });
  expect(yaml.split('\n')[(first?.line ?? 0) - 1]).toMatch(at);
  expect(JSON.stringify(first)).toMatch(says);
  expect(result.outputs['error-code']).toBe(code);
  expect(result.writes).toEqual([]);
}

describe('refused before anything is written, in three seconds', () => {
  test.each(Object.entries(broken))(
    '%s',
    async (_, each) => {
      const namespace = await namespaceWith(each.labels, each.around);
      const first = await run(namespace, each.yaml);
      expectRefused(first, each);
      expect(Number(first.outputs['duration-seconds'])).toBeLessThanOrEqual(3);
      expect(first.text).toContain('refused before anything was changed');
      // The same on top of a version that runs.
      const good = await run(namespace, web());
      expect([good.text, good.outputs['status']]).toEqual([good.text, 'deployed']);
      const update = await run(namespace, each.yaml);
      expectRefused(update, each);
      expect(Number(update.outputs['duration-seconds'])).toBeLessThanOrEqual(3);
      // And before it is merged.
      const preview = await run(namespace, each.yaml, { command: 'diff' });
      expectRefused(preview, each);
      expect(preview.summary).toContain(fatal(preview)[0]?.what);
    },
    120_000,
  );
});

interface Good {
  readonly labels?: readonly string[];
  readonly around?: string;
  readonly yaml: string;
  readonly inputs?: Inputs;
  /** What a warning or note says; none: nothing of the preflight is reported. */
  readonly warns?: RegExp;
}

const secure =
  'securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}';

/** One of each, with all that a restricted namespace asks for. */
function everyKind(tag: string): string {
  const pod = (more = '') =>
    `{${more}containers: [{name: app, image: "registry.example/app:${tag}", ${secure}}]}`;
  const template = (app: string) => `{metadata: {labels: {app: ${app}}}, spec: ${pod()}}`;
  const set = (kind: string, name: string, more: string) =>
    object(
      kind,
      name,
      `spec: {selector: {matchLabels: {app: ${name}}}, template: ${template(name)}${more}}\n`,
      'apps/v1',
    );
  const task = `{spec: ${pod('restartPolicy: Never, ')}}`;
  return together(
    set('Deployment', 'web', ''),
    set(
      'StatefulSet',
      'set',
      ', serviceName: set, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]',
    ),
    set('DaemonSet', 'agent', ''),
    object(
      'Job',
      `once-${tag}`,
      `spec: {completionMode: Indexed, completions: 2, template: ${task}}\n`,
      'batch/v1',
    ),
    object(
      'CronJob',
      'nightly',
      `spec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: ${task}}}}\n`,
      'batch/v1',
    ),
  );
}

const job = (phase: string) =>
  `apiVersion: batch/v1
kind: Job
metadata:
  name: secrets
  annotations: {webgen-deploy/phase: ${phase}}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: job, image: "registry.example/job:1"}]}
`;

const needsSecret = web({ container: 'envFrom: [{secretRef: {name: later}}]' });

/** Not refused, and nothing is written either: a preview says what the deploy would decide. */
const good: Readonly<Record<string, Good>> = {
  'an optional Secret': { yaml: web({ container: envOf('none', 'url', ', optional: true') }) },
  'a Secret and its key of the same run': {
    yaml: together(secret('mine'), web({ container: envOf('mine', 'url') })),
  },
  'a Secret of the input': {
    yaml: web({ container: envOf('given', 'url') }),
    inputs: { secrets: 'given/url=postgres' },
  },
  'a ServiceAccount of the same run': {
    yaml: together(object('ServiceAccount', 'own'), web({ spec: 'serviceAccountName: own' })),
  },
  'a PriorityClass of the same run': {
    yaml: together(
      object('PriorityClass', 'own', 'value: 10\n', 'scheduling.k8s.io/v1'),
      web({ spec: 'priorityClassName: own' }),
    ),
  },
  'a RuntimeClass of the same run': {
    yaml: together(
      object('RuntimeClass', 'own', 'handler: own\n', 'node.k8s.io/v1'),
      web({ spec: 'runtimeClassName: own' }),
    ),
  },
  'a LimitRange that the run raises': {
    around: limitRange('1'),
    yaml: together(
      limitRange('4'),
      web({ container: 'resources:\n  limits: {cpu: "2", memory: 64Mi}' }),
    ),
    warns: /this run changes LimitRange\/limits/,
  },
  'the Secret of a task of an earlier phase': {
    yaml: together(job('pre-deploy'), needsSecret),
    warns: /Job\/secrets of this run may make it/,
  },
  'a policy against bare pods': {
    labels: ['no-people=yes'],
    yaml: web(),
    warns: /policy no-people refuses its pods/,
  },
  'the claim of a StatefulSet of the run': {
    yaml: together(
      web({ spec: 'volumes:\n  - name: data\n    persistentVolumeClaim: {claimName: data-db-0}' }),
      `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.example/db:1"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`,
    ),
  },
  'a workload that is scaled to zero': {
    yaml: web({ container: 'envFrom: [{secretRef: {name: later}}]', replicas: 0 }),
    warns: /Secret\/later[\s\S]*it is scaled to zero/,
  },
  'what nobody waits for': {
    yaml: needsSecret,
    inputs: { wait: 'false' },
    warns: /the run does not wait for its pods/,
  },
  'a certificate that an Ingress asks for': {
    yaml: together(
      `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
spec:
  tls: [{hosts: [web.example], secretName: web-tls}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
`,
      web({ spec: 'volumes:\n  - name: tls\n    secret: {secretName: web-tls}' }),
    ),
    warns: /Ingress\/web of this run may make it/,
  },
};

describe('not refused', () => {
  test.each(Object.entries(good))(
    '%s',
    async (_, { labels, around, yaml, inputs, warns }) => {
      const namespace = await namespaceWith(labels, around);
      const result = await run(namespace, yaml, { ...inputs, command: 'diff' });
      expect([result.text, fatal(result)]).toEqual([result.text, []]);
      expect(result.code).toBe(0);
      const said = result.findings.filter(({ object: of }) => of === 'Deployment/web');
      if (warns) expect(JSON.stringify(said)).toMatch(warns);
      else expect(said).toEqual([]);
      expect(result.text).not.toContain('not checked before: the pods');
    },
    60_000,
  );

  test('every kind that makes pods, new and changed, under the strictest pod security', async () => {
    const namespace = await namespaceWith(['pod-security.kubernetes.io/enforce=restricted']);
    const fresh = await run(namespace, everyKind('1'), { command: 'diff' });
    expect([fresh.text, fresh.findings]).toEqual([fresh.text, []]);
    await site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], everyKind('1'));
    const first = `/api/v1/namespaces/${namespace}/pods/set-0`;
    await until({ what: 'its first pod', timeoutMs: 30_000 }, async () =>
      (await site.cluster.api({ path: first })).status === 200 ? true : undefined,
    );
    const changed = await run(namespace, everyKind('2'), { command: 'diff' });
    expect([changed.text, fatal(changed)]).toEqual([changed.text, []]);
    for (const each of [fresh, changed])
      expect(each.text).not.toMatch(/not checked before: (?!image )/);
    // They were tried, each as its controller makes it: as root they would not pass.
    const root = await run(
      namespace,
      everyKind('3').replaceAll('runAsNonRoot: true', 'runAsUser: 0'),
      {
        command: 'diff',
      },
    );
    expect(fatal(root).map(({ object: of }) => of)).toEqual([
      'Deployment/web',
      'StatefulSet/set',
      'DaemonSet/agent',
      'Job/once-3',
    ]);
    const warned = root.findings.filter(({ severity }) => severity === 'warning');
    expect(warned.map(({ object: of }) => of)).toContain('CronJob/nightly');
  }, 120_000);

  test('without the right to make pods it is said, and the rest is checked', async () => {
    const namespace = await namespaceWith();
    const { id, keyJson } = site.yandex.addServiceAccount();
    await site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], roleOf('view', id));
    const inputs = { 'yc-sa-json-credentials': keyJson, command: 'diff' };
    const yaml = web({
      spec: 'priorityClassName: urgent',
      container: 'envFrom: [{secretRef: {name: later}}]',
    });
    const result = await run(namespace, yaml, inputs);
    expect([result.text, fatal(result)]).toEqual([result.text, []]);
    for (const what of ['the pods of Deployment/web', 'Secrets that Deployment/web needs']) {
      expect(result.text).toContain(`not checked before: ${what}: `);
      expect(result.summary).toContain(what);
    }
    // The rights of a deploy say it all, in a preview too: no kind is there that may not be listed.
    await site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], roleOf('edit', id));
    const allowed = ['-n', namespace, 'auth', 'can-i', 'create', 'pods', `--as=${id}`];
    await until({ what: 'the role', timeoutMs: 30_000 }, () =>
      site.cluster.kubectl(allowed).then(
        () => true,
        () => undefined,
      ),
    );
    const asDeployer = await run(namespace, yaml, inputs);
    expect([asDeployer.text, fatal(asDeployer).map(({ code }) => code)]).toEqual([
      asDeployer.text,
      ['config-missing', 'config-missing'],
    ]);
  }, 60_000);

  test('custom objects that may make it: known kinds, unknown kinds, of the run or live', async () => {
    await site.cluster.kubectl(
      ['apply', '-f', '-'],
      definition('external-secrets.io', 'ExternalSecret'),
    );
    await site.cluster.kubectl(['apply', '-f', '-'], definition('example.com', 'Vault'));
    const custom = (group: string, kind: string) =>
      object(kind, 'any', 'spec: {}\n', `${group}/v1`);
    const external = custom('external-secrets.io', 'ExternalSecret');
    const own = await run(await namespaceWith(), together(external, needsSecret), {
      command: 'diff',
    });
    expect(fatal(own)).toEqual([]);
    expect(own.text).toContain('ExternalSecret/any of this run may make it');
    const namespace = await namespaceWith([], custom('example.com', 'Vault'));
    const live = await run(namespace, needsSecret, { command: 'diff' });
    expect(fatal(live)).toEqual([]);
    expect(live.text).toContain('Vault/any in the namespace may make it');
    // A kind alone makes nothing.
    const none = await run(await namespaceWith(), needsSecret, { command: 'diff' });
    expect(fatal(none)).toHaveLength(1);
  }, 60_000);

  test('a webhook that does not answer: its pods are left out, and it is said', async () => {
    const namespace = await namespaceWith(['away=yes']);
    await site.cluster.kubectl(['apply', '-f', '-'], webhook);
    const tried = () =>
      site.cluster.kubectl(['-n', namespace, 'run', 'x', '--image=x', '--dry-run=server']).then(
        () => undefined,
        (error) => /failed calling webhook/.test(String(error)) || undefined,
      );
    await until({ what: 'the webhook', timeoutMs: 30_000 }, tried);
    const result = await run(namespace, web(), { command: 'diff' });
    expect([result.text, fatal(result)]).toEqual([result.text, []]);
    expect(result.text).toContain('the webhook pods.example.com does not answer');
  }, 60_000);

  test('a rollback to what still has everything, and one to what has lost its Secret', async () => {
    const namespace = await namespaceWith([], secret('later'));
    for (const yaml of [needsSecret, web({ tag: '2' })]) {
      expect((await run(namespace, yaml)).outputs['status']).toBe('deployed');
    }
    await site.cluster.kubectl(['-n', namespace, 'delete', 'secret', 'later']);
    const refused = await run(namespace, '', { command: 'rollback', manifests: '' });
    expect(fatal(refused)).toMatchObject([{ code: 'config-missing', object: 'Deployment/web' }]);
    expect(refused.writes).toEqual([]);
    await site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], secret('later'));
    const back = await run(namespace, '', { command: 'rollback', manifests: '' });
    expect([back.text, back.outputs['status']]).toEqual([back.text, 'deployed']);
  }, 60_000);

  test('an unchanged workload that has lost its Secret, beside a change', async () => {
    const namespace = await namespaceWith([], secret('later'));
    const other = (value: string) => object('ConfigMap', 'other', `data: {a: "${value}"}\n`);
    const before = await run(namespace, together(other('1'), needsSecret));
    expect(before.outputs['status']).toBe('deployed');
    await site.cluster.kubectl(['-n', namespace, 'delete', 'secret', 'later']);
    const after = await run(namespace, together(other('2'), needsSecret));
    expect([after.text, after.outputs['status']]).toEqual([after.text, 'deployed']);
    expect(after.findings).toMatchObject([
      { code: 'config-missing', severity: 'warning', object: 'Deployment/web' },
    ]);
  }, 60_000);

  test('preflight: false leaves it all to the rollout', async () => {
    const result = await run(await namespaceWith(), needsSecret, {
      preflight: 'false',
      timeout: '5s',
    });
    expect(result.writes.length).toBeGreaterThan(0);
    expect(result.text).not.toContain('check what its pods need');
  }, 60_000);
});

const definition = (group: string, kind: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s, singular: ${kind.toLowerCase()}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;

/** Nobody answers it. */
const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: away}
webhooks:
  - name: pods.example.com
    sideEffects: None
    admissionReviewVersions: [v1]
    clientConfig: {url: "https://127.0.0.1:9/"}
    namespaceSelector: {matchLabels: {away: "yes"}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
`;

const roleOf = (role: string, user: string) => `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${role}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "${user}"}]
`;
