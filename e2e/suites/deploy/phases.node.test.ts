// A first install on a real kubelet: the migration needs a database that takes its time.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { pushApp } from '../../support/images/app-image.ts';
import { type OwnSite, openSite } from '../../support/site.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;

// Pods of the test node have no DNS; the address is of the cluster's service range.
const address = '10.96.77.1';
const phase = (name: string) => ({ 'webgen-deploy/phase': name });
const url = `-url=http://${address}:8080/health`;
const probe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 };

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'db' },
  spec: { clusterIP: address, selector: { app: 'db' }, ports: [{ port: 8080 }] },
};

function workload(kind: string, name: string, annotations: object, container: object) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, annotations },
    spec: {
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', readinessProbe: probe, ...container }] },
      },
    },
  };
}

const migration = (image: string) => ({
  restartPolicy: 'Never',
  containers: [{ name: 'app', image, args: ['get', url] }],
});

function job(image: string) {
  const metadata = { name: 'migrate', annotations: phase('pre-deploy') };
  const spec = { backoffLimit: 0, template: { spec: migration(image) } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec };
}

function pod(image: string) {
  const metadata = { name: 'seed', annotations: phase('pre-deploy') };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: migration(image) };
}

onNode(`phases on a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let site: OwnSite;

  beforeAll(async () => {
    site = await openSite('node');
  }, 900_000);

  afterAll(() => site?.stop());

  async function deploy(tag: string) {
    const { reference } = await pushApp(`${site.cluster.registry}`, { repository: 'shop', tag });
    const objects = [
      workload('Deployment', 'web', {}, { image: reference }),
      job(reference),
      pod(reference),
      workload('StatefulSet', 'db', phase('base'), {
        image: `${site.cluster.registry}/shop:1`,
        args: ['serve', '-after=3s'],
      }),
      service,
    ];
    const manifest = objects.map((each) => stringify(each)).join('---\n');
    const workspace = await site.workspace({ 'app.yaml': manifest });
    const inputs = { namespace: 'phases', 'create-namespace': 'true', manifests: 'app.yaml' };
    return site.run({ ...inputs, timeout: '2m' }, { workspace });
  }

  const changes = (text = '') =>
    Object.fromEntries(
      (JSON.parse(text) as { object: string; change: string }[]).map((each) => [
        each.object,
        each.change,
      ]),
    );

  test('the first install works, and so does the next with another migration', async () => {
    const first = await deploy('1');
    expect(first.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    const again = await deploy('1');
    expect(again.outputs).toMatchObject({ status: 'unchanged', 'error-code': '' });
    const next = await deploy('2');
    expect(next.outputs).toMatchObject({ status: 'deployed', 'error-code': '' });
    expect(changes(next.outputs['changes'])).toMatchObject({
      'StatefulSet/db': 'unchanged',
      'Job/migrate': 'recreated',
      'Pod/seed': 'recreated',
      'Deployment/web': 'configured',
    });
    const pods = '/api/v1/namespaces/phases/pods?labelSelector=job-name%3Dmigrate';
    const { body } = await site.cluster.api({ path: pods });
    expect(body.items).toHaveLength(1);
  }, 240_000);
});
