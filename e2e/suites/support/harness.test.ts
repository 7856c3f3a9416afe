// The test cluster, the emulator of Yandex Cloud and the stand-in for the runner hold what the
// other tests build on.
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../support/cluster/audit.ts';
import { startCluster, type TestCluster } from '../../support/cluster/cluster.ts';
import { startProcesses } from '../../support/cluster/processes.ts';
import { sharedCluster } from '../../support/cluster/shared.ts';
import { until } from '../../support/cluster/until.ts';
import { namespaceFor } from '../../support/site.ts';
import { startYandex, type Yandex } from '../../support/yandex/emulator.ts';
import { iamToken } from '../../support/yandex/exchange.ts';

let yandex: Yandex;
let cluster: TestCluster;

beforeAll(async () => {
  yandex = await startYandex();
  cluster = await startCluster({
    kind: 'kwok',
    yandexWebhookUrl: yandex.tokenReviewUrl,
    audit: true,
  });
}, 600_000);

afterAll(async () => {
  await cluster?.stop();
  await yandex?.stop();
});

describe('the simulated cluster', () => {
  test('runs a Deployment until it is ready', async () => {
    await cluster.kubectl(['create', 'deployment', 'web', '--image=example/web:1', '--replicas=3']);
    const text = await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=20s']);
    expect(text).toContain('successfully rolled out');
  }, 30_000);

  test('runs a Job to its end', async () => {
    await cluster.kubectl(['create', 'job', 'once', '--image=example/once:1']);
    const wait = ['wait', '--for=condition=complete', 'job/once', '--timeout=20s'];
    expect(await cluster.kubectl(wait)).toContain('condition met');
  }, 30_000);

  test('plays the failures that a pod template asks for', async () => {
    const pod = (kind: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: kind, annotations: { 'simulate/pod': kind } },
      spec: { containers: [{ name: 'app', image: 'example/gone:1' }] },
    });
    const path = '/api/v1/namespaces/default/pods';
    await cluster.api({ method: 'POST', path, body: pod('image-missing') });
    const reason = await until({ what: 'a reason to wait', timeoutMs: 10_000 }, async () => {
      const { body } = await cluster.api({ path: `${path}/image-missing` });
      return body.status.containerStatuses?.[0].state.waiting?.reason as string | undefined;
    });
    expect(reason).toBe('ImagePullBackOff');
  }, 20_000);

  test('records who asked what', async () => {
    const path = '/api/v1/namespaces/default/configmaps/nowhere';
    await cluster.api({ path });
    const seen = await until({ what: 'the record', timeoutMs: 5000 }, async () => {
      return (await cluster.audit()).find(({ requestURI }) => requestURI === path);
    });
    expect(seen).toMatchObject({ verb: 'get', user: { username: 'admin' } });
    expect(seen.responseStatus?.code).toBe(404);
  });

  test('survives its API server going away and coming back', async () => {
    await cluster.stopApiServer();
    await expect(cluster.api({ path: '/version' })).rejects.toThrow('ECONNREFUSED');
    await cluster.startApiServer();
    const { status } = await cluster.api({ path: '/apis/apps/v1/namespaces/default/deployments' });
    expect(status).toBe(200);
  }, 60_000);
});

describe('tokens of the emulator', () => {
  const path = '/api/v1/namespaces/kube-system/secrets';

  test('open the cluster as the service account, once it is bound to a role', async () => {
    const account = yandex.addServiceAccount();
    const token = await iamToken(yandex, account);
    const refused = await cluster.api({ path, token });
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain(`User "${account.id}"`);
    await cluster.grantAdmin(account.id);
    await until({ what: 'the binding', timeoutMs: 5000 }, async () => {
      return (await cluster.api({ path, token })).status === 200;
    });
  }, 20_000);

  test('that it never issued open nothing', async () => {
    expect((await cluster.api({ path, token: 't1.invented.token' })).status).toBe(401);
  });

  test('open nothing once they have expired', async () => {
    yandex.setTokenLifetime(0);
    const token = await iamToken(yandex, yandex.addServiceAccount());
    yandex.setTokenLifetime(3600);
    expect((await cluster.api({ path, token })).status).toBe(401);
  });
});

test('a file leaves the shared cluster as it was', async () => {
  const shared = await sharedCluster();
  const ns = namespaceFor('left');
  const [kept, label] = ['/api/v1/namespaces/default/configmaps/left', 'webgen/left'];
  await shared.kubectl(['create', 'namespace', ns]);
  await shared.kubectl(['-n', ns, 'create', 'deployment', 'web', '--image=example/web:1']);
  await shared.kubectl(['create', 'configmap', 'left']);
  await shared.kubectl(['create', 'clusterrole', 'left', '--verb=get', '--resource=pods']);
  await shared.kubectl(['label', 'node', '--all', `${label}=yes`]);
  await shared.kubectl(['cordon', 'sim-0']);
  await shared.kubectl(['apply', '-f', '-'], leftKind);
  const isMade = ({ requestURI, verb }: AuditEvent) => verb === 'create' && requestURI.includes(ns);
  await until({ what: 'the record' }, async () => (await shared.audit()).some(isMade));
  await shared.leave();
  const next = await sharedCluster();
  expect(next.server).toBe(shared.server);
  expect((await next.audit()).filter(isMade)).toEqual([]);
  for (const path of [
    kept,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/left',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lefts.example.org',
  ]) {
    expect([path, (await next.api({ path })).status]).toEqual([path, 404]);
  }
  const nodes = JSON.stringify((await next.api({ path: '/api/v1/nodes' })).body.items);
  expect(nodes).not.toContain(label);
  expect(nodes).not.toContain('"unschedulable":true');
  const { status, body } = await next.api({ path: `/api/v1/namespaces/${ns}` });
  expect([404, 'Terminating']).toContain(status === 404 ? status : body.status.phase);
}, 120_000);

const leftKind = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'lefts.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Left', plural: 'lefts' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
});

test('what only one may have is held until the other has cleaned up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-hold-'));
  const name = basename(folder);
  const trace = join(folder, 'trace');
  const [first, second] = ['a', 'b'].map((part) => startProcesses(join(folder, part), folder));
  await first?.hold(name);
  first?.runAfter(['/bin/sh', '-c', `sleep 0.5; echo cleaned >> ${trace}`]);
  const next = second?.hold(name).then(() => appendFile(trace, 'held\n'));
  await first?.endAll();
  await next;
  await second?.endAll();
  expect(await readFile(trace, 'utf8')).toBe('cleaned\nheld\n');
  await rm(folder, { recursive: true });
});

test('nothing is left of a cluster that was stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-harness-'));
  const script = join(folder, 'orphan.ts');
  const source = join(import.meta.dirname, '..', '..', 'support', 'cluster');
  await writeFile(
    script,
    `import { startCluster } from '${source}/cluster.ts';
     const cluster = await startCluster({ kind: 'kwok', nodes: 1 });
     console.log(cluster.logs);
     process.kill(process.pid, 'SIGKILL');`,
  );
  const { exec } = await import('../../support/cluster/exec.ts');
  const { code, stdout } = await exec(process.execPath, [script]);
  expect(code).toBe(-1);
  const home = join(stdout.trim(), '..');
  await until({ what: 'its folder being gone', timeoutMs: 20_000 }, async () => {
    return readdir(home).then(
      () => false,
      () => true,
    );
  });
  const commands = await exec('ps', ['-eo', 'args']);
  expect(commands.stdout).not.toContain(home);
  await rm(folder, { recursive: true });
}, 60_000);
