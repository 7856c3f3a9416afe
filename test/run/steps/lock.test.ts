import { describe, expect, test } from '@jest/globals';
import { ActionError, finding } from '../../../src/core/errors.ts';
import type { Document } from '../../../src/kube/document.ts';
import type { Lock } from '../../../src/lock/hold.ts';
import { takenLease } from '../../../src/lock/lease.ts';
import { type Connection, newState, type Run } from '../../../src/run/state/state.ts';
import { runStep } from '../../../src/run/steps.ts';
import { rememberedLog } from '../../support/cluster/fakes.ts';
import { leaseServer } from '../../support/lock/lease-server.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { run } from '../../support/run.ts';

const minutes = 60_000;

function scene({
  namespace,
  manifests = ['app.yaml'],
}: {
  namespace?: string;
  manifests?: string[];
}) {
  const clock = manualClock();
  const server = leaseServer(clock);
  const log = rememberedLog();
  const state = newState(clock.now());
  state.connection = { cluster: server } as unknown as Connection;
  const running = {
    inputs: { app: 'shop', manifests, ...(namespace ? { namespace } : {}) },
    context: run({ repository: 'acme/shop' }),
    engine: { ports: { clock, log } },
    signal: new AbortController().signal,
    state,
  } as unknown as Run;
  const holds = () => takenLease(server.lease as never, { identity: 'x', actor: 'eve' }, 0);
  return { clock, server, log, state, running, holds };
}

async function acquire(running: Run): Promise<Lock | undefined> {
  delete running.state.lock;
  await runStep({ do: 'acquire-lock', timeoutMs: minutes }, running);
  return running.state.lock;
}

const documentIn = (namespace: string): Document => ({
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } },
  file: 'app.yaml',
  line: 1,
  lineOf: () => 1,
});

describe('the lock of a run', () => {
  test('is waited for while other steps go on, and named with its holder', async () => {
    const { server, running, state, log } = scene({ namespace: 'web' });
    const lock = acquire(running);
    expect(server.requests).toEqual([]);
    state.given.connection.resolve();
    expect((await lock)?.isHeld).toBe(true);
    expect(log.lines).toEqual(['holding the lock webgen-deploy-shop in namespace web']);
    expect(server.lease?.['spec']).toMatchObject({
      holderIdentity: expect.stringMatching(
        /^https:\/\/github.com\/acme\/Web.Shop\/actions\/runs\/1\/attempts\/1#[0-9a-f]{8}$/,
      ),
    });
    await (await lock)?.release();
  });

  test('fails as the connection did', async () => {
    const { running, state } = scene({ namespace: 'web' });
    const lock = acquire(running);
    const error = new ActionError(finding('unauthenticated', 'no'));
    state.given.connection.reject(error);
    await expect(lock).rejects.toBe(error);
  });

  test('without a namespace is in the first one that the manifests name', async () => {
    const { server, running, state } = scene({});
    state.given.connection.resolve();
    const lock = acquire(running);
    state.namespace = 'default';
    state.documents = ['web', 'api', 'db'].map(documentIn);
    state.given.documents.resolve();
    await (await lock)?.confirm();
    expect(server.lease?.metadata.namespace).toBe('api');
    await (await lock)?.release();
  });

  test("is in the context's namespace where the manifests name none", async () => {
    const { server, running, state } = scene({});
    state.namespace = 'default';
    state.given.connection.resolve();
    state.given.documents.resolve();
    const lock = await acquire(running);
    expect(server.lease?.metadata.namespace).toBe('default');
    await lock?.release();
  });

  test('is none where nothing goes into a namespace', async () => {
    const { running, state, server } = scene({});
    state.given.connection.resolve();
    state.given.documents.resolve();
    expect(await acquire(running)).toBeUndefined();
    const images = scene({ manifests: [] });
    images.state.given.connection.resolve();
    expect(await acquire(images.running)).toBeUndefined();
    expect(server.requests).toEqual([]);
  });

  test('is no longer waited for once another step has failed', async () => {
    const { clock, server, running, state, holds } = scene({ namespace: 'web' });
    state.given.connection.resolve();
    const first = await acquire(running);
    server.put(holds);
    const second = acquire(running);
    await clock.advance(1000);
    state.failed.abort();
    expect(await second).toBeUndefined();
    await first?.release();
  });

  test('of a namespace that does not exist yet is taken when it does', async () => {
    const { server, running, state, log } = scene({ namespace: 'web' });
    server.namespaceExists = false;
    state.given.connection.resolve();
    const lock = await acquire(running);
    expect(lock?.isHeld).toBe(false);
    expect(log.lines[0]).toContain('is taken when the namespace web is there');
    // Also where another step failed meanwhile: an undo has to hold it.
    state.failed.abort();
    server.namespaceExists = true;
    await lock?.confirm();
    expect(lock?.isHeld).toBe(true);
    await lock?.release();
  });
});
