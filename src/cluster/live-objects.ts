// Reads the objects as they are now: one list where several of a kind are wanted.
import { ActionError, type Finding, finding } from '../core/errors.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';
import type { Resource } from '../kube/resource.ts';
import type { Api } from './api.ts';
import { apiFailure } from './api-errors.ts';
import { listAll, withoutReleases } from './list.ts';
import { isTooDeep } from './sound.ts';

export interface Wanted {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export interface LiveObjects {
  /** By identity; objects that do not exist are absent. */
  readonly live: ReadonlyMap<string, KubeObject>;
  /** `forbidden`, once for each kind and namespace that may not be read. */
  readonly findings: readonly Finding[];
  /** What was wanted and may not be read. */
  readonly hidden: readonly Wanted[];
}

/** Throws ActionError for every trouble but a missing permission. */
export async function readLive(
  wanted: readonly Wanted[],
  api: Api,
  signal?: AbortSignal,
): Promise<LiveObjects> {
  const places = Map.groupBy(wanted, ({ resource, object }) =>
    [resource.apiVersion, resource.plural, object.metadata.namespace].join(' '),
  );
  const findings: Finding[] = [];
  const hidden: Wanted[] = [];
  const read = await Promise.all(
    [...places.values()].map((group) =>
      whereAllowed(readGroup({ group, api, signal }), (finding) => {
        findings.push(finding);
        hidden.push(...group);
      }),
    ),
  );
  const objects = read.flatMap((each) => each ?? []);
  const deep = objects.find(isTooDeep);
  if (deep) throw new ActionError(tooDeep(deep));
  const live = new Map(objects.map((object) => [identityOf(object), object]));
  return { live, findings, hidden };
}

function tooDeep(object: KubeObject): Finding {
  const { namespace } = object.metadata;
  return finding('api-error', `${nameOf(object)} is nested too deep to be compared.`, {
    object: nameOf(object),
    ...(namespace === undefined ? {} : { namespace }),
    hint: 'Find out who writes it, and take what is nested out of it.',
  });
}

/** The result, or undefined where the account may not; the finding says what it lacks. */
export async function whereAllowed<T>(
  work: Promise<T>,
  onForbidden: (finding: Finding) => void,
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ActionError) || error.findings[0].code !== 'forbidden') throw error;
    onForbidden(error.findings[0]);
    return undefined;
  }
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
  const list = listAll(api, first.resource, selectionFor(first, signal));
  const listed = await whereAllowed(list, () => undefined);
  return listed ? listed.objects : each();
}

function selectionFor({ resource, object }: Wanted, signal: AbortSignal | undefined) {
  const { namespace } = object.metadata;
  const secrets = kindKey(resource) === 'Secret';
  return {
    ...(namespace ? { namespace } : {}),
    ...(signal ? { signal } : {}),
    ...(secrets ? { fieldSelector: withoutReleases } : {}),
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
