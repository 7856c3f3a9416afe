// A thousand pods of a hundred Deployments: little memory, and work only when something happens.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { type Usage, usageOf } from '../../support/runner/usage.ts';
import { deployment, openSite, type Site } from '../../support/site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
  await site.cluster.kubectl(['create', 'namespace', 'shop']);
}, 900_000);

afterAll(() => site?.stop());

const count = 100;
const idleMs = 10_000;

const late = Array.from({ length: count }, (_, index) =>
  deployment(`web-${index}`, { replicas: 10 }).replace(
    '      containers:',
    '      nodeSelector: {webgen/late: "yes"}\n      containers:',
  ),
).join('---\n');

interface Pod {
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const isUnschedulable = ({ status }: Pod): boolean =>
  status.conditions?.some((each) => each.type === 'PodScheduled' && each.status === 'False') ??
  false;

test('100 Deployments with 1000 pods: idle while nothing happens, then ready, in 250 MB', async () => {
  const workspace = await site.workspace({ 'app.yaml': late });
  const running = await site.start(
    // The pods are kept from their nodes for longer than a doubt lasts.
    { namespace: 'shop', manifests: 'app.yaml', timeout: '8m', patience: 'patient' },
    { workspace },
  );
  let most: Usage = { cpu: 0, memory: 0 };
  const looking = setInterval(() => {
    const { cpu, memory } = usageOf(running.pid);
    if (memory > 0) most = { cpu, memory: Math.max(most.memory, memory) };
  }, 100);
  await until({ what: 'all pods', timeoutMs: 180_000, everyMs: 500 }, async () => {
    const { body } = await site.cluster.api({ path: '/api/v1/namespaces/shop/pods?limit=1' });
    return 1 + (body.metadata.remainingItemCount ?? 0) === count * 10;
  });
  await until({ what: 'the scheduler having tried each', timeoutMs: 60_000 }, async () => {
    const { body } = await site.cluster.api({ path: '/api/v1/namespaces/shop/pods' });
    return body.items.every(isUnschedulable);
  });
  const before = usageOf(running.pid).cpu;
  // What it costs in this time is what is measured.
  await sleep(idleMs);
  const idle = usageOf(running.pid).cpu - before;
  await site.cluster.kubectl(['label', 'node', '--all', 'webgen/late=yes']);
  const result = await running.finished;
  clearInterval(looking);
  await result.cleanUp();
  expect(result.outputs['status']).toBe('deployed');
  // A tenth of one core, though all 1000 pods are in trouble and awaited.
  expect(idle).toBeLessThan(idleMs / 1000 / 10);
  expect(most.memory).toBeLessThan(250);
  expect(most.cpu).toBeLessThan(10);
}, 600_000);
