import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../src/cluster/create-api.ts';
import { ActionError, type Finding } from '../../src/core/errors.ts';
import { type ApiRequest, TransportError } from '../../src/core/ports.ts';
import { fieldsAt } from '../../src/kube/json.ts';
import type { Seeking } from '../../src/lock/acquire.ts';
import { guarded } from '../../src/lock/guard.ts';
import { holdLock, type Lock } from '../../src/lock/hold.ts';
import { freedLease, holderOf, runOf, takenLease } from '../../src/lock/lease.ts';
import { rememberedLog } from '../support/cluster/fakes.ts';
import { status } from '../support/cluster/scripted-server.ts';
import { leaseServer } from '../support/lock/lease-server.ts';
import { manualClock } from '../support/manual-clock.ts';

const minute = 60_000;

function scene() {
  const clock = manualClock();
  const server = leaseServer(clock);
  const seek = (name: string, more: Partial<Seeking> = {}) => {
    const log = rememberedLog();
    const cancel = new AbortController();
    const api = createApi(server, { clock, log: rememberedLog(), random: () => 0.5 });
    const run = `https://github.com/acme/shop/actions/runs/${name}/attempts/1`;
    const seeking: Seeking = {
      api,
      clock,
      log,
      app: 'shop',
      namespace: 'web',
      holder: { identity: `${run}#0a1b`, actor: 'octocat' },
      timeoutMs: 15 * minute,
      signal: cancel.signal,
      ...more,
    };
    const state: { lock?: Lock; error?: unknown } = {};
    const done = holdLock(seeking).then(
      (lock) => {
        state.lock = lock;
      },
      (error: unknown) => {
        state.error = error;
      },
    );
    return { ...seeking, state, done, log, cancel, lock: () => lockOf(state) };
  };
  return { clock, server, seek };
}

function lockOf({ lock, error }: { readonly lock?: Lock; readonly error?: unknown }): Lock {
  if (!lock) throw error ?? new Error('it has no lock yet');
  return lock;
}

function findingOf(error: unknown): Finding {
  if (error instanceof ActionError) return error.findings[0];
  throw error;
}

const problem = (work: Promise<unknown>): Promise<Finding> =>
  work.then(() => Promise.reject(new Error('it went well')), findingOf);

describe('taking the lock', () => {
  test('makes the Lease, in the form that Kubernetes asks for', async () => {
    const { server, seek } = scene();
    const one = seek('1');
    await one.done;
    expect(server.lease).toMatchObject({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'webgen-deploy-shop',
        namespace: 'web',
        annotations: { 'webgen-deploy/actor': 'octocat' },
      },
      spec: {
        holderIdentity: 'https://github.com/acme/shop/actions/runs/1/attempts/1#0a1b',
        leaseDurationSeconds: 180,
        leaseTransitions: 0,
      },
    });
    const { renewTime } = fieldsAt(server.lease, 'spec');
    expect(renewTime).toMatch(/^2026-11-27T12:00:00\.\d{6}Z$/);
    await one.lock().release();
    expect(holderOf(server.lease)).toBe('');
  });

  test('waits while another one renews, says who it is, and has it the moment it is free', async () => {
    const { clock, server, seek } = scene();
    const one = seek('1');
    await one.done;
    const two = seek('2');
    await clock.advance(5 * minute);
    expect(two.state).toEqual({});
    const first = two.log.lines[0];
    expect(first).toContain('https://github.com/acme/shop/actions/runs/1/attempts/1 by octocat');
    expect(first).toContain('since 2026-11-27T12:00:00Z');
    expect(two.log.lines.length).toBeGreaterThan(9);
    expect(two.log.lines.length).toBeLessThan(13);
    await one.lock().release();
    await clock.settle();
    expect(two.lock().isHeld).toBe(true);
    expect(fieldsAt(server.lease, 'spec')['leaseTransitions']).toBe(1);
    await two.lock().release();
  });

  test('0s fails at once, and names the one who has it', async () => {
    const { seek } = scene();
    const one = seek('1');
    await one.done;
    const two = seek('2', { timeoutMs: 0 });
    await two.done;
    const { code, evidence, object } = findingOf(two.state.error);
    expect(code).toBe('locked');
    expect(object).toBe('Lease/webgen-deploy-shop');
    expect(evidence[0]).toContain('/actions/runs/1/attempts/1 by octocat');
    await one.lock().release();
  });

  test('gives up when its time is over', async () => {
    const { clock, seek } = scene();
    const one = seek('1');
    await one.done;
    const two = seek('2', { timeoutMs: 2 * minute });
    await clock.advance(2 * minute - 1000);
    expect(two.state).toEqual({});
    await clock.advance(1000);
    expect(findingOf(two.state.error).what).toContain('also after 2 min');
    await one.lock().release();
  });

  test('only one of many gets it, each in its turn', async () => {
    const { clock, seek } = scene();
    const all = Array.from({ length: 20 }, (_, at) => seek(`${at + 1}`));
    await clock.settle();
    for (let turn = 0; turn < 20; turn += 1) {
      const holding = all.filter(({ state }) => state.lock?.isHeld);
      expect(holding).toHaveLength(1);
      await holding[0]?.lock().release();
      await clock.advance(100);
    }
    expect(all.every(({ state }) => state.lock)).toBe(true);
  });

  test('no right to Leases: the rule to add, and the way without', async () => {
    const { server, seek } = scene();
    const message =
      'leases.coordination.k8s.io "webgen-deploy-shop" is forbidden: User "aje1" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "web"';
    server.fault = () => ({ status: 403, headers: {}, body: status(403, 'Forbidden', message) });
    const one = seek('1');
    await one.done;
    const { code, hint } = findingOf(one.state.error);
    expect(code).toBe('forbidden');
    expect(hint).toContain('verbs: ["get", "list", "watch", "create", "update"]');
    expect(hint).toContain('lock: false');
  });

  test('an answer that was lost does not make us wait for ourselves', async () => {
    const { clock, server, seek } = scene();
    let lost = 1;
    const { send } = server;
    server.send = async (request) => {
      const response = await send(request);
      if (request.method === 'POST' && lost-- > 0) throw new TransportError('ECONNRESET', 'reset');
      return response;
    };
    const one = seek('1');
    await clock.advance(2000);
    expect(one.lock().isHeld).toBe(true);
    await one.lock().release();
  });
});

describe('taking over', () => {
  const dead = async (more: Partial<Seeking> = {}) => {
    const { clock, server, seek } = scene();
    const gone = seek('1');
    await gone.done;
    // As after kill -9: nobody renews, and nobody gives it back.
    const lease = server.lease;
    await gone.lock().release();
    server.put(() => ({ ...lease, metadata: { ...lease?.metadata } }) as typeof lease & object);
    return { clock, server, two: seek('2', more) };
  };

  test('not before it has been the same for 180 s', async () => {
    const { clock, two } = await dead();
    await clock.advance(179_000);
    expect(two.state).toEqual({});
    await clock.advance(2000);
    expect(two.lock().isHeld).toBe(true);
    await two.lock().release();
  });

  test('at once where the server itself wrote it longer ago than that', async () => {
    const { clock, server, seek } = scene();
    const gone = seek('1');
    await gone.done;
    const lease = server.lease;
    await gone.lock().release();
    server.put(() => lease as typeof lease & object);
    await clock.jump(4 * minute);
    const two = seek('2');
    await clock.settle();
    expect(two.lock().isHeld).toBe(true);
    await two.lock().release();
  });

  test("the holder's own clock is not believed: renewed an hour ago, and alive", async () => {
    const { clock, server, seek } = scene();
    const one = seek('1');
    await one.done;
    const renewTime = '2026-11-27T11:00:00.000000Z';
    const old = () =>
      server.put((lease) => ({ ...lease, spec: { ...fieldsAt(lease, 'spec'), renewTime } }));
    old();
    const two = seek('2');
    await clock.advance(2 * minute);
    old();
    await clock.advance(2 * minute);
    expect(two.state).toEqual({});
    two.cancel.abort();
    await two.done;
    await one.lock().release();
  });

  test('a clock that is set forward is no proof', async () => {
    const { clock, server, two } = await dead({ timeoutMs: 600 * minute });
    await clock.advance(10_000);
    // The machine's clock jumps by an hour; the server's does not.
    server.aheadMs = -60 * minute;
    await clock.jump(60 * minute);
    await clock.advance(20_000);
    expect(two.state).toEqual({});
    await clock.advance(150_000);
    expect(two.lock().isHeld).toBe(true);
    await two.lock().release();
  });

  test('at once where GitHub says that the run has ended', async () => {
    const asked: string[] = [];
    const { clock, two } = await dead({
      hasEnded: async (identity) => {
        asked.push(identity);
        return asked.length > 1;
      },
    });
    await clock.advance(14_000);
    expect(two.state).toEqual({});
    await clock.advance(2000);
    expect(two.lock().isHeld).toBe(true);
    expect(asked[0]).toContain('/actions/runs/1/attempts/1');
    await two.lock().release();
  });
});

const write: ApiRequest = { method: 'PATCH', path: '/apis/apps/v1/namespaces/web/deployments/a' };

describe('holding it', () => {
  const held = async () => {
    const { clock, server, seek } = scene();
    const one = seek('1');
    await one.done;
    const writes: string[] = [];
    server.fault = ({ method, path }) => {
      if (!path.includes('/deployments/')) return undefined;
      writes.push(method);
      return { status: 200, headers: {}, body: {} };
    };
    const cluster = guarded(server, () => one.state.lock);
    const steal = () =>
      server.put((lease) => takenLease(lease, { identity: 'thief#1', actor: 'eve' }, clock.now()));
    return { clock, server, one, cluster, writes, steal, lock: one.lock() };
  };

  test('renews every 15 s', async () => {
    const { clock, server, lock } = await held();
    server.requests.length = 0;
    await clock.advance(minute);
    expect(server.requests.filter((each) => each.startsWith('PUT'))).toHaveLength(4);
    await lock.release();
  });

  test('a stage asks the API, even right after an answer; a write believes one for 30 s', async () => {
    const { clock, server, lock, cluster } = await held();
    server.requests.length = 0;
    await clock.advance(1);
    await Promise.all([lock.confirm(), lock.confirm()]);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    await cluster.send(write);
    expect(server.requests.filter((each) => each.startsWith('PUT'))).toHaveLength(1);
    await lock.release();
  });

  test('once lost, it says so and writes nothing more', async () => {
    const { clock, cluster, lock, steal, writes, one } = await held();
    steal();
    await clock.advance(1);
    const { code, evidence } = await problem(lock.confirm());
    expect(code).toBe('lock-lost');
    expect(evidence[0]).toContain('now held by thief by eve');
    expect((await problem(cluster.send(write))).code).toBe('lock-lost');
    expect(writes).toEqual([]);
    expect(lock.signal.aborted).toBe(true);
    expect(one.log.lines.join()).toContain('writes nothing more');
  });

  test('finds out by itself while it only waits', async () => {
    const { clock, lock, steal } = await held();
    steal();
    await clock.advance(16_000);
    expect(lock.loss?.code).toBe('lock-lost');
  });

  test('a Lease that was deleted is lost, and not made again', async () => {
    const { clock, server, lock } = await held();
    server.lease = undefined;
    await clock.advance(1);
    expect((await problem(lock.confirm())).evidence).toEqual([
      'Lease webgen-deploy-shop was deleted',
    ]);
    await lock.release();
    expect(server.lease).toBeUndefined();
  });

  test("another one's label on it is no loss", async () => {
    const { clock, server, lock } = await held();
    server.put((lease) => ({
      ...lease,
      metadata: { ...lease.metadata, labels: { touched: 'yes' } },
    }));
    await clock.advance(3000);
    await lock.confirm();
    expect(lock.loss).toBeUndefined();
    await lock.release();
    expect(holderOf(server.lease)).toBe('');
    expect(server.lease?.metadata.labels).toEqual({ touched: 'yes' });
  });

  test('stopped for 4 minutes and woken: another has it, so the write that waited is not sent', async () => {
    const { clock, cluster, steal, writes, server } = await held();
    // Nothing of ours runs, while somebody else waits until it has expired.
    steal();
    const { lease } = server;
    await clock.jump(4 * minute);
    server.lease = lease;
    expect((await problem(cluster.send(write))).code).toBe('lock-lost');
    expect(writes).toEqual([]);
  });

  test('stopped between the decision and the connection: asked again before it goes out', async () => {
    const { clock, server, lock, writes, one } = await held();
    const { send } = server;
    let first = true;
    server.send = async (request) => {
      if (request.path === write.path && first) {
        first = false;
        await clock.jump(4 * minute);
      }
      return send(request);
    };
    server.requests.length = 0;
    const slow = guarded(server, () => one.state.lock);
    expect((await slow.send(write)).status).toBe(200);
    expect(writes).toEqual(['PATCH']);
    expect(server.requests.some((each) => each.startsWith('PUT'))).toBe(true);
    await lock.release();
  });

  test('after an outage the API is asked before any write', async () => {
    const { clock, server, cluster, writes, lock } = await held();
    const { fault } = server;
    let away = true;
    server.fault = (request) => {
      if (away) throw new TransportError('ECONNREFUSED', 'refused');
      return fault?.(request);
    };
    await clock.advance(50_000);
    server.requests.length = 0;
    const written = cluster.send(write);
    await clock.advance(1000);
    expect(writes).toEqual([]);
    away = false;
    await clock.advance(20_000);
    expect((await written).status).toBe(200);
    const order = server.requests.filter((each) => !each.startsWith('GET'));
    const at = order.findIndex((each) => each.startsWith('PATCH'));
    expect(order.slice(0, at).some((each) => each.startsWith('PUT'))).toBe(true);
    await lock.release();
  });

  test('reads and dry runs need no lock', async () => {
    const { cluster, steal, writes, clock } = await held();
    steal();
    await clock.advance(16_000);
    await cluster.send({ ...write, path: `${write.path}?fieldManager=a&dryRun=All` });
    await cluster.send({ ...write, method: 'GET' });
    expect(writes).toEqual(['PATCH', 'GET']);
  });
});

describe('a namespace that the run makes itself', () => {
  test('is no error; the lock is taken as soon as it is there', async () => {
    const { clock, server, seek } = scene();
    server.namespaceExists = false;
    const one = seek('1');
    await one.done;
    expect(one.lock().isHeld).toBe(false);
    await one.lock().confirm();
    server.namespaceExists = true;
    await one.lock().confirm();
    expect(one.lock().isHeld).toBe(true);
    await clock.advance(20_000);
    await one.lock().release();
    expect(holderOf(server.lease)).toBe('');
  });
});

describe('the run that an identity names', () => {
  const path = 'https://github.com/acme/shop/actions/runs/42';
  test.each([
    [`${path}/attempts/3#0a1b`, { run: 42, attempt: 3 }],
    [`${path}#0a1b`, { run: 42, attempt: 1 }],
    [path, { run: 42, attempt: 1 }],
  ])('%s', (identity, numbers) => {
    const place = { server: 'https://github.com', owner: 'acme', repo: 'shop' };
    expect(runOf(identity)).toEqual({ ...place, ...numbers });
  });
  test.each([
    'terminal#0a1b',
    'https://github.com/../../actions/runs/1#a',
    'https://github.com/acme/shop/actions/runs/1/../../secrets#a',
    'https://github.com/acme/shop/actions/runs/1x#a',
    '',
  ])('none in %s', (identity) => expect(runOf(identity)).toBeUndefined());
});

describe('cancelled', () => {
  test('while it waits: it has left nothing behind', async () => {
    const { clock, server, seek } = scene();
    const one = seek('1');
    await one.done;
    const two = seek('2');
    await clock.advance(1000);
    two.cancel.abort(new Error('cancelled'));
    await two.done;
    expect(two.state.error).toEqual(new Error('cancelled'));
    expect(holderOf(server.lease)).toContain('/runs/1/');
    await one.lock().release();
  });

  test('while the answer was under way: what became ours is given back', async () => {
    const { clock, server, seek } = scene();
    const { send } = server;
    const one: { cancel?: AbortController } = {};
    server.send = async (request) => {
      const response = await send(request);
      if (request.method === 'POST') {
        one.cancel?.abort(new Error('cancelled'));
        throw new Error('cancelled');
      }
      return response;
    };
    const seeker = seek('1');
    one.cancel = seeker.cancel;
    await seeker.done;
    await clock.settle();
    expect(server.lease).toBeDefined();
    expect(holderOf(server.lease)).toBe('');
  });
});

test('a freed Lease has no holder and no time to wait', () => {
  const lease = { apiVersion: 'v1', kind: 'Lease', metadata: { name: 'a' }, spec: {} };
  expect(freedLease(lease, 0)['spec']).toMatchObject({
    holderIdentity: null,
    leaseDurationSeconds: 1,
  });
});
