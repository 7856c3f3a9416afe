import { afterEach, describe, expect, test } from '@jest/globals';
import { createApi } from '../../src/cluster/create-api.ts';
import { type WatchEvent, type WatchTarget, watchAll } from '../../src/cluster/watch.ts';
import { ActionError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { connectCluster } from '../../src/platform/cluster.ts';
import { fastClock, rememberedLog, until } from '../support/cluster/fakes.ts';
import {
  json,
  type Reply,
  type ScriptedServer,
  scriptedServer,
  status,
} from '../support/cluster/scripted-server.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanup.splice(0).reverse()) await each();
});

const pods: WatchTarget = { apiVersion: 'v1', kind: 'Pod', namespace: 'web' };

function pod(name: string, version: string, uid = `uid-${name}`) {
  return { metadata: { name, namespace: 'web', uid, resourceVersion: version } };
}

const full = (name: string, version: string, uid?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  ...pod(name, version, uid),
});

const list = (version: string, ...items: readonly unknown[]) => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: { resourceVersion: version },
  items,
});

const bookmark = (version: string) => ({
  type: 'BOOKMARK',
  object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: version } },
});

/** An open watch: what is written to it arrives at once. */
function open(reply: Reply, ...events: readonly unknown[]): Reply {
  reply.writeHead(200, { 'content-type': 'application/json' });
  reply.write(events.map((event) => `${JSON.stringify(event)}\n`).join('') || '\n');
  return reply;
}

type Script = (query: URLSearchParams, reply: Reply, nth: number) => unknown;

interface Scene {
  readonly lists: Script;
  readonly watches: Script;
  readonly http2?: boolean;
}

const discovered = {
  resources: [
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'events', kind: 'Event', namespaced: true },
  ],
};

function play(server: ScriptedServer, { lists, watches }: Scene) {
  const asked: string[] = [];
  let [listed, watched] = [0, 0];
  server.script(({ path }, reply) => {
    if (path === '/api/v1') return json(reply, 200, discovered);
    if (path.startsWith('/apis/')) return json(reply, 404, status(404, 'NotFound', ''));
    const query = new URL(path, server.url).searchParams;
    if (query.has('watch')) {
      asked.push(`watch ${query.get('resourceVersion')}`);
      watched += 1;
      return watches(query, reply, watched);
    }
    asked.push('list');
    listed += 1;
    return lists(query, reply, listed);
  });
  return asked;
}

async function watching(scene: Scene, targets: readonly WatchTarget[] = [pods], factor = 100) {
  const server = await scriptedServer({ http2: scene.http2 ?? true });
  cleanup.push(() => server.close());
  const asked = play(server, scene);
  const access = {
    server: server.url,
    tls: { ca: server.certificate },
    authorization: async () => new Secret('Bearer t'),
  };
  const cluster = connectCluster(access, { userAgent: 'test', environment: {} });
  const clock = fastClock(factor);
  const log = rememberedLog();
  const api = createApi(cluster, { clock, log, random: () => 0.5 });
  const stop = new AbortController();
  const events: string[] = [];
  const objects: KubeObject[] = [];
  const states: string[] = [];
  const handlers = {
    onEvent: (_: WatchTarget, event: Parameters<Parameters<typeof watchAll>[2]['onEvent']>[1]) => {
      const some = event.type === 'synced' ? event.objects : [event.object];
      objects.push(...some);
      const names = some.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
      events.push(`${event.type} ${names.join(' ')}`.trim());
    },
    onState: (line: string) => states.push(line),
  };
  const session = watchAll(api, targets, handlers, {
    signal: stop.signal,
    clock,
    random: () => 0.5,
  });
  const end = async () => {
    stop.abort(new Error('enough'));
    await session.ended;
  };
  cleanup.push(() => cluster.close(), end);
  return { server, asked, events, objects, states, session, end, log, api };
}

const happens = (what: string, events: readonly string[], last: string) =>
  until(`${what}: ${last}`, () => events.at(-1) === last);

describe('list and watch', () => {
  test('tells the list, then each change, and goes on from the list’s version', async () => {
    const scene = await watching({
      lists: (_, reply) => json(reply, 200, list('10', pod('a', '3'))),
      watches: (_, reply) =>
        open(
          reply,
          { type: 'ADDED', object: full('b', '11') },
          { type: 'MODIFIED', object: full('a', '12') },
          { type: 'DELETED', object: full('b', '13') },
        ),
    });
    await scene.session.synced;
    await happens('the deletion', scene.events, 'delete b@13');
    expect(scene.events).toEqual(['synced a@3', 'upsert b@11', 'upsert a@12', 'delete b@13']);
    expect(scene.asked).toEqual(['list', 'watch 10']);
    expect(scene.objects[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
  });

  test('reads a long list page by page, and once more in one piece when its pages are too old', async () => {
    const limits: (string | null)[] = [];
    const scene = await watching({
      lists: (query, reply, nth) => {
        limits.push(query.get('limit'));
        if (nth === 2) return json(reply, 410, status(410, 'Expired', 'too old'));
        if (query.get('limit') === null)
          return json(reply, 200, list('20', pod('a', '1'), pod('b', '2')));
        return json(reply, 200, { ...list('10', pod('a', '1')), metadata: { continue: 'next' } });
      },
      watches: (_, reply) => open(reply),
    });
    await scene.session.synced;
    expect(scene.events).toEqual(['synced a@1 b@2']);
    expect(limits).toEqual(['250', '250', null]);
  });

  test('asks for bookmarks, an end in five minutes, and only for what is wanted', async () => {
    const queries: URLSearchParams[] = [];
    const target = { ...pods, labelSelector: 'app=a', fieldSelector: 'spec.nodeName=n' };
    const scene = await watching(
      {
        lists: (query, reply) => json(reply, queries.push(query) && 200, list('10')),
        watches: (query, reply) => open(reply, queries.push(query) && bookmark('11')),
      },
      [target],
    );
    await scene.session.synced;
    await until('the watch', () => queries.length === 2);
    for (const query of queries) {
      expect(query.get('labelSelector')).toBe('app=a');
      expect(query.get('fieldSelector')).toBe('spec.nodeName=n');
    }
    expect(queries[1]?.get('allowWatchBookmarks')).toBe('true');
    expect(Number(queries[1]?.get('timeoutSeconds'))).toBe(310);
  });
});

describe.each([true, false])('it goes on after (HTTP/2: %s)', (http2) => {
  const lists: Script = (_, reply, nth) =>
    nth === 1
      ? json(reply, 200, list('10', pod('a', '1'), pod('b', '2'), pod('c', '3', 'old')))
      : json(reply, 200, list('30', pod('a', '1'), pod('c', '25', 'new'), pod('d', '26')));
  const afterRelist = [
    'synced a@1 b@2 c@3',
    'delete b@2',
    'delete c@3',
    'upsert c@25',
    'upsert d@26',
  ];

  test('a clean end: from the newest version, bookmarks included', async () => {
    const { events, asked } = await watching({
      http2,
      lists,
      watches: (_, reply, nth) => {
        if (nth === 1) return open(reply, { type: 'MODIFIED', object: full('a', '11') }).end();
        if (nth === 2) return open(reply, bookmark('15')).end();
        return open(reply, { type: 'ADDED', object: full('e', '16') });
      },
    });
    await happens('the third watch', events, 'upsert e@16');
    expect(asked).toEqual(['list', 'watch 10', 'watch 11', 'watch 15']);
  });

  test('a cut connection: nothing lost, nothing told twice', async () => {
    const scene = await watching({
      http2,
      lists,
      watches: (_, reply, nth) => {
        const first = { type: 'ADDED', object: full('e', '11') };
        if (nth > 1) return open(reply, first, { type: 'ADDED', object: full('f', '12') });
        open(reply, first);
        return setTimeout(() => scene.server.cut(), 50);
      },
    });
    await happens('the event after the cut', scene.events, 'upsert f@12');
    expect(scene.events).toEqual(['synced a@1 b@2 c@3', 'upsert e@11', 'upsert f@12']);
    expect(scene.asked).toEqual(['list', 'watch 10', 'watch 11']);
  });

  test('a line that was cut in the middle', async () => {
    const { events } = await watching({
      http2,
      lists,
      watches: (_, reply, nth) => {
        const line = `${JSON.stringify({ type: 'ADDED', object: full('é', '11') })}\n`;
        if (nth === 1) {
          reply.writeHead(200, { 'content-type': 'application/json' });
          return reply.end(Buffer.from(line).subarray(0, 70));
        }
        return open(reply, { type: 'ADDED', object: full('é', '11') });
      },
    });
    await happens('the whole line', events, 'upsert é@11');
  });

  test.each<[string, Script]>([
    ['410 as the answer', (_, reply) => json(reply, 410, status(410, 'Expired', 'too old'))],
    [
      '410 as an event',
      (_, reply) => open(reply, { type: 'ERROR', object: status(410, 'Expired', 'too old') }).end(),
    ],
    [
      'another ERROR event',
      (_, reply) => open(reply, { type: 'ERROR', object: status(500, 'InternalError', 'x') }).end(),
    ],
    [
      'an ERROR event, left open',
      (_, reply) => open(reply, { type: 'ERROR', object: status(410, 'Expired', '') }),
    ],
    ['silence', (_, reply) => open(reply)],
    ['no answer at all', () => undefined],
    [
      'three ends in a moment',
      (query, reply) => query.get('resourceVersion') === '10' && open(reply).end(),
    ],
  ])('%s: a new list, told as what has changed', async (_, failing) => {
    const { events, asked } = await watching({
      http2,
      lists,
      watches: (query, reply, nth) =>
        query.get('resourceVersion') === '10'
          ? failing(query, reply, nth)
          : open(reply, { type: 'ADDED', object: full('e', '31') }),
    });
    await happens('the event after the new list', events, 'upsert e@31');
    expect(events).toEqual([...afterRelist, 'upsert e@31']);
    expect(asked.at(-1)).toBe('watch 30');
  });

  test('429: no sooner than asked', async () => {
    const times: number[] = [];
    const { events } = await watching(
      {
        http2,
        lists,
        watches: (_, reply, nth) => {
          times.push(performance.now());
          if (nth > 1) return open(reply, { type: 'ADDED', object: full('e', '31') });
          return json(reply, 429, status(429, 'TooManyRequests', ''), { 'retry-after': '2' });
        },
      },
      [pods],
      10,
    );
    await happens('the second watch', events, 'upsert e@31');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(195);
  });

  test('a server that is away for a while', async () => {
    const scene = await watching({
      http2,
      lists,
      watches: (query, reply) =>
        query.get('resourceVersion') === '10'
          ? open(reply)
          : open(reply, { type: 'ADDED', object: full('e', '31') }),
    });
    await scene.session.synced;
    await until('the watch', () => scene.asked.length === 2);
    await scene.server.close();
    await new Promise((resolve) => setTimeout(resolve, 900));
    const again = await scriptedServer({ http2, port: scene.server.port });
    cleanup.push(() => again.close());
    play(again, {
      lists: (query, reply) => lists(query, reply, 2),
      watches: (_, reply) => open(reply, { type: 'ADDED', object: full('e', '31') }),
    });
    await happens('the event afterwards', scene.events, 'upsert e@31');
    expect(scene.log.lines).toEqual([
      'The Kubernetes API is in trouble: the connection is refused. Trying again.',
      expect.stringMatching(/is back after \d+ s\.$/),
    ]);
  });
});

test('silence is looked at when the caller says so, and only heads are asked for', async () => {
  const server = await scriptedServer();
  cleanup.push(() => server.close());
  const accepts: unknown[] = [];
  server.script(({ path, headers }, reply) => {
    if (path === '/api/v1') return json(reply, 200, discovered);
    const query = new URL(path, server.url).searchParams;
    if (query.has('watch')) {
      const object = { ...full('a', '11'), metadata: { ...full('a', '11').metadata } };
      const managed = { ...object, metadata: { ...object.metadata, managedFields: [{}] } };
      return open(reply, { type: 'MODIFIED', object: managed });
    }
    accepts.push(headers['accept']);
    return json(reply, 200, list('10', pod('a', accepts.length > 1 ? '11' : '1')));
  });
  const access = { server: server.url, tls: { ca: server.certificate } };
  const authorization = async () => new Secret('Bearer t');
  const cluster = connectCluster({ ...access, authorization }, { userAgent: 't', environment: {} });
  cleanup.push(() => cluster.close());
  const clock = fastClock(1);
  const stop = new AbortController();
  cleanup.push(() => stop.abort(new Error('over')));
  const told: KubeObject[] = [];
  const api = createApi(cluster, { clock, log: rememberedLog() });
  const onEvent = (_: WatchTarget, event: WatchEvent) =>
    event.type === 'upsert' && told.push(event.object);
  watchAll(api, [pods], { onEvent }, { signal: stop.signal, clock, silenceMs: 60 });
  await until('two looks', () => accepts.length >= 3);
  expect(accepts[0]).toBe('application/json');
  expect(String(accepts[1])).toMatch(/as=PartialObjectMetadataList.*,application\/json$/);
  expect(told.map(({ metadata }) => metadata.managedFields)).toEqual([undefined]);
});

test('silence where nothing has happened costs one list and leaves the watch open', async () => {
  let reply: Reply | undefined;
  const { asked, events } = await watching({
    lists: (_, answer) => json(answer, 200, list('10', pod('a', '1'))),
    watches: (_, answer) => {
      reply = open(answer);
    },
  });
  await until('a second look', () => asked.length === 4);
  expect(asked).toEqual(['list', 'watch 10', 'list', 'list']);
  reply?.write(`${JSON.stringify({ type: 'ADDED', object: full('b', '11') })}\n`);
  await happens('the event on the same watch', events, 'upsert b@11');
});

describe('permissions', () => {
  const refused = (verb: string, kind: string) =>
    status(
      403,
      'Forbidden',
      `${kind} is forbidden: User "u" cannot ${verb} resource "${kind}" in API group "" in the namespace "web"`,
    );
  const events: WatchTarget = { apiVersion: 'v1', kind: 'Event', namespace: 'web', optional: true };

  test('a forbidden watch becomes a list every two seconds', async () => {
    const scene = await watching({
      lists: (_, reply, nth) =>
        json(reply, 200, nth < 3 ? list('10', pod('a', '1')) : list('12', pod('b', '2'))),
      watches: (_, reply) => json(reply, 403, refused('watch', 'pods')),
    });
    await happens('the change', scene.events, 'upsert b@2');
    expect(scene.events).toEqual(['synced a@1', 'delete a@1', 'upsert b@2']);
    expect(scene.states).toEqual([
      'u may not watch pods in namespace web. Asking every 2 s instead.',
    ]);
    expect(scene.asked.filter((each) => each !== 'list')).toEqual(['watch 10']);
  });

  test('what is optional is said once and left out', async () => {
    const scene = await watching(
      {
        lists: (_, reply) => json(reply, 403, refused('list', 'events')),
        watches: (_, reply) => open(reply),
      },
      [events, { apiVersion: 'none.io/v1', kind: 'Thing', optional: true }],
    );
    await scene.session.synced;
    expect([...scene.states].sort()).toEqual([
      'The cluster does not serve Thing of none.io/v1. Continuing without it.',
      'u may not list events in namespace web. Continuing without it.',
    ]);
    expect(scene.events).toEqual([]);
  });

  test('what is needed is an error, all of it at once, with the rule to add', async () => {
    const scene = await watching(
      { lists: (_, reply) => json(reply, 403, refused('list', 'pods')), watches: () => undefined },
      [pods, { apiVersion: 'none.io/v1', kind: 'Thing' }],
    );
    const error = await scene.session.synced.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ActionError);
    const { findings } = error as ActionError;
    expect(findings.map((each) => each.code)).toEqual(['forbidden', 'kind-unknown']);
    expect(findings[0].hint).toContain('resources: ["pods"]\n  verbs: ["list", "watch"]');
    await scene.session.ended;
  });
});

describe('the end', () => {
  const quiet: Scene = {
    lists: (_, reply) => json(reply, 200, list('10', pod('a', '1'))),
    watches: (_, reply) => open(reply),
  };

  test('an abort ends everything at once', async () => {
    const { session, end, asked } = await watching(quiet);
    await session.synced;
    await until('the watch', () => asked.length === 2);
    const began = performance.now();
    await end();
    expect(performance.now() - began).toBeLessThan(200);
  });

  test('an abort before the first list rejects synced with its reason', async () => {
    const { session, end } = await watching({ ...quiet, lists: () => undefined });
    await end();
    await expect(session.synced).rejects.toThrow('enough');
  });

  test('what a handler throws is not swallowed', async () => {
    const server = await scriptedServer();
    cleanup.push(() => server.close());
    play(server, {
      ...quiet,
      watches: (_, reply) => open(reply, { type: 'ADDED', object: full('b', '11') }),
    });
    const access = {
      server: server.url,
      tls: { ca: server.certificate },
      authorization: async () => undefined,
    };
    const cluster = connectCluster(access, { userAgent: 'test', environment: {} });
    cleanup.push(() => cluster.close());
    const clock = fastClock();
    const api = createApi(cluster, { clock, log: rememberedLog() });
    const onEvent = (_: WatchTarget, { type }: { readonly type: string }) => {
      if (type === 'upsert') throw new RangeError('a bug');
    };
    const { signal } = new AbortController();
    const session = watchAll(api, [pods], { onEvent }, { signal, clock });
    await session.synced;
    await expect(session.ended).rejects.toThrow(new RangeError('a bug'));
  });
});
