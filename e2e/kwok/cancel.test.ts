// A cancelled run stops in time, says what it applied and what state it leaves.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../cluster/until.ts';
import { deployment, openSite, type Site } from '../site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
  await site.cluster.kubectl(['create', 'namespace', 'shop']);
}, 900_000);

afterAll(() => site?.stop());

// No simulated node has this label, so the rollout waits.
const stuck = deployment('web').replace(
  '      containers:',
  '      nodeSelector: {kubernetes.io/os: plan9}\n      containers:',
);

describe('a cancelled run', () => {
  test('says what was applied, within the time that GitHub gives', async () => {
    const workspace = await site.workspace({ 'app.yaml': stuck });
    const seen: string[] = [];
    const running = await site.start(
      { namespace: 'shop', manifests: 'app.yaml' },
      { workspace, onLine: ({ text }) => seen.push(text) },
    );
    await until({ what: 'the wait', timeoutMs: 30_000 }, async () =>
      seen.some((line) => line.includes('unschedulable')) ? true : undefined,
    );
    const from = Date.now();
    running.kill('SIGINT');
    const result = await running.finished;
    expect(Date.now() - from).toBeLessThan(7500);
    expect(result.code).toBe(1);
    expect(result.outputs['status']).toBe('cancelled');
    expect(result.outputs['error-code']).toBe('cancelled');
    expect(result.stdout).toContain('Applied: Deployment/web');
    expect(result.summary).toContain('Deployment/web');
    await result.post();
    await result.cleanUp();
  }, 60_000);

  test('has changed nothing where it was cancelled before the first write', async () => {
    const workspace = await site.workspace({ 'app.yaml': deployment('other') });
    site.yandex.failNext('/endpoints', 503, { times: 100, headers: { 'retry-after': '2' } });
    const running = await site.start({ namespace: 'shop', manifests: 'app.yaml' }, { workspace });
    await new Promise((done) => setTimeout(done, 1500));
    running.kill('SIGTERM');
    const result = await running.finished;
    expect(result.outputs['status']).toBe('cancelled');
    expect(result.stdout).toContain('Nothing was changed in the cluster.');
    await result.cleanUp();
  }, 60_000);
});
