// A cancelled run stops in time, says what it applied and what state it leaves.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { until } from '../../support/cluster/until.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let folder = '';

beforeAll(async () => {
  site = await openSharedSite();
  folder = await mkdtemp(join(tmpdir(), 'webgen-cancel-'));
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(async () => {
  await site?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

// No simulated node has this label, so the rollout waits.
const stuck = deployment('web').replace(
  '      containers:',
  '      nodeSelector: {kubernetes.io/os: plan9}\n      containers:',
);

/** A run, and its end from the moment of a signal. */
async function begin(inputs: Readonly<Record<string, string>>, yaml: string, env = {}) {
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const seen: string[] = [];
  const onLine = ({ text }: { readonly text: string }) => void seen.push(text);
  const running = await site.start(
    { namespace: ns, manifests: 'app.yaml', ...inputs },
    { workspace, onLine, env },
  );
  return {
    says: (word: string) =>
      until({ what: word, timeoutMs: 60_000 }, async () =>
        seen.some((line) => line.includes(word)) ? true : undefined,
      ),
    async end(signal: NodeJS.Signals) {
      const from = Date.now();
      running.kill(signal);
      const result = await running.finished;
      return { ...result, ms: Date.now() - from };
    },
  };
}

/** The API server behind a proxy, as a cluster of its own. */
async function behindProxy(name: string): Promise<{ proxy: FaultProxy; cluster: string }> {
  const { server, caPem } = site.cluster;
  const proxy = await startFaultProxy({
    server,
    caPem,
    folder: await mkdtemp(join(folder, 'proxy-')),
  });
  const outside = { caPem: proxy.caPem, externalEndpoint: proxy.server };
  return { proxy, cluster: site.yandex.addCluster({ ...outside, name }).id };
}

describe('a run whose main thread hangs', () => {
  test('is ended with the last state that is known, in the form of the runner', async () => {
    // Taking memory is what shows soonest.
    const hang = join(folder, 'hang.mjs');
    await writeFile(
      hang,
      `process.on('SIGUSR2', () => {
        for (const kept = []; ; ) kept.push(Buffer.alloc(2 ** 20, 1));
      });`,
    );
    // Its lock stays: another run of it would have to wait.
    const name = `hung-${randomUUID().slice(0, 8)}`;
    const run = await begin({ app: name }, stuck.replaceAll('web', name), {
      NODE_OPTIONS: `--import=${pathToFileURL(hang)}`,
    });
    await run.says('unschedulable');
    const result = await run.end('SIGUSR2');
    expect(result.code).toBe(-1);
    expect(result.ms).toBeLessThan(8_000);
    expect(result.outputs).toMatchObject({ status: 'failed', 'error-code': 'internal-error' });
    expect(result.stdout).toMatch(
      /^::error title=internal-error::webgen-deploy itself hangs, .* gave no sign of life for [\d.]+ s and grew by \d+ MB/m,
    );
    expect(result.stdout).toContain(`%0AApplied: Deployment/${name}.%0A`);
    expect(result.summary).toContain('internal-error');
    expect(result.stdout + result.summary).not.toContain('WHAT_THE_WATCHDOG_SAW');
    await result.post();
    await result.cleanUp();
  }, 60_000);
});

describe('a cancelled run', () => {
  test('has two seconds after SIGTERM, and says as much', async () => {
    const run = await begin({ app: 'late' }, stuck.replaceAll('web', 'late'));
    await run.says('unschedulable');
    const result = await run.end('SIGTERM');
    expect(result.ms).toBeLessThan(2_000);
    expect(result.outputs['status']).toBe('cancelled');
    expect(result.stdout).toContain('Applied: Deployment/late');
    // The lock is free: the next run need not wait for three minutes.
    expect(result.stdout).not.toContain('could not be given back');
    await result.cleanUp();
  }, 60_000);

  test.each([
    ['SIGINT', 7_000, 'one'],
    ['SIGTERM', 2_000, 'two'],
  ] as const)(
    'ends in time by %s while writes have no answer, and does not say that they came to nothing',
    async (signal, withinMs, name) => {
      const { proxy, cluster } = await behindProxy(name);
      const write = new RegExp(`^PATCH \\S+/deployments/${name}\\?(?!.*dryRun)`);
      proxy.delay(60_000, write);
      const run = await begin({ app: name, 'yc-k8s-cluster-id': cluster }, deployment(name));
      await until({ what: 'the write', timeoutMs: 40_000 }, async () =>
        proxy.passed.some(({ method, path }) => write.test(`${method} ${path}`)),
      );
      proxy.delay(60_000);
      const result = await run.end(signal);
      expect(result.ms).toBeLessThan(withinMs);
      expect(result.outputs['status']).toBe('cancelled');
      expect(result.stdout).toContain(`May have been applied: Deployment/${name}.`);
      expect(result.stdout).not.toContain('Nothing was changed');
      expect(result.stdout).toContain('The lock could not be given back');
      await result.cleanUp();
      await proxy.stop();
    },
    60_000,
  );

  test('in an undo says what of it was done', async () => {
    const failing = deployment('again').replace(
      '      labels: {app: again}',
      '      labels: {app: again}\n      annotations: {simulate/pod: crash-loop}',
    );
    const inputs = { app: 'again', patience: 'strict' };
    const workspace = await site.workspace({ 'app.yaml': deployment('again') });
    const first = await site.run(
      { namespace: ns, manifests: 'app.yaml', ...inputs },
      { workspace },
    );
    expect(first.outputs['status']).toBe('deployed');
    await first.cleanUp();
    const run = await begin(inputs, failing);
    await run.says('Undoing');
    const result = await run.end('SIGTERM');
    expect(result.ms).toBeLessThan(2_000);
    expect(result.outputs['status']).toBe('cancelled');
    const { body } = await site.cluster.api({
      path: `/apis/apps/v1/namespaces/${ns}/deployments/again`,
    });
    const isBack = !JSON.stringify(body).includes('crash-loop');
    expect(result.stdout).toMatch(
      isBack
        ? /Deployment\/again: put back|May have been put back: Deployment\/again/
        : /Deployment\/again: left, the run was cancelled|May have been put back/,
    );
    await result.cleanUp();
  }, 60_000);
  test('says what was applied, within the time that GitHub gives', async () => {
    const workspace = await site.workspace({ 'app.yaml': stuck });
    const seen: string[] = [];
    const running = await site.start(
      { namespace: ns, manifests: 'app.yaml' },
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
    const from = Date.now();
    site.yandex.failNext('/endpoints', 503, { times: 100, headers: { 'retry-after': '2' } });
    const running = await site.start({ namespace: ns, manifests: 'app.yaml' }, { workspace });
    await until({ what: 'its first request' }, async () =>
      site.yandex.requests.some(({ at, path }) => at >= from && path === '/endpoints'),
    );
    running.kill('SIGTERM');
    const result = await running.finished;
    expect(result.outputs['status']).toBe('cancelled');
    expect(result.stdout).toContain('Nothing was changed in the cluster.');
    await result.cleanUp();
  }, 60_000);
});
