// deploy.yml run whole with images to build: job hands digests to job although the registry is secret.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { provideAssets } from '../cluster/assets.ts';
import { builderUnavailable, startBuilder, type TestBuilder } from '../images/builder.ts';
import { startTestRegistry, type TestRegistry } from '../images/test-registry.ts';
import { openSite, type Site } from '../site.ts';
import { provideTool } from '../tools/tools.ts';
import { runAct } from '../workflows/act.ts';
import { makeApplication } from '../workflows/application.ts';
import { type Hub, makeHub } from '../workflows/hub.ts';

const provided = await provideTool('act');
const reason = 'missing' in provided ? provided.missing : await builderUnavailable();
const act = 'path' in provided ? provided.path : '';
const suite = reason === undefined ? describe : describe.skip;

let site: Site;
let hub: Hub;
let builder: TestBuilder;
let registry: TestRegistry;
let application = '';
let kubectl = '';

beforeAll(async () => {
  if (reason !== undefined) return;
  [site, hub] = await Promise.all([openSite(), makeHub()]);
  [builder, registry] = await Promise.all([startBuilder(), startTestRegistry()]);
  kubectl = (await provideAssets(['kubectl']))['kubectl'] ?? '';
  await site.cluster.kubectl(['create', 'ns', 'shop']);
  application = await makeApplication({
    branch: 'main',
    builds: true,
    with: [
      `yc-api-endpoint: ${site.yandex.endpoint}`,
      `registry: ${registry.address}/shop`,
      "backend-path: ''",
      "frontend-path: ''",
      // The scanner's database is not to be had without the internet.
      "scan: 'off'",
    ],
    files: {
      'backend/Dockerfile': 'FROM scratch\nCOPY requirements.txt /\n',
      'frontend/Dockerfile': 'FROM scratch\nCOPY package.json /\n',
    },
  });
}, 900_000);

afterAll(async () => {
  for (const folder of [application, hub?.folder]) {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
  await Promise.all([site?.stop(), builder?.stop(), registry?.stop()]);
});

suite(`a deploy that builds${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test('deploys exactly the digests that the job before has pushed', async () => {
    const run = await runAct({
      ...{ act, hub, application, kubectl, event: 'push', workflow: 'deploy' },
      env: builder.env,
      payload: {
        ref: 'refs/heads/main',
        repository: { full_name: 'acme/shop', name: 'shop', default_branch: 'main' },
      },
      secrets: {
        YC_SA_JSON_CREDENTIALS: site.account.keyJson,
        YC_K8S_CLUSTER_ID: site.access['yc-k8s-cluster-id'] ?? '',
        // Masked, it empties whatever output of a job holds it: here the registry's own port.
        YC_REGISTRY_ID: registry.address.split(':')[1] ?? '',
      },
    });
    const jobs = { 'build and scan': true, 'deploy and verify': true };
    expect([run.code, run.jobs, run.code === 0 ? '' : run.text.slice(-6000)]).toEqual([
      0,
      jobs,
      '',
    ]);
    for (const name of ['backend', 'frontend']) {
      const path = `/apis/apps/v1/namespaces/shop/deployments/${name}`;
      const { body } = await site.cluster.api({ path });
      const url = `http://${registry.address}/v2/shop/${name}/manifests/main`;
      const accept = [
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.docker.distribution.manifest.v2+json',
      ].join(', ');
      const answer = await fetch(url, { headers: { accept } });
      const digest = answer.headers.get('docker-content-digest');
      const [container] = body.spec.template.spec.containers;
      expect(container.image).toBe(`${registry.address}/shop/${name}@${digest}`);
    }
  }, 300_000);
});
