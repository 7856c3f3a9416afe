// What heals by itself on a real kubelet is a warning at most, and the deploy succeeds.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { nodeUnavailable } from '../cluster/node-packages.ts';
import { pushApp } from '../images/app-image.ts';
import { openSite, type Site } from '../site.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;
const labels = { app: 'api' };
const readinessProbe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 };

function workload(container: object, more: object = {}) {
  const spec = { containers: [{ name: 'app', ...container }], ...more };
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  });
}

onNode(`heals on a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite('node');
  }, 900_000);

  afterAll(() => site?.stop());

  async function deploy(namespace: string, manifest: string, meanwhile = async () => {}) {
    await site.cluster.kubectl(['create', 'namespace', namespace]);
    const workspace = await site.workspace({ 'app.yaml': manifest });
    const running = await site.start(
      { namespace, manifests: 'app.yaml', timeout: '3m' },
      { workspace },
    );
    await meanwhile();
    const result = await running.finished;
    await result.cleanUp();
    return result;
  }

  const push = (repository: string) => pushApp(`${site.cluster.registry}`, { repository });

  test('a registry that answers 503 twice and then the image', async () => {
    const { reference } = await push('shop/flaky');
    const failures = { repository: 'shop/flaky', times: 2, answer: 503 } as const;
    site.cluster.registryProxy?.failPulls(failures);
    const result = await deploy('flaky', workload({ image: reference, readinessProbe }));
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(site.cluster.registryProxy?.pulls.filter(({ status }) => status === 503)).toHaveLength(
      2,
    );
    expect(result.stdout).toContain('image-pull-failed');
  }, 240_000);

  test('a Secret that comes six seconds late', async () => {
    const { reference } = await push('shop/late');
    const env = [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'PASSWORD' } } }];
    const result = await deploy(
      'late',
      workload({ image: reference, env, readinessProbe }),
      async () => {
        await new Promise((done) => setTimeout(done, 7000));
        const literal = '--from-literal=PASSWORD=x';
        await site.cluster.kubectl(['create', 'secret', 'generic', 'db', '-n', 'late', literal]);
      },
    );
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(result.stdout).toContain('config-missing');
  }, 240_000);

  test('a container that crashes once', async () => {
    const { reference } = await push('shop/once');
    const volumes = { volumes: [{ name: 'state', emptyDir: {} }] };
    const volumeMounts = [{ name: 'state', mountPath: '/state' }];
    const args = ['crash-once'];
    const container = { image: reference, args, volumeMounts, readinessProbe };
    const result = await deploy('once', workload(container, volumes));
    expect(result.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    const path = '/api/v1/namespaces/once/pods';
    const { body } = await site.cluster.api({ path });
    expect(body.items[0].status.containerStatuses[0].restartCount).toBe(1);
  }, 240_000);
});
