// Records a state for test/fixtures/cluster: what a real API server sends after manifests are applied.
// usage: KUBECONFIG=… node scripts/record.ts KIND/STATE 'what it shows' SECONDS FIRST.yaml [THEN.yaml]
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { createApi } from '../src/cluster/create-api.ts';
import { watchAll } from '../src/cluster/watch.ts';
import { Secret } from '../src/core/secret.ts';
import { isFields } from '../src/kube/json.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { pathOf } from '../src/kube/paths.ts';
import { realClock } from '../src/platform/clock.ts';
import { connectCluster } from '../src/platform/cluster.ts';
import { loadKubeconfig } from '../src/platform/kubeconfig.ts';
import { watchPlan } from '../src/rollout/wait/watch-plan.ts';

const [name = '', shows = '', seconds = '15', first = '', then] = process.argv.slice(2);
const log = {
  info: console.error,
  debug: () => undefined,
  group: <T>(_: string, work: () => Promise<T>) => work(),
  annotate: () => undefined,
  mask: () => undefined,
};
const text = new Secret(await readFile(`${process.env['KUBECONFIG']}`, 'utf8'));
const cluster = connectCluster(await loadKubeconfig(text), { userAgent: 'webgen-deploy-record' });
const clock = realClock();
const api = createApi(cluster, { clock, log });
const namespace = name.replace('/', '-');

const apply = async (object: KubeObject): Promise<KubeObject> => {
  const resource = await api.resourceOf(object.apiVersion, object.kind);
  if (!resource) throw new Error(`${object.kind} is not served`);
  const place = resource.namespaced ? { namespace } : {};
  const query = { fieldManager: 'record', force: true };
  const response = await api.send({
    method: 'PATCH',
    path: pathOf(resource, { ...place, name: object.metadata.name, query }),
    contentType: 'application/apply-patch+yaml',
    body: { ...object, metadata: { ...object.metadata, ...place } },
  });
  if (response.status > 201) throw new Error(JSON.stringify(response.body));
  return response.body as KubeObject;
};

const objectsIn = async (path: string) =>
  parseAllDocuments(await readFile(path, 'utf8')).map((each) => each.toJS() as KubeObject);

function without({ metadata, ...rest }: KubeObject): KubeObject {
  const { managedFields, ...kept } = metadata;
  return { ...rest, metadata: kept } as KubeObject;
}

/** A JSON merge patch. */
function patchOf(before: unknown, after: unknown): unknown {
  if (!isFields(before) || !isFields(after)) return after;
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key]));
  return Object.fromEntries(
    changed.map((key) => [key, key in after ? patchOf(before[key], after[key]) : null]),
  );
}

await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
const before = await objectsIn(first);
const earlier = then === undefined ? [] : before;
for (const object of earlier) await apply(object);
if (then !== undefined) await clock.sleep(Number(seconds) * 1_000);
const written = then === undefined ? before : await objectsIn(then);

const startedAt = clock.now();
const known = new Map<string, KubeObject>();
const events: object[] = [];
const put = (raw: KubeObject): void => {
  const object = without(raw);
  const uid = object.metadata.uid ?? '';
  const old = known.get(uid);
  known.set(uid, object);
  const at = Math.round(clock.now() - startedAt);
  events.push(old ? { at, uid, patch: patchOf(old, object) } : { at, object });
};
const placed = await Promise.all(
  written.map(async (each) => {
    const resource = await api.resourceOf(each.apiVersion, each.kind);
    return resource?.namespaced ? { ...each, metadata: { ...each.metadata, namespace } } : each;
  }),
);
const plan = watchPlan(placed);
const stop = new AbortController();
const session = watchAll(
  api,
  plan,
  {
    onEvent(_, event) {
      if (event.type === 'synced') event.objects.forEach(put);
      else if (event.type === 'upsert') put(event.object);
      else
        events.push({ at: Math.round(clock.now() - startedAt), gone: event.object.metadata.uid });
    },
  },
  { signal: stop.signal, clock },
);
await session.synced;
const writes = [];
for (const object of written) {
  const at = Math.round(clock.now() - startedAt);
  writes.push({ at, object: without(await apply(object)) });
}
await clock.sleep(Number(seconds) * 1_000);
stop.abort();
await session.ended.catch(() => undefined);
const listed = plan.map(({ apiVersion, kind, namespace: where }) => ({
  kind: apiVersion.includes('/') ? `${apiVersion.split('/')[0]}/${kind}` : kind,
  ...(where === undefined ? {} : { namespace: where }),
}));
const path = join(import.meta.dirname, '..', 'test', 'fixtures', 'cluster', `${name}.yaml`);
await mkdir(dirname(path), { recursive: true });
const tape = { shows, startedAt: new Date(startedAt).toISOString(), writes, events, listed };
await writeFile(path, stringify(tape, { aliasDuplicateObjects: false }));
console.error(`${path}: ${events.length} events`);
process.exit(0);
