// A broken release on a real kubelet: nobody notices, and everything is as it was.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { pushApp } from '../../support/images/app-image.ts';
import { expectSame, pictureOf } from '../../support/picture.ts';
import { type OwnSite, openSite, type Run } from '../../support/site.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;

const readinessProbe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 };

function workload(kind: 'Deployment' | 'StatefulSet', image: string, level = 'old'): string {
  const labels = { app: 'api' };
  const envFrom = [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'key' } }];
  const spec = {
    replicas: 2,
    selector: { matchLabels: labels },
    ...(kind === 'Deployment'
      ? { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }
      : { serviceName: 'api' }),
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'app', image, envFrom, readinessProbe }],
      },
    },
  };
  const documents = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { level } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { word: level } },
    { apiVersion: 'apps/v1', kind, metadata: { name: 'api' }, spec },
  ];
  return documents.map((each) => stringify(each)).join('---\n');
}

onNode(`the undo on a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let site: OwnSite;
  let image: string;

  beforeAll(async () => {
    site = await openSite('node');
    image = (await pushApp(`${site.cluster.registry}`, { repository: 'shop/undo' })).reference;
  }, 900_000);

  afterAll(() => site?.stop());

  const missing = () => image.replace(/[@:][^/]*$/, ':not-there');

  async function deploy(namespace: string, manifest: string): Promise<Run> {
    const workspace = await site.workspace({ 'app.yaml': manifest });
    return site.run(
      { namespace, manifests: 'app.yaml', app: 'shop', timeout: '2m' },
      { workspace },
    );
  }

  async function report(run: Run) {
    return JSON.parse(await readFile(`${run.outputs['report-path']}`, 'utf8'));
  }

  /** The fewest ready pods at any moment, looked at ten times a second. */
  function fewestReady(namespace: string) {
    let fewest = Number.POSITIVE_INFINITY;
    let running = true;
    const done = (async () => {
      while (running) {
        const { body } = await site.cluster.api({ path: `/api/v1/namespaces/${namespace}/pods` });
        const ready = body.items.filter(
          (pod: { status: { conditions?: { type: string; status: string }[] } }) =>
            pod.status.conditions?.some(
              ({ type, status }) => type === 'Ready' && status === 'True',
            ),
        );
        fewest = Math.min(fewest, ready.length);
        await new Promise((wake) => setTimeout(wake, 100));
      }
    })();
    return async () => {
      running = false;
      await done;
      return fewest;
    };
  }

  async function broken(namespace: string, kind: 'Deployment' | 'StatefulSet') {
    const before = await pictureOf(site.cluster, namespace);
    const witness = fewestReady(namespace);
    const run = await deploy(namespace, workload(kind, missing(), 'new'));
    const fewest = await witness();
    expect(run.outputs).toMatchObject({ status: 'rolled-back', 'error-code': 'image-not-found' });
    expectSame(before, await pictureOf(site.cluster, namespace));
    return { run, fewest, seconds: (await report(run)).undone.seconds as number };
  }

  test('what kubectl made, then a good release: two broken ones leave both as they were', async () => {
    const ns = 'web';
    await site.cluster.kubectl(['create', 'namespace', ns]);
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], workload('Deployment', image));
    await site.cluster.kubectl(['-n', ns, 'rollout', 'status', 'deployment/api']);
    const first = await broken(ns, 'Deployment');
    expect(first.fewest).toBe(2);
    const good = await deploy(ns, workload('Deployment', image, 'newer'));
    expect(good.outputs['status']).toBe('deployed');
    const [own] = (await report(good)).workloads as { seconds: number }[];
    process.stderr.write(`rollout ${own?.seconds} s, undo ${first.seconds} s\n`);
    expect(first.seconds).toBeLessThanOrEqual(1.5 * (own?.seconds ?? 0));
  }, 180_000);

  test('a stuck StatefulSet is healed', async () => {
    const ns = 'set';
    await site.cluster.kubectl(['create', 'namespace', ns]);
    const good = await deploy(ns, workload('StatefulSet', image));
    expect(good.outputs['status']).toBe('deployed');
    const { seconds, run } = await broken(ns, 'StatefulSet');
    expect(run.text).toContain('of the failed release was not ready: replaced');
    const [own] = (await report(good)).workloads as { seconds: number }[];
    process.stderr.write(`set: rollout ${own?.seconds} s, undo ${seconds} s\n`);
  }, 180_000);
});
