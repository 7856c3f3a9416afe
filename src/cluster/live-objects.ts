// Reads the objects as they are now: one list where several of a kind are wanted, else one read each.
import { ActionError } from '../errors.ts';
import type { Api, Resource } from './api.ts';
import { apiFailure } from './api-errors.ts';
import { listAll } from './list.ts';
import { identityOf, type KubeObject, kindKey } from './objects.ts';
import { pathOf } from './paths.ts';

export interface Wanted {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** identity → the live object. Objects that do not exist are absent. Throws ActionError. */
export async function readLive(
  wanted: readonly Wanted[],
  api: Api,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const places = Map.groupBy(wanted, ({ resource, object }) =>
    [resource.apiVersion, resource.plural, object.metadata.namespace].join(' '),
  );
  const read = await Promise.all(
    [...places.values()].map((group) => readGroup({ group, api, signal })),
  );
  return new Map(read.flat().map((object) => [identityOf(object), object]));
}

interface Group {
  readonly group: readonly Wanted[];
  readonly api: Api;
  readonly signal: AbortSignal | undefined;
}

async function readGroup({ group, api, signal }: Group): Promise<readonly KubeObject[]> {
  const [first] = group;
  if (!first) return [];
  const one = ({ resource, object }: Wanted) => readOne({ resource, object, api, signal });
  const each = async () =>
    (await Promise.all(group.map(one))).filter((found) => found !== undefined);
  if (group.length < 3) return each();
  try {
    const { objects } = await listAll(api, first.resource, selectionFor(first, signal));
    return objects;
  } catch (error) {
    const forbidden = error instanceof ActionError && error.findings[0].code === 'forbidden';
    if (forbidden) return each();
    throw error;
  }
}

/** A namespace may hold hundreds of Helm releases, a megabyte each. */
function selectionFor({ resource, object }: Wanted, signal: AbortSignal | undefined) {
  const { namespace } = object.metadata;
  const secrets = kindKey(resource) === 'Secret';
  const fieldSelector = 'type!=helm.sh/release.v1,type!=webgen-deploy/release';
  return {
    ...(namespace ? { namespace } : {}),
    ...(signal ? { signal } : {}),
    ...(secrets ? { fieldSelector } : {}),
  };
}

interface One extends Wanted {
  readonly api: Api;
  readonly signal: AbortSignal | undefined;
}

/** The live object; undefined where it, its namespace or its kind does not exist. */
export async function readOne({
  resource,
  object,
  api,
  signal,
}: One): Promise<KubeObject | undefined> {
  const { name, namespace } = object.metadata;
  const path = pathOf(resource, { namespace, name });
  const request = { method: 'GET', path, ...(signal ? { signal } : {}) } as const;
  const response = await api.send(request);
  if (response.status === 200) return response.body as KubeObject;
  if (response.status === 404) return undefined;
  throw new ActionError(apiFailure(`Reading ${object.kind}/${name}`, response, request));
}
