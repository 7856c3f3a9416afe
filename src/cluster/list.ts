// Asks for all objects of a kind: as a list, page by page, or as the path of a watch.
import { defined } from '../core/defined.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { ApiRequest } from '../core/ports.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';
import type { Resource } from '../kube/resource.ts';
import type { Api } from './api.ts';
import { apiFailure } from './api-errors.ts';

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

interface ListBody {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubeObject[] | null;
}

export interface ListOptions {
  readonly signal?: AbortSignal;
  /** Names, labels and versions only. */
  readonly headsOnly?: boolean;
  /** What is kept of each object, page by page; default: all. */
  keep?(object: KubeObject): KubeObject;
  /** Of each request, milliseconds. */
  readonly timeoutMs?: number;
  /** Objects that one answer holds; default 250. */
  readonly pageSize?: number;
  /** Beyond so many it is not gone on: what is there is given back. Default: no limit. */
  readonly most?: number;
}

// kubectl takes 500; of pods that is 4 MB of text, which are 15 MB once parsed.
const usualPage = 250;
/** 100,000 objects: more than the largest cluster has pods in a namespace. */
const mostPages = 400;
/** `accept` of an answer with the metadata of each object alone. */
export const headsAlone = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
// With the plain form behind it: an aggregated API server may not know how to leave things out.
const heads = `${headsAlone},application/json`;

/** Field selector of Secrets. A namespace may hold hundreds of releases of ours and of Helm's. */
export const withoutReleases = 'type!=helm.sh/release.v1,type!=webgen-deploy/release';

/**
 * The newest state, complete. No `resourceVersion` is asked for, so the server reads what is
 * written, never an older cache. Throws ActionError: `forbidden` or `api-error`.
 */
export async function listAll(
  api: Pick<Api, 'send'>,
  resource: Resource,
  selection: Selection & ListOptions = {},
): Promise<Listing> {
  const {
    namespace,
    labelSelector,
    fieldSelector,
    keep = (object) => object,
    most = Infinity,
  } = selection;
  const objects: KubeObject[] = [];
  let from: string | undefined;
  let limit: number | undefined = selection.pageSize ?? usualPage;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const query = { labelSelector, fieldSelector, limit, continue: from };
    const request = requestFor(pathOf(resource, { namespace, query }), selection);
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
    const { items, metadata } = response.body as ListBody;
    const { apiVersion, kind } = resource;
    for (const item of items ?? []) objects.push(keep({ ...item, apiVersion, kind }));
    from = metadata?.continue || undefined;
    if (!from || objects.length > most)
      return { objects, resourceVersion: metadata?.resourceVersion ?? '' };
  }
  throw new ActionError(endless(resource));
}

function endless({ plural }: Resource): Finding {
  const what = `Listing ${plural} failed: the API still had more after ${mostPages} pages.`;
  return finding('api-error', what, {
    hint: 'Look at what stands between: a proxy or gateway, or the API service that serves the kind.',
  });
}

function requestFor(path: string, { signal, headsOnly, timeoutMs }: ListOptions): ApiRequest {
  return {
    method: 'GET',
    path,
    ...defined({ signal, timeoutMs }),
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
