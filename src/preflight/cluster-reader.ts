// Reads for the checks: each object and list once, bounded, and a missing permission is an answer.

import type { Api } from '../cluster/api.ts';
import { listAll, withoutReleases } from '../cluster/list.ts';
import { readOne } from '../cluster/live-objects.ts';
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
    const known = answers.get(name) ?? answered(work(), signal);
    answers.set(name, known);
    return known as Promise<Read<T>>;
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
  return {
    get(resource, namespace, name) {
      const { apiVersion, kind } = resource;
      const at = resource.namespaced ? namespace : undefined;
      const object = { apiVersion, kind, metadata: { name, ...(at ? { namespace: at } : {}) } };
      return once(['get', apiVersion, kind, at, name], async () => {
        const found = await readOne({ resource, object, api: timed(api), signal });
        return found && withoutValues({ ...found, apiVersion, kind });
      });
    },
    list: (resource, namespace) => listed(resource, namespace, false),
    heads: (resource, namespace) => listed(resource, namespace, true),
  };
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
