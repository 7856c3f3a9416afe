// Reads for the checks: each object and list once, bounded, and a missing permission is an answer.

import type { Api } from '../cluster/api.ts';
import { listAll, withoutReleases } from '../cluster/list.ts';
import { readOne, whereAllowed } from '../cluster/live-objects.ts';
import { ActionError, type Finding } from '../core/errors.ts';
import { fieldsAt } from '../kube/json.ts';
import { type KubeObject, kindKey } from '../kube/objects.ts';
import type { Resource } from '../kube/resource.ts';

/** What a read has shown. */
export type Read<T> =
  | { readonly state: 'known'; readonly value: T }
  | { readonly state: 'forbidden'; readonly finding: Finding }
  /** No answer, or not in time. */
  | { readonly state: 'unknown'; readonly why: string };

export interface ClusterReader {
  /** The live object; undefined: it does not exist. A Secret's values are dropped, its keys are kept. */
  get(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): Promise<Read<KubeObject | undefined>>;
  /** At most 1,000 of a kind, in a namespace or everywhere; Secrets without releases and values. */
  list(resource: Resource, namespace?: string): Promise<Read<readonly KubeObject[]>>;
  /** The same as names and labels only. */
  heads(resource: Resource, namespace?: string): Promise<Read<readonly KubeObject[]>>;
}

const requestMs = 5_000;
const mostListed = 1_000;

/** Nothing is read before it is asked for. `signal` ends every read, which is then `unknown`. */
export function clusterReader(api: Api, signal: AbortSignal): ClusterReader {
  const answers = new Map<string, Promise<Read<unknown>>>();
  const once = <T>(key: readonly unknown[], work: () => Promise<T>): Promise<Read<T>> => {
    const name = JSON.stringify(key);
    const known = answers.get(name);
    if (known !== undefined) return known as Promise<Read<T>>;
    const answer = answered(work(), signal);
    // Whoever reads ahead does not wait: a defect is thrown where the answer is used.
    answer.catch(() => undefined);
    answers.set(name, answer);
    return answer;
  };
  const listed = (resource: Resource, namespace: string | undefined, headsOnly: boolean) => {
    const { apiVersion, kind } = resource;
    const at = resource.namespaced ? namespace : undefined;
    return once(['list', apiVersion, kind, at, headsOnly], async () => {
      const isSecret = kindKey(resource) === 'Secret';
      const { objects } = await listAll(api, resource, {
        ...(at ? { namespace: at } : {}),
        ...(isSecret ? { fieldSelector: withoutReleases } : {}),
        keep: withoutValues,
        headsOnly,
        timeoutMs: requestMs,
        most: mostListed,
        signal,
      });
      return objects;
    });
  };
  const batches = new Map<string, Batch>();
  return {
    get(resource, namespace, name) {
      const at = resource.namespaced ? namespace : undefined;
      const { apiVersion, kind } = resource;
      return once(['get', apiVersion, kind, at, name], () => {
        const key = JSON.stringify([apiVersion, kind, at]);
        const batch = batches.get(key) ?? newBatch(() => batches.delete(key));
        batches.set(key, batch);
        batch.names.add(name);
        return found({ resource, namespace: at, name, batch, api, signal });
      });
    },
    list: (resource, namespace) => listed(resource, namespace, false),
    heads: (resource, namespace) => listed(resource, namespace, true),
  };
}

/** What is asked for in the same moment; closed with it. */
interface Batch {
  readonly names: Set<string>;
  readonly isClosed: Promise<void>;
  /** One page of all of the kind, if enough of them are asked for. */
  page?: Promise<ReadonlyMap<string, KubeObject> | undefined>;
}

function newBatch(onClosed: () => void): Batch {
  return { names: new Set(), isClosed: Promise.resolve().then(onClosed) };
}

/** From this many on, one list is less than a read for each, as for the dry run's own reads. */
const fewest = 5;
const pageSize = 250;

interface One {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly batch: Batch;
  readonly api: Api;
  readonly signal: AbortSignal;
}

async function found(one: One): Promise<KubeObject | undefined> {
  const { resource, namespace, name, batch, api, signal } = one;
  await batch.isClosed;
  batch.page ??= batch.names.size < fewest ? Promise.resolve(undefined) : pageOf(one);
  const listed = (await batch.page)?.get(name);
  // What a list does not have (releases, a later page) is asked for by name: only that proves it missing.
  if (listed) return listed;
  const { apiVersion, kind } = resource;
  const object = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
  const alone = await readOne({ resource, object, api: timed(api), signal });
  return alone && withoutValues({ ...alone, apiVersion, kind });
}

/** The first page; undefined where it may not be listed. */
async function pageOf({ resource, namespace, api, signal }: One) {
  const listing = listAll(api, resource, {
    ...(namespace ? { namespace } : {}),
    ...(kindKey(resource) === 'Secret' ? { fieldSelector: withoutReleases } : {}),
    keep: withoutValues,
    timeoutMs: requestMs,
    pageSize,
    most: pageSize - 1,
    signal,
  });
  const listed = await whereAllowed(listing, () => undefined);
  return listed && new Map(listed.objects.map((each) => [each.metadata.name, each]));
}

const timed = (api: Api): Api => ({
  ...api,
  send: (request) => api.send({ ...request, timeoutMs: requestMs }),
});

async function answered<T>(work: Promise<T>, signal: AbortSignal): Promise<Read<T>> {
  try {
    return { state: 'known', value: await work };
  } catch (error) {
    if (signal.aborted) return { state: 'unknown', why: 'there was no answer in time' };
    if (!(error instanceof ActionError)) throw error;
    const [first] = error.findings;
    if (first.code === 'forbidden') return { state: 'forbidden', finding: first };
    return { state: 'unknown', why: first.what };
  }
}

/** What a Secret holds never stays in memory: its keys are enough. */
function withoutValues(object: KubeObject): KubeObject {
  if (kindKey(object) !== 'Secret') return object;
  const { data: _, stringData: __, ...rest } = object;
  const keys = Object.keys(fieldsAt(object, 'data'));
  return { ...rest, data: Object.fromEntries(keys.map((key) => [key, ''])) } as KubeObject;
}
