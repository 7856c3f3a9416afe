// Quotas, images, and objects that cannot be together: refused before the first write; what is doubtful is not.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revisionHashes } from '../../../src/preflight/revision-hash.ts';
import { until } from '../../support/cluster/until.ts';
import { makeImage } from '../../support/images/image.ts';
import { pushImage } from '../../support/images/push.ts';
import {
  registryPassword,
  registryUnavailable,
  registryUser,
  startTestRegistry,
  type TestRegistry,
} from '../../support/images/test-registry.ts';
import { openSite, type Run, type Site } from '../../support/site.ts';

let site: Site;
let registry: TestRegistry;
/** Answers every request with 429. */
let limited: Server;

const unavailable = await registryUnavailable();
const withRegistry = unavailable === undefined ? test : test.skip;

beforeAll(async () => {
  site = await openSite('kwok', { audit: true });
  limited = createServer((_, response) => response.writeHead(429).end('{}'));
  await new Promise<void>((done) => limited.listen(0, '127.0.0.1', done));
  if (unavailable !== undefined) return;
  registry = await startTestRegistry();
  const image = makeImage({ program: Buffer.from('#!') });
  await pushImage(registry.address, { repository: 'shop/web', tag: '1' }, image);
}, 900_000);

afterAll(async () => {
  limited?.close();
  await registry?.stop();
  await site?.stop();
});

const web = (image: string, more = '', name = 'web') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 1
${more}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - name: app
          image: ${image}
`;

const plain = 'registry.example/app:1';

const quota = (hard: string) =>
  `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small}\nspec: {hard: ${hard}}\n`;

let made = 0;

async function namespaceWith(around = ''): Promise<string> {
  made += 1;
  const name = `set-${process.pid}-${made}`;
  await site.cluster.kubectl(['create', 'namespace', name]);
  if (around) await site.cluster.kubectl(['-n', name, 'apply', '-f', '-'], around);
  return name;
}

interface Said {
  readonly code: string;
  readonly severity: string;
  readonly object?: string;
  readonly line?: number;
  readonly what: string;
  readonly evidence: readonly string[];
  readonly hint: string;
}

interface Watched extends Run {
  readonly findings: readonly Said[];
  readonly writes: readonly string[];
}

async function run(
  namespace: string,
  yaml: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Watched> {
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
    .filter((each) => each.includes(namespace))
    .filter((each) => !/[?&]dryRun=All|\/leases\b|\/selfsubject/.test(each));
  return { ...result, findings: JSON.parse(result.outputs['findings'] || '[]'), writes };
}

const fatal = ({ findings }: Watched) => findings.filter(({ severity }) => severity === 'fatal');
const of = (code: string, { findings }: Watched) => findings.filter((each) => each.code === code);

interface Broken {
  readonly around?: string;
  readonly yaml: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly code: string;
  readonly at: RegExp;
  readonly says: RegExp;
  /** It is refused on top of this version, which runs. */
  readonly good?: string;
  /** The same once more on top of this one. */
  readonly update?: string;
}

async function expectRefused(each: Broken): Promise<void> {
  const namespace = await namespaceWith();
  const check = (result: Watched) => {
    expect([result.text, fatal(result).map(({ code }) => code)]).toEqual([
      result.text,
      [each.code],
    ]);
    const [first] = fatal(result);
    expect(each.yaml.split('\n')[(first?.line ?? 0) - 1]).toMatch(each.at);
    expect(JSON.stringify(first)).toMatch(each.says);
    expect(result.writes).toEqual([]);
    expect(Number(result.outputs['duration-seconds'])).toBeLessThanOrEqual(3);
  };
  const around = () =>
    each.around
      ? site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], each.around)
      : undefined;
  if (each.good === undefined) await around();
  else {
    const first = await run(namespace, each.good, each.inputs);
    expect([first.text, first.outputs['status']]).toEqual([first.text, 'deployed']);
    await around();
  }
  check(await run(namespace, each.yaml, each.inputs));
  check(await run(namespace, each.yaml, { ...each.inputs, command: 'diff' }));
}

const service = (name: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec:\n  type: NodePort\n  selector: {app: ${name}}\n  ports: [{port: 80, nodePort: ${nodePort}}]\n`;
/** Of this file's own. */
const nodePort = 31_777;

const set = (name: string) => `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: ${name}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "${plain}"}]}
`;

const broken: Readonly<Record<string, Broken>> = {
  'a quota of no pods': {
    around: quota('{pods: "0"}'),
    update: web('registry.example/app:0'),
    yaml: web(plain),
    code: 'quota-exceeded',
    at: /name: app|image|containers/,
    says: /pods: one pod takes 1 of 0/,
  },
  'a quota that the replicas together exceed': {
    around: quota('{pods: "3"}'),
    yaml: web(plain).replace('replicas: 1', 'replicas: 4'),
    code: 'quota-exceeded',
    at: /name: app|image|containers/,
    says: /pods: the pods of this run take 4 of 3/,
  },
  'a quota that the older pods hold': {
    good: web(plain),
    around: quota('{pods: "1"}'),
    yaml: web('registry.example/app:2'),
    code: 'quota-exceeded',
    at: /name: app|image|containers/,
    says: /older pods and the first new one take 2 of 1[\s\S]*maxSurge: 0/,
  },
  'a quota that wants limits': {
    around: quota('{limits.memory: 1Gi}'),
    yaml: web(plain),
    code: 'quota-exceeded',
    at: /name: app|image|containers/,
    says: /must specify limits.memory/,
  },
  // Where the first is live already, the dry run itself says that the port is taken.
  'a node port twice': {
    yaml: `${service('first')}---\n${service('second')}`,
    code: 'manifest-invalid',
    at: /nodePort/,
    says: /31777\/TCP is taken[\s\S]*Service\/first \(app.yaml:7\)/,
  },
  'the name of a StatefulSet': {
    yaml: set('orders-europe-west-production-application-controller-db'),
    code: 'manifest-invalid',
    at: /name: orders/,
    says: /55 characters[\s\S]*at most 52/,
  },
};

describe('refused before anything is written, in three seconds', () => {
  test.each(Object.entries(broken))(
    '%s',
    async (_, each) => {
      await expectRefused(each);
      if (each.update === undefined) return;
      await expectRefused({ ...each, good: each.update });
    },
    120_000,
  );

  withRegistry('an image that is absent, on a first deploy and on an update', async () => {
    const { address } = registry;
    const inputs = { registry: `${address}/shop` };
    const absent = {
      yaml: web(`${address}/shop/web:2`),
      code: 'image-not-found',
      at: /image:/,
      inputs,
    };
    const says = /shop\/web:2 of container app is not in the registry/;
    await expectRefused({ ...absent, says });
    await expectRefused({ ...absent, says, good: web(`${address}/shop/web:1`) });
  });
});

test('the hash of a revision is the one that the controller makes', async () => {
  const namespace = await namespaceWith(set('db').replace('image: "', 'args: ["<a&b>"], image: "'));
  const live = await until({ what: 'its revision', timeoutMs: 30_000 }, async () => {
    const text = await site.cluster.kubectl(['-n', namespace, 'get', 'sts', 'db', '-o', 'json']);
    const object = JSON.parse(text);
    return object.status.updateRevision ? object : undefined;
  });
  expect(revisionHashes(live).map((hash) => `db-${hash.length}`)).toContain(
    `db-${live.status.updateRevision.slice(3).length}`,
  );
  expect(revisionHashes(live).map(safeEncoded)).toContain(live.status.updateRevision.slice(3));
});

/** The controller writes digits in letters that make no words (apimachinery's rand.SafeEncodeString). */
const safeEncoded = (digits: string) =>
  [...digits].map((each) => 'bcdfghjklmnpqrstvwxz2456789'[each.charCodeAt(0) % 27]).join('');

describe('not refused', () => {
  const untouched = async (yaml: string, inputs = {}, namespace?: string): Promise<Watched> => {
    const result = await run(namespace ?? (await namespaceWith()), yaml, {
      command: 'diff',
      ...inputs,
    });
    expect([result.text, fatal(result)]).toEqual([result.text, []]);
    expect(result.writes).toEqual([]);
    return result;
  };

  test('a full quota that older pods free', async () => {
    const namespace = await namespaceWith();
    await run(namespace, web(plain, '  strategy: {type: Recreate}\n'));
    await site.cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], quota('{pods: "1"}'));
    const next = web('registry.example/app:2', '  strategy: {type: Recreate}\n');
    const result = await run(namespace, next);
    expect([result.text, result.outputs['status']]).toEqual([result.text, 'deployed']);
  });

  test('a full quota of pods that may end by themselves', async () => {
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {containers: [{name: a, image: "${plain}"}]}\n`;
    const namespace = await namespaceWith(`${quota('{pods: "1"}')}---\n${pod}`);
    await untouched(web(plain), {}, namespace);
  });

  test('a quota of another namespace, or one that the run raises', async () => {
    const namespace = await namespaceWith(quota('{pods: "0"}'));
    const raised = await untouched(`${quota('{pods: "5"}')}---\n${web(plain)}`, {}, namespace);
    expect(of('quota-exceeded', raised)).toMatchObject([{ severity: 'note' }]);
  });

  withRegistry('an image of a registry that is down', async () => {
    const down = await startTestRegistry();
    await down.stop();
    const result = await untouched(web(`${down.address}/shop/web:1`), {
      registry: `${down.address}/shop`,
    });
    expect(result.text).toContain('not checked');
  });

  withRegistry(
    'an image of a registry that wants a login, and with the pod’s it is found',
    async () => {
      const locked = await startTestRegistry();
      try {
        const image = makeImage({ program: Buffer.from('#!') });
        await pushImage(locked.address, { repository: 'shop/web', tag: '1' }, image);
        await locked.restart({ login: true });
        const inputs = { registry: `${locked.address}/shop` };
        const secretly = await untouched(web(`${locked.address}/shop/web:9`), inputs);
        expect(secretly.text).toContain('not checked');
        const auth = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
        const config = JSON.stringify({ auths: { [locked.address]: { auth } } });
        const pull = `apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '${config}'}\n`;
        const named = (tag: string) =>
          web(`${locked.address}/shop/web:${tag}`).replace(
            '    spec:\n      containers',
            '    spec:\n      imagePullSecrets: [{name: pull}]\n      containers',
          );
        const namespace = await namespaceWith(pull);
        expect((await untouched(named('1'), inputs, namespace)).text).not.toContain('not checked');
        const missing = await run(namespace, named('9'), { ...inputs, command: 'diff' });
        expect(fatal(missing)).toMatchObject([{ code: 'image-not-found' }]);
        // In a mask's command alone.
        const shown = missing.text.replaceAll(/^::add-mask::.*$/gm, '');
        expect(shown).not.toContain(registryPassword);
        expect(shown).not.toContain(auth);
      } finally {
        await locked.stop();
      }
    },
  );

  test('an image of a registry that limits its requests', async () => {
    const host = `127.0.0.1:${(limited.address() as AddressInfo).port}`;
    const result = await untouched(web(`${host}/shop/web:1`), { registry: `${host}/shop` });
    expect(result.text).toContain('not checked');
  });

  withRegistry('an image that a node has already, unless the kubelet asks always', async () => {
    const image = `${registry.address}/shop/web:preloaded`;
    const inputs = { registry: `${registry.address}/shop` };
    const nodes = JSON.parse(await site.cluster.kubectl(['get', 'nodes', '-o', 'json']));
    const [{ metadata }] = nodes.items;
    const status = { status: { images: [{ names: [image], sizeBytes: 1 }] } };
    const patch = (body: object) =>
      site.cluster.kubectl([
        'patch',
        'node',
        metadata.name,
        '--subresource=status',
        '-p',
        JSON.stringify(body),
      ]);
    await patch(status);
    try {
      const result = await untouched(web(image), inputs);
      expect(of('image-not-found', result)).toMatchObject([{ severity: 'note' }]);
      const always = web(image).trimEnd().concat('\n          imagePullPolicy: Always\n');
      const asked = await run(await namespaceWith(), always, { ...inputs, command: 'diff' });
      expect(fatal(asked)).toMatchObject([{ code: 'image-not-found' }]);
      const never = web(image).trimEnd().concat('\n          imagePullPolicy: Never\n');
      expect(of('image-not-found', await untouched(never, inputs))).toEqual([]);
    } finally {
      await patch({ status: { images: [] } });
    }
  });

  withRegistry('a workload that stays, whose tag has expired, beside a hotfix', async () => {
    const { address } = registry;
    const image = makeImage({ program: Buffer.from('#!') });
    await pushImage(address, { repository: 'shop/old', tag: '1' }, image);
    const inputs = { registry: `${address}/shop` };
    const both = (tag: string) =>
      `${web(`${address}/shop/old:1`, '', 'old')}---\n${web(`${address}/shop/web:${tag}`)}`;
    const namespace = await namespaceWith();
    const first = await run(namespace, both('1'), inputs);
    expect([first.text, first.outputs['status']]).toEqual([first.text, 'deployed']);
    await fetch(`http://${address}/v2/shop/old/manifests/${image.manifest.digest}`, {
      method: 'DELETE',
    });
    await pushImage(address, { repository: 'shop/web', tag: 'hotfix' }, image);
    const result = await run(namespace, both('hotfix'), inputs);
    expect([result.text, result.outputs['status']]).toEqual([result.text, 'deployed']);
  });

  withRegistry('an image without a variant for the nodes that there are', async () => {
    const { address } = registry;
    const manifest = makeImage({ program: Buffer.from('#!') }).manifest;
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          digest: manifest.digest,
          size: manifest.data.length,
          platform: { os: 'linux', architecture: 's390x' },
        },
      ],
    };
    const put = await fetch(`http://${address}/v2/shop/web/manifests/s390x`, {
      method: 'PUT',
      headers: { 'content-type': index.mediaType },
      body: JSON.stringify(index),
    });
    expect(put.status).toBe(201);
    const result = await untouched(web(`${address}/shop/web:s390x`), {
      registry: `${address}/shop`,
    });
    expect(of('image-not-found', result)).toMatchObject([
      { severity: 'warning', evidence: expect.arrayContaining(['it has linux/s390x']) },
    ]);
  });

  test('an image of a host that only the nodes see is not asked for', async () => {
    const result = await untouched(web('mirror.internal:5000/app:1'));
    expect(of('image-not-found', result)).toEqual([]);
  });
});

describe('said', () => {
  test('hooks of Helm: those of a test or a deletion are not applied', async () => {
    const hook = (name: string, when: string) => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: {helm.sh/hook: "${when}"}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: job, image: "${plain}"}]}
`;
    const namespace = await namespaceWith();
    const yaml = [
      web(plain),
      hook('cleanup', 'pre-delete'),
      hook('check', 'test'),
      hook('migrate', 'pre-upgrade'),
    ].join('---\n');
    const preview = await run(namespace, yaml, { command: 'diff' });
    expect(of('helm-hook', preview)).toHaveLength(3);
    const result = await run(namespace, yaml);
    expect([result.text, result.outputs['status']]).toEqual([result.text, 'deployed']);
    const jobs = await site.cluster.kubectl(['-n', namespace, 'get', 'jobs', '-o', 'name']);
    expect(jobs.trim()).toBe('job.batch/migrate');
  });

  test('an owner that does not exist: the object is applied without it, and stays', async () => {
    const namespace = await namespaceWith();
    const map = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  ownerReferences:
    - {apiVersion: apps/v1, kind: Deployment, name: operator, uid: 11111111-2222-3333-4444-555555555555, controller: true}
data: {mode: fast}
`;
    const result = await run(namespace, map);
    expect(result.outputs['status']).toBe('deployed');
    expect(result.findings).toMatchObject([
      { severity: 'warning', line: 6, what: expect.stringContaining('Deployment/operator') },
    ]);
    const live = JSON.parse(
      await site.cluster.kubectl(['-n', namespace, 'get', 'cm', 'settings', '-o', 'json']),
    );
    expect(live.metadata.ownerReferences).toBeUndefined();
    const again = await run(namespace, map);
    expect(again.outputs['status']).toBe('unchanged');
  });

  test('warnings of the cluster, at their line', async () => {
    const limit = web(plain).trimEnd().concat('\n          resources: {limits: {memory: 512m}}\n');
    const result = await run(await namespaceWith(), limit, { command: 'diff' });
    expect(of('api-warning', result)).toMatchObject([
      { severity: 'warning', line: 13, hint: expect.stringContaining('512Mi') },
    ]);
  });
});
