// While everything breaks between us and the API server, a watch loses no object and goes on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApi } from '../../../src/cluster/create-api.ts';
import { type WatchEvent, watchAll } from '../../../src/cluster/watch.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { realClock } from '../../../src/platform/clock.ts';
import { connectCluster } from '../../../src/platform/cluster.ts';
import { faults } from '../../support/cluster/fault-answers.ts';
import { type FaultProxy, startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { type SharedCluster, sharedCluster } from '../../support/cluster/shared.ts';
import { until } from '../../support/cluster/until.ts';
import { namespaceFor } from '../../support/site.ts';

type Break = (proxy: FaultProxy) => unknown;

/** Opens the watches anew, so that they meet what comes next. */
const reopen =
  (code: number): Break =>
  (proxy) =>
    proxy.failWatches(code);

const breaks: readonly (readonly [string, ...Break[]])[] = [
  ['every connection is cut', (proxy) => proxy.cut()],
  ['it is cut three times', ...[1, 2, 3].map((): Break => (proxy) => proxy.cut())],
  ['GOAWAY', (proxy) => proxy.goAway()],
  ['an ERROR event 410 in the running watch', reopen(410)],
  ['an ERROR event 500 in the running watch', reopen(500)],
  ['410 as the answer to a watch', (proxy) => proxy.failNext(/watch=/, faults.gone), reopen(500)],
  ['429 for lists and watches', (p) => p.failNext(/configmaps/, faults.tooMany(1), 3), reopen(410)],
  ['503', (proxy) => proxy.failNext(/configmaps/, faults.unavailable, 3), reopen(410)],
  ['etcd has no leader', (p) => p.failNext(/configmaps/, faults.leaderChanged, 3), reopen(410)],
  ['slow answers', (proxy) => proxy.delay(2000), reopen(410)],
  ['half-open connections', (proxy) => proxy.freeze()],
  ['a watch that has gone silent', (proxy) => proxy.muteWatches()],
  ['no API server for five seconds', (p) => p.refuse(), () => sleep(5000), (p) => p.accept()],
  ['watches that are forbidden from now on', (proxy) => proxy.forbidWatches(true), reopen(410)],
];

interface Scene {
  readonly proxy: FaultProxy;
  /** Names and versions as the watch tells them. */
  readonly picture: Map<string, string>;
  readonly events: WatchEvent[];
  readonly said: string[];
  end(): Promise<void>;
}

const ns = namespaceFor('churn');
const path = `/api/v1/namespaces/${ns}/configmaps`;
const scenes = new Map<string, Scene>();
let cluster: SharedCluster;
let folder = '';

async function watching(name: string, http2: boolean): Promise<Scene> {
  const proxy = await startFaultProxy({
    ...{ server: cluster.server, caPem: cluster.caPem, http2 },
    folder: await mkdtemp(join(folder, 'proxy-')),
  });
  const token = new Secret(`Bearer ${cluster.adminToken}`);
  const access = {
    server: proxy.server,
    tls: { ca: proxy.caPem },
    authorization: async () => token,
  };
  const connection = connectCluster(access, { userAgent: 'test', environment: {} });
  const clock = realClock();
  const said: string[] = [];
  const log = { info: (line: string) => said.push(line), debug: () => undefined };
  const rest = { group: () => Promise.reject(new Error(name)), annotate: () => 0, mask: () => 0 };
  const api = createApi(connection, { clock, log: { ...log, ...rest } });
  const picture = new Map<string, string>();
  const events: WatchEvent[] = [];
  const put = ({ metadata }: KubeObject) =>
    picture.set(metadata.name, metadata.resourceVersion ?? '');
  const stop = new AbortController();
  const session = watchAll(
    api,
    [{ apiVersion: 'v1', kind: 'ConfigMap', namespace: ns }],
    {
      onEvent: (_, event) => {
        events.push(event);
        if (event.type === 'synced') event.objects.map(put);
        else if (event.type === 'upsert') put(event.object);
        else picture.delete(event.object.metadata.name);
      },
      onState: (line) => said.push(line),
    },
    { signal: stop.signal, clock, silenceMs: 1500 },
  );
  await session.synced;
  const end = async () => {
    stop.abort(new Error('over'));
    await session.ended.catch(() => undefined);
    await connection.close();
    await proxy.stop();
  };
  return { proxy, picture, events, said, end };
}

/** Makes, changes and deletes objects, one every 20 ms, until it is told to stop. */
async function churn(signal: AbortSignal): Promise<void> {
  for (let at = 0; !signal.aborted; at += 1) {
    const name = `item-${at % 40}`;
    const body = { metadata: { name }, data: { at: `${at}` } };
    if (at % 7 === 3) await cluster.api({ method: 'DELETE', path: `${path}/${name}` });
    else {
      const contentType = 'application/merge-patch+json';
      const one = `${path}/${name}`;
      const { status } = await cluster.api({ method: 'PATCH', path: one, body, contentType });
      if (status === 404) await cluster.api({ method: 'POST', path, body });
    }
    await sleep(20);
  }
}

beforeAll(async () => {
  cluster = await sharedCluster();
  folder = await mkdtemp(join(tmpdir(), 'webgen-faults-'));
  await cluster.kubectl(['create', 'namespace', ns]);
  const stop = new AbortController();
  const churning = churn(stop.signal);
  await breakAll().finally(() => stop.abort());
  await churning;
}, 900_000);

async function breakAll(): Promise<void> {
  const all = breaks.flatMap(([name, ...steps]) =>
    [true, false].map((http2) => ({ name: `${name} ${http2}`, http2, steps })),
  );
  await Promise.all(
    all.map(async ({ name, http2, steps }) => {
      const scene = await watching(name, http2);
      scenes.set(name, scene);
      // Objects change all the while: half a second of it before each step and after the last.
      await sleep(500);
      for (const step of steps) {
        await step(scene.proxy);
        await sleep(500);
      }
    }),
  );
  await sleep(1000);
}

afterAll(async () => {
  for (const scene of scenes.values()) await scene.end();
  await cluster?.leave();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function truth(): Promise<ReadonlyMap<string, string>> {
  const { body } = await cluster.api({ path });
  const items: readonly KubeObject[] = body.items;
  return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? '']));
}

/** Versions of one object, in the order they were told. */
function versionsByUid(events: readonly WatchEvent[]): ReadonlyMap<string, readonly number[]> {
  const told = new Map<string, number[]>();
  for (const event of events) {
    for (const { metadata } of event.type === 'synced' ? event.objects : [event.object]) {
      const uid = metadata.uid ?? '';
      const version = Number(metadata.resourceVersion);
      told.set(uid, [...(told.get(uid) ?? []), ...(event.type === 'delete' ? [] : [version])]);
    }
  }
  return told;
}

describe.each([
  ['HTTP/2', true],
  ['HTTP/1.1', false],
] as const)('over %s', (_, http2) => {
  test.each(breaks.map(([name]) => name))(
    '%s: the picture is whole, and only grows newer',
    async (name) => {
      const scene = scenes.get(`${name} ${http2}`);
      if (!scene) throw new Error('no such scene');
      const sorted = (map: ReadonlyMap<string, string>) => Object.fromEntries([...map].sort());
      const real = sorted(await truth());
      await until({ what: 'the whole picture', timeoutMs: 20_000 }, async () => {
        return JSON.stringify(sorted(scene.picture)) === JSON.stringify(real);
      }).catch(() => undefined);
      expect(sorted(scene.picture)).toEqual(real);
      expect(scene.events.filter(({ type }) => type === 'synced')).toHaveLength(1);
      for (const versions of versionsByUid(scene.events).values()) {
        expect([...versions]).toEqual([...new Set(versions)].sort((a, b) => a - b));
      }
    },
    30_000,
  );
});
