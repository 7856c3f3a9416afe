// A deploy through a way that breaks: the verdict is right all the same, and the run goes on.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faults } from '../../support/cluster/fault-answers.ts';
import { type FaultProxy, startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { until } from '../../support/cluster/until.ts';
import { deployment, namespaceFor, openSharedSite, type Site } from '../../support/site.ts';

type Break = (proxy: FaultProxy) => unknown;

interface Plan {
  /** Before the run starts. */
  readonly before?: Break;
  /** While it waits for its pod. */
  readonly during?: Break;
  readonly yaml?: string;
  /** Seconds; default 4. */
  readonly readyAfter?: number;
  readonly http2?: boolean;
}

let site: Site;
const ns = namespaceFor('shop');
let folder = '';
/** What takes long runs beside the rest. */
const slow = new Map<string, Promise<Awaited<ReturnType<typeof through>>>>();

/** Its pod is ready so many seconds after it was made. */
const awaited = (name: string, seconds: number) =>
  deployment(name).replace(
    `      labels: {app: ${name}}`,
    `      labels: {app: ${name}}\n      annotations: {simulate/ready-after: ${seconds}s}`,
  );

const crashing = (name: string) =>
  deployment(name).replace(
    `      labels: {app: ${name}}`,
    `      labels: {app: ${name}}\n      annotations: {simulate/pod: crash-loop}`,
  );

/** A deploy of one Deployment through a proxy of its own, which breaks while the run waits. */
async function through(name: string, plan: Plan) {
  const { before, during, yaml, http2, readyAfter = 4 } = plan;
  const proxy = await startFaultProxy({
    server: site.cluster.server,
    caPem: site.cluster.caPem,
    folder: await mkdtemp(join(folder, 'proxy-')),
    ...(http2 === undefined ? {} : { http2 }),
  });
  const { caPem, server: externalEndpoint } = proxy;
  const { id } = site.yandex.addCluster({ caPem, externalEndpoint, name });
  const workspace = await site.workspace({ 'app.yaml': yaml ?? awaited(name, readyAfter) });
  await before?.(proxy);
  const running = await site.start(
    { namespace: ns, app: name, manifests: 'app.yaml', 'yc-k8s-cluster-id': id },
    { workspace },
  );
  if (during) {
    await until({ what: `the watches of ${name}`, timeoutMs: 60_000 }, async () => {
      return proxy.watches() >= 4;
    });
    await during(proxy);
  }
  const over = Date.now();
  const result = await running.finished;
  // From the end of the break or the pod's own end of waiting, whichever is later.
  const late = Date.now() - Math.max(over, await readySince(name));
  const report = JSON.parse(await readFile(result.outputs['report-path'] ?? '', 'utf8'));
  await result.cleanUp();
  await proxy.stop();
  return { ...result, proxy, report, late };
}

async function readySince(name: string): Promise<number> {
  const path = `/api/v1/namespaces/${ns}/pods?labelSelector=app%3D${name}`;
  const { body } = await site.cluster.api({ path });
  interface Condition {
    readonly type: string;
    readonly lastTransitionTime: string;
  }
  const conditions: readonly Condition[] = body.items[0]?.status.conditions ?? [];
  return Date.parse(conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '') || 0;
}

beforeAll(async () => {
  site = await openSharedSite();
  folder = await mkdtemp(join(tmpdir(), 'webgen-faults-'));
  await site.cluster.kubectl(['create', 'namespace', ns]);
  const away: Break = async (proxy) => {
    await proxy.refuse();
    await sleep(90_000);
    await proxy.accept();
  };
  slow.set('away', through('away', { during: away, readyAfter: 30 }));
  slow.set('half-open', through('half-open', { during: (proxy) => proxy.freeze() }));
  for (const each of slow.values()) each.catch(() => undefined);
}, 900_000);

afterAll(async () => {
  await site?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const ready = { code: 0, status: 'deployed' };
const end = ({ code, outputs }: { code: number; outputs: Readonly<Record<string, string>> }) => ({
  code,
  status: outputs['status'],
});

describe('in mid-wait', () => {
  const breaks: readonly (readonly [string, Break])[] = [
    ['cut', (proxy) => proxy.cut()],
    ['goaway', (proxy) => proxy.goAway()],
    ['expired', (proxy) => proxy.failWatches(410)],
    ['failed', (proxy) => proxy.failWatches(500)],
    [
      'throttled',
      (proxy) => {
        proxy.failNext(/./, faults.tooMany(1), 4);
        proxy.failWatches(410);
      },
    ],
    [
      'unavailable',
      (proxy) => {
        proxy.failNext(/./, faults.unavailable, 6);
        proxy.cut();
      },
    ],
    [
      'polling',
      (proxy) => {
        proxy.forbidWatches(true);
        proxy.cut();
      },
    ],
  ];
  test.each(breaks)(
    '%s: ready when it is, seconds later at most',
    async (name, during) => {
      const result = await through(name, { during });
      expect(end(result)).toEqual(ready);
      expect(result.late).toBeLessThan(10_000);
    },
    60_000,
  );

  test('by any of these, a release that crashes is called nothing else', async () => {
    const all = [...breaks, ['delayed', (proxy: FaultProxy) => proxy.delay(1_000)] as const];
    const results = await Promise.all(
      all.map(async ([fault, during]) => {
        const name = `${fault}-crash`;
        const result = await through(name, { during, yaml: crashing(name) });
        return { fault, status: result.outputs['status'], code: result.outputs['error-code'] };
      }),
    );
    expect(results).toEqual(
      all.map(([fault]) => ({ fault, status: 'failed', code: 'crash-loop' })),
    );
  }, 180_000);
});

describe('while it applies', () => {
  const writes = /^PATCH (?!.*dryRun)/;
  const dryRuns = /^PATCH .*dryRun/;
  const breaks: readonly (readonly [string, Break])[] = [
    ['lost-answer', (proxy) => proxy.loseAnswers(writes)],
    ['lost-dry-run', (proxy) => proxy.loseAnswers(dryRuns)],
    ['no-leader', (proxy) => proxy.failNext(writes, faults.leaderChanged, 2)],
    ['no-webhook', (proxy) => proxy.failNext(writes, faults.webhook, 2)],
    ['restarting', (proxy) => proxy.failNext(/./, faults.unavailable, 5)],
    ['slow', (proxy) => proxy.delay(300)],
  ];
  test.each(breaks)(
    '%s: written once, and ready',
    async (name, before) => {
      const result = await through(name, { before, yaml: deployment(name) });
      expect(end(result)).toEqual(ready);
      const { body } = await site.cluster.api({
        path: `/apis/apps/v1/namespaces/${ns}/deployments/${name}`,
      });
      expect(body.metadata.generation).toBe(1);
    },
    60_000,
  );

  test('429: after it, half as many requests at once', async () => {
    const yaml = Array.from({ length: 60 }, (_, index) => deployment(`many-${index}`)).join(
      '---\n',
    );
    const counted = async (name: string, before: Break) => {
      const { proxy, ...result } = await through(name, {
        yaml: yaml.replaceAll('many-', `${name}-`),
        before: (each) => {
          each.delay(30);
          before(each);
        },
      });
      expect(end(result)).toEqual(ready);
      return proxy.mostAtOnce();
    };
    const free = await counted('free', () => undefined);
    // Right before the dry runs: with each answer it dares a little more again.
    const limited = await counted('limited', (proxy) =>
      proxy.failNext(/^GET \/apis\/apps\/v1\/namespaces/, faults.tooMany(1), 1),
    );
    expect(free).toBeGreaterThan(32);
    expect(limited).toBeLessThan(free);
  }, 120_000);
});

test('a server whose clock is five minutes ahead: its times are compared with its own', async () => {
  const before: Break = (proxy) => proxy.shiftTime(300_000);
  const result = await through('ahead', { before, during: () => undefined });
  expect(end(result)).toEqual(ready);
}, 60_000);

test('HTTP/1.1, cut: ready', async () => {
  const result = await through('plain', { http2: false, during: (proxy) => proxy.cut() });
  expect(end(result)).toEqual(ready);
}, 60_000);

describe('what takes long', () => {
  const ended = async (name: string) => {
    const running = slow.get(name);
    if (!running) throw new Error(`nobody started ${name}`);
    return running;
  };

  test('half-open connections are noticed by their silence', async () => {
    const result = await ended('half-open');
    expect(end(result)).toEqual(ready);
    expect(result.late).toBeLessThan(75_000);
  }, 120_000);

  test('no API server for 90 s: the time does not count, and the run succeeds', async () => {
    const result = await ended('away');
    expect(end(result)).toEqual(ready);
    expect(result.stdout).toMatch(/API.*(back|again)/i);
    expect(result.late).toBeLessThan(15_000);
  }, 150_000);
});
