import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../../src/cluster/create-api.ts';
import type { Cluster } from '../../../src/core/ports.ts';
import { leaseSeconds, newLease } from '../../../src/lock/lease.ts';
import { encode } from '../../../src/releases/codec.ts';
import type { ReleaseHead, ReleaseState } from '../../../src/releases/record.ts';
import { type Connected, type Connection, newState } from '../../../src/run/state/state.ts';
import { isLeftToNewer } from '../../../src/run/steps/asked-revision.ts';
import { rememberedLog } from '../../support/cluster/fakes.ts';
import { status } from '../../support/cluster/scripted-server.ts';
import { leaseServer } from '../../support/lock/lease-server.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { run } from '../../support/run.ts';

const head = (number: number, state: ReleaseState = 'good'): ReleaseHead => ({
  number,
  state,
  app: 'shop',
  environment: 'production',
  startedAt: '2026-11-02T20:40:00.000Z',
  actor: 'octocat',
  commit: '',
  runUrl: `https://github.com/acme/shop/actions/runs/${number}`,
  images: {},
  objects: 1,
  parts: 1,
});

function scene(revision: number | undefined, heads: readonly ReleaseHead[] | undefined) {
  const clock = manualClock();
  const server = leaseServer(clock);
  const log = rememberedLog();
  const state = newState(clock.now());
  const api = createApi(server, { clock, log });
  state.connection = { api } as unknown as Connection;
  if (heads) state.releases = { namespace: 'web', heads };
  const running = {
    inputs: { app: 'shop', namespace: 'web', ...(revision === undefined ? {} : { revision }) },
    context: run(),
    engine: { ports: { clock, log } },
    signal: new AbortController().signal,
    state,
  } as unknown as Connected;
  const hold = async (identity: string) => {
    const holder = { identity, actor: 'mona' };
    const body = newLease({ app: 'shop', namespace: 'web', holder }, clock.now());
    await server.send({ method: 'POST', path: '/leases', body });
  };
  return { clock, server, log, state, running, hold };
}

const other = 'https://github.com/acme/Web.Shop/actions/runs/2/attempts/1#0a1b2c3d';
const own = 'https://github.com/acme/Web.Shop/actions/runs/1/attempts/1#0a1b2c3d';

describe('the release that status is asked for', () => {
  test('is judged where it is live and nobody deploys, also after one that was put back', async () => {
    for (const heads of [[head(3)], [head(4, 'rolled-back'), head(3)]]) {
      const { running, state } = scene(3, heads);
      expect(await isLeftToNewer(running)).toBe(false);
      expect(state.overtaken).toBeUndefined();
    }
  });

  test.each(['pending', 'good', 'applied', 'failed', 'cancelled'] as const)(
    'is not judged after a newer one that is %s',
    async (state) => {
      const { running, log, ...rest } = scene(3, [head(4, state), head(3)]);
      expect(await isLeftToNewer(running)).toBe(true);
      expect(rest.state.overtaken).toEqual({ release: 4 });
      const by = 'https://github.com/acme/shop/actions/runs/4';
      expect(log.lines).toEqual([
        `release 3 is not judged: release 4 came after it (${state}, by ${by})`,
      ]);
    },
  );

  test('is not judged while another run holds the lock, and is where that run has died', async () => {
    const { running, state, hold, clock } = scene(3, [head(3)]);
    await hold(other);
    expect(await isLeftToNewer(running)).toBe(true);
    expect(state.overtaken).toEqual({});
    delete state.overtaken;
    await clock.jump(leaseSeconds * 1000 + 5_000);
    expect(await isLeftToNewer(running)).toBe(false);
  });

  test('is judged beside a lock of its own run, and where the Lease may not be read', async () => {
    const mine = scene(3, [head(3)]);
    await mine.hold(own);
    expect(await isLeftToNewer(mine.running)).toBe(false);
    const { server, running, log } = scene(3, [head(3)]);
    server.fault = () => ({ status: 403, headers: {}, body: status(403, 'Forbidden', 'no') });
    expect(await isLeftToNewer(running)).toBe(false);
    expect(log.lines.at(-1)).toContain('Whether another run is deploying is unknown');
  });

  test('is a failure where it is not live and nothing came after it', async () => {
    for (const [heads, words] of [
      [[head(3, 'rolled-back'), head(2)], 'Release 3 of shop is not live: it is rolled-back.'],
      [[head(2)], 'Release 3 of shop is not live: it is not recorded.'],
      [[], 'Release 3 of shop is not live: it is not recorded.'],
    ] as const) {
      await expect(isLeftToNewer(scene(3, heads).running)).rejects.toMatchObject({
        findings: [{ code: 'release-not-found', what: words }],
      });
    }
  });

  test('is looked for again where it is not ready: another run may have begun meanwhile', async () => {
    const { running, state, server, clock, log } = scene(3, [head(3)]);
    const contents = { objects: [], inventory: [], whole: true, timings: [] };
    const items = [head(3), head(4, 'pending')].flatMap((each) =>
      encode({ head: each, contents }, 'web'),
    );
    const list = { kind: 'SecretList', metadata: { resourceVersion: '1' }, items };
    const send: Cluster['send'] = async (request) =>
      request.path.includes('/secrets')
        ? { status: 200, headers: {}, body: list }
        : server.send(request);
    const api = createApi({ ...server, send }, { clock, log });
    Object.assign(running.state.connection, { api });
    expect(await isLeftToNewer(running)).toBe(false);
    expect(await isLeftToNewer(running, { again: true })).toBe(true);
    expect(state.overtaken).toEqual({ release: 4 });
  });

  test('is whatever is live where none is named, or where releases cannot be read', async () => {
    const { running, hold } = scene(undefined, [head(3)]);
    await hold(other);
    expect(await isLeftToNewer(running)).toBe(false);
    expect(await isLeftToNewer(scene(3, undefined).running)).toBe(false);
  });
});
