// Asks for all objects of a kind: as a list, page by page, or as the path of a watch.
import { ActionError } from '../errors.ts';
import { isFields } from '../manifests/values.ts';
import type { ApiRequest } from '../ports.ts';
import type { Api, Resource } from './api.ts';
import { apiFailure } from './api-errors.ts';
import { textAt } from './json.ts';
import type { KubeObject } from './objects.ts';
import { pathOf } from './paths.ts';
import { isSoundObject, unsound } from './sound-object.ts';

export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Listing {
  readonly objects: readonly KubeObject[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

export interface ListOptions {
  readonly signal?: AbortSignal;
  /** Names, labels and versions only. */
  readonly headsOnly?: boolean;
  /** What is kept of each object, page by page; default: all. */
  keep?(object: KubeObject): KubeObject;
  /** Of each request, milliseconds. */
  readonly timeoutMs?: number;
}

// kubectl takes 500; of pods that is 4 MB of text, which are 15 MB once parsed.
const pageSize = 250;
/** 100,000 objects: more than the largest cluster has pods in a namespace. */
const mostPages = 400;
// With the plain form behind it: an aggregated API server may not know how to leave things out.
const heads = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/**
 * The newest state, complete. No `resourceVersion` is asked for, so the server reads what is
 * written, never an older cache. Throws ActionError: `forbidden` or `api-error`.
 */
export async function listAll(
  api: Pick<Api, 'send'>,
  resource: Resource,
  selection: Selection & ListOptions = {},
): Promise<Listing> {
  const { namespace, labelSelector, fieldSelector, keep = (object) => object } = selection;
  const objects: KubeObject[] = [];
  let from: string | undefined;
  let limit: number | undefined = pageSize;
  for (let pages = 0; ; pages += 1) {
    const query = { labelSelector, fieldSelector, limit, continue: from };
    const request = requestFor(pathOf(resource, { namespace, query }), selection);
    if (pages >= mostPages) throw new ActionError(unsound(request, 'a list that ends'));
    const response = await api.send(request);
    if (response.status === 410 && from !== undefined) {
      // The pages are older than etcd remembers: once more, in one piece.
      [from, limit] = [undefined, undefined];
      objects.length = 0;
      continue;
    }
    if (response.status !== 200) {
      throw new ActionError(apiFailure(`Listing ${resource.plural}`, response, request));
    }
    for (const object of objectsIn(response.body, resource, request)) objects.push(keep(object));
    from = textAt(response.body, 'metadata', 'continue') || undefined;
    if (!from) {
      return {
        objects,
        resourceVersion: textAt(response.body, 'metadata', 'resourceVersion') ?? '',
      };
    }
  }
}

/** The items name no kind of their own. Go writes an empty list as null. */
function objectsIn(
  body: unknown,
  { apiVersion, kind }: Resource,
  request: ApiRequest,
): readonly KubeObject[] {
  const items: unknown = isFields(body) ? (body['items'] ?? []) : undefined;
  const objects = (Array.isArray(items) ? items : [items]).map((item: unknown) =>
    isFields(item) ? { ...item, apiVersion, kind } : undefined,
  );
  if (objects.every(isSoundObject)) return objects;
  throw new ActionError(unsound(request, 'a list of objects'));
}

function requestFor(path: string, { signal, headsOnly, timeoutMs }: ListOptions): ApiRequest {
  return {
    method: 'GET',
    path,
    ...(signal ? { signal } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(headsOnly ? { accept: heads } : {}),
  };
}

/**
 * The path that watches from a version on, with bookmarks. The server ends the watch after five
 * minutes; `random` (0 to 1) keeps all of ours from ending together.
 */
export function watchPath(
  resource: Resource,
  { namespace, labelSelector, fieldSelector }: Selection,
  { version, random }: { readonly version: string; readonly random: number },
): string {
  const query = {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: version,
    timeoutSeconds: 290 + Math.floor(40 * random),
    labelSelector,
    fieldSelector,
  };
  return pathOf(resource, { namespace, query });
}
