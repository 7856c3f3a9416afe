// Many workloads are waited for together: no slower than the cluster, with few requests.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

const count = 50;
const list = (tag: string) =>
  Array.from({ length: count }, (_, index) =>
    deployment(`web-${index}`, { image: `registry.example/app:${tag}`, replicas: 2 }),
  ).join('---\n');

interface Live {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: { readonly image: string }[] } };
  };
  readonly metadata: { readonly generation: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
  };
}

function complete({ spec, metadata, status }: Live, tag: string): boolean {
  const { observedGeneration = 0, availableReplicas, updatedReplicas, replicas } = status;
  return (
    spec.template.spec.containers[0]?.image === `registry.example/app:${tag}` &&
    observedGeneration >= metadata.generation &&
    availableReplicas === 2 &&
    updatedReplicas === 2 &&
    replicas === 2
  );
}

/** Looks every 50 ms until all are complete; when that was. */
async function lastComplete(tag: string): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${ns}/deployments`;
  return until({ what: 'all Deployments being complete', timeoutMs: 120_000 }, async () => {
    const { body } = await site.cluster.api({ path });
    const items: Live[] = body.items;
    return items.length === count && items.every((each) => complete(each, tag)) && Date.now();
  });
}

describe('50 Deployments', () => {
  test('the run ends at most a second after the last one is complete', async () => {
    const run = async (tag: string) => {
      const workspace = await site.workspace({ 'app.yaml': list(tag) });
      const running = await site.start({ namespace: ns, manifests: 'app.yaml' }, { workspace });
      const [result, seen] = await Promise.all([
        running.finished.then((each) => ({ ...each, endedAt: Date.now() })),
        lastComplete(tag),
      ]);
      const report = JSON.parse(await readFile(result.outputs['report-path'] ?? '', 'utf8'));
      await result.cleanUp();
      return { result, late: result.endedAt - seen, requests: report.apiRequests };
    };
    const first = await run('1');
    expect(first.result.code).toBe(0);
    const second = await run('2');
    expect(second.result.code).toBe(0);
    expect(second.late).toBeLessThanOrEqual(1000);
    expect(first.late).toBeLessThanOrEqual(1000);
    expect(second.requests).toBeLessThanOrEqual(count * 2 + 40);
    expect(first.requests).toBeLessThanOrEqual(count * 2 + 40);
  }, 240_000);
});
