// What heals by itself on a real kubelet is a warning at most, and the deploy succeeds.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { until } from '../../support/cluster/until.ts';
import { pushApp } from '../../support/images/app-image.ts';
import { type OwnSite, openSite } from '../../support/site.ts';
import * as sights from '../../support/witness.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;
const labels = { app: 'api' };
const readinessProbe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 };

function workload(container: object, more: object = {}, rollout: object = {}) {
  const spec = { containers: [{ name: 'app', ...container }], ...more };
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
      ...rollout,
    },
  });
}

onNode(`heals on a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let site: OwnSite;

  /** They wait most of their time, so these four wait together. */
  let flaky: ReturnType<typeof deploy>;
  let late: ReturnType<typeof deploy>;
  let once: ReturnType<typeof deploy>;
  let full: ReturnType<typeof updateFull>;

  beforeAll(async () => {
    site = await openSite('node');
    flaky = deployFlaky();
    late = deployLate();
    once = deployOnce();
    full = updateFull();
    for (const each of [flaky, late, once, full]) each.catch(() => undefined);
  }, 900_000);

  afterAll(() => site?.stop());

  async function deploy(namespace: string, manifest: string, meanwhile = async () => {}) {
    await site.cluster.kubectl(['create', 'namespace', namespace]);
    const workspace = await site.workspace({ 'app.yaml': manifest });
    const running = await site.start(
      // Some of it heals only because it was begun.
      { namespace, manifests: 'app.yaml', timeout: '3m', preflight: 'false' },
      { workspace },
    );
    await meanwhile();
    const result = await running.finished;
    await result.cleanUp();
    return result;
  }

  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

  /** The trouble is there: from now on it may heal. */
  async function isSeen(namespace: string, trouble: sights.Sight): Promise<void> {
    const witness = sights.watchNamespace(site.cluster, namespace, { trouble });
    const what = `the trouble in ${namespace}`;
    await until({ what, timeoutMs: 90_000 }, async () => witness.seen.has('trouble'));
    await witness.stop();
  }

  const push = (repository: string) => pushApp(`${site.cluster.registry}`, { repository });

  async function deployFlaky() {
    const { reference } = await push('shop/flaky');
    const failures = { repository: 'shop/flaky', times: 2, answer: 503 } as const;
    site.cluster.registryProxy?.failPulls(failures);
    return deploy('flaky', workload({ image: reference, readinessProbe }));
  }

  test('a registry that answers 503 twice and then the image', async () => {
    const result = await flaky;
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(site.cluster.registryProxy?.pulls.filter(({ status }) => status === 503)).toHaveLength(
      2,
    );
    expect(result.stdout).toContain('image-pull-failed');
  }, 240_000);

  async function deployLate() {
    const { reference } = await push('shop/late');
    const env = [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'PASSWORD' } } }];
    return deploy('late', workload({ image: reference, env, readinessProbe }), async () => {
      await isSeen('late', sights.waits(/CreateContainerConfigError/));
      await pause(6000);
      const literal = '--from-literal=PASSWORD=x';
      await site.cluster.kubectl(['create', 'secret', 'generic', 'db', '-n', 'late', literal]);
    });
  }

  test('a Secret that comes six seconds late', async () => {
    const result = await late;
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(result.stdout).toContain('config-missing');
  }, 240_000);

  async function deployOnce() {
    const { reference } = await push('shop/once');
    const volumes = { volumes: [{ name: 'state', emptyDir: {} }] };
    const volumeMounts = [{ name: 'state', mountPath: '/state' }];
    const args = ['crash-once'];
    const container = { image: reference, args, volumeMounts, readinessProbe };
    return deploy('once', workload(container, volumes));
  }

  test('a container that crashes once', async () => {
    const result = await once;
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    const path = '/api/v1/namespaces/once/pods';
    const { body } = await site.cluster.api({ path });
    expect(body.items[0].status.containerStatuses[0].restartCount).toBe(1);
  }, 240_000);

  const state = { volumes: [{ name: 'state', emptyDir: {} }] };
  const volumeMounts = [{ name: 'state', mountPath: '/state' }];
  const probe = (more: object) => ({ ...readinessProbe, ...more });

  async function healed(namespace: string, manifest: string, meanwhile?: () => Promise<void>) {
    const { outputs, stdout } = await deploy(namespace, manifest, meanwhile);
    return { namespace, status: outputs['status'], code: outputs['error-code'], stdout };
  }

  test('seven more, side by side', async () => {
    const { reference: image } = await push('shop/many');
    const limited = await push('shop/limited');
    const headers = { 'retry-after': '1' };
    const refusal = { repository: 'shop/limited', times: 2, answer: 429, headers } as const;
    site.cluster.registryProxy?.failPulls(refusal);
    const fails = { name: 'prepare', image, args: ['fail-once'], volumeMounts };
    const settings = { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] };
    const container = { name: 'app', image, args: ['fail-once'], volumeMounts };
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job' },
      spec: {
        template: { spec: { restartPolicy: 'OnFailure', containers: [container], ...state } },
      },
    };
    const results = await Promise.all([
      healed(
        'slow',
        workload({
          image,
          args: ['serve', '-after=8s'],
          startupProbe: probe({ failureThreshold: 30 }),
          readinessProbe,
        }),
      ),
      healed(
        'sick',
        workload(
          {
            image,
            args: ['sick-once'],
            volumeMounts,
            livenessProbe: probe({ failureThreshold: 3 }),
            readinessProbe,
          },
          { ...state, terminationGracePeriodSeconds: 1 },
        ),
      ),
      healed('limited', workload({ image: limited.reference, readinessProbe })),
      healed(
        'flapping',
        workload(
          { image, args: ['serve', '-flaps=2'], readinessProbe: probe({ failureThreshold: 1 }) },
          {},
          { minReadySeconds: 5 },
        ),
      ),
      healed(
        'mount',
        workload(
          { image, volumeMounts: [{ name: 'settings', mountPath: '/settings' }], readinessProbe },
          settings,
        ),
        async () => {
          await isSeen('mount', sights.happened('FailedMount', /not found/));
          await pause(3000);
          const literal = '--from-literal=A=1';
          await site.cluster.kubectl(['create', 'configmap', 'settings', '-n', 'mount', literal]);
        },
      ),
      healed('init', workload({ image, readinessProbe }, { ...state, initContainers: [fails] })),
      healed('job', stringify(job)),
    ]);
    for (const { namespace, status, code } of results) {
      expect({ namespace, status, code }).toEqual({ namespace, status: 'deployed', code: '' });
    }
    const told = (name: string) => results.find(({ namespace }) => namespace === name)?.stdout;
    expect(told('sick')).toContain('probe-failing');
    // containerd itself tries again after a 429.
    const refused = site.cluster.registryProxy?.pulls.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(2);
    expect(told('mount')).toContain('config-missing');
    expect(told('init')).toContain('crash-loop');
  }, 300_000);

  async function updateFull() {
    const { reference: image } = await push('shop/full');
    const lifecycle = { preStop: { sleep: { seconds: 25 } } };
    const rollout = {
      replicas: 2,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    };
    const version = (value: string) =>
      workload(
        { image, lifecycle, readinessProbe, env: [{ name: 'VERSION', value }] },
        { terminationGracePeriodSeconds: 40 },
        rollout,
      );
    await site.cluster.kubectl(['create', 'namespace', 'full']);
    await site.cluster.kubectl(['create', 'quota', 'team', '--hard=pods=2', '-n', 'full']);
    const run = async (value: string) => {
      const workspace = await site.workspace({ 'app.yaml': version(value) });
      return site.run({ namespace: 'full', manifests: 'app.yaml', timeout: '5m' }, { workspace });
    };
    return [await run('1'), await run('2')] as const;
  }

  test('an update with surge under a full quota, whose older pods leave late', async () => {
    const [first, update] = await full;
    expect(first.outputs).toMatchObject({ status: 'deployed' });
    expect(update.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(update.stdout).toContain('quota-exceeded');
  }, 400_000);

  test('a node that is cordoned for a while', async () => {
    const { reference: image } = await push('shop/cordoned');
    const { body } = await site.cluster.api({ path: '/api/v1/nodes' });
    const node = String(body.items[0].metadata.name);
    await site.cluster.kubectl(['cordon', node]);
    const result = await deploy('cordoned', workload({ image, readinessProbe }), async () => {
      await isSeen('cordoned', sights.unschedulable);
      await pause(3000);
      await site.cluster.kubectl(['uncordon', node]);
    });
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(result.stdout).toContain('unschedulable');
  }, 120_000);
});
