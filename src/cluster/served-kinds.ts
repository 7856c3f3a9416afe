// Which kinds of these groups the server has, without asking what stands behind any of them.
import { ActionError } from '../errors.ts';
import type { ApiRequest } from '../ports.ts';
import type { Api, Resource } from './api.ts';
import { apiFailure } from './api-errors.ts';

interface Version {
  readonly version: string;
  /** `Stale`: its API does not answer; the rest is what it said last. */
  readonly freshness?: string;
  readonly resources?: readonly {
    readonly resource: string;
    readonly responseKind?: { readonly kind?: string };
    readonly scope?: string;
    readonly verbs?: readonly string[];
  }[];
}

interface Groups {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly Version[];
  }[];
}

// Kubernetes answers this from its own memory, so that a broken APIService holds nobody up.
const form = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
const accept = [form('v2'), form('v2beta1'), 'application/json'].join(',');

/**
 * Kinds that may be listed, each in the version that its group prefers. One request; empty where
 * the server is older than this form (Kubernetes 1.26). Throws ActionError for a refusal.
 */
export async function servedKinds(
  api: Pick<Api, 'send'>,
  isWanted: (group: string) => boolean,
  signal?: AbortSignal,
): Promise<readonly Resource[]> {
  const request: ApiRequest = {
    method: 'GET',
    path: '/apis',
    accept,
    ...(signal ? { signal } : {}),
  };
  const response = await api.send(request);
  if (response.status !== 200) {
    throw new ActionError(apiFailure('Asking which kinds there are', response, request));
  }
  const { items = [] } = response.body as Groups;
  return items.flatMap(({ metadata, versions = [] }) => {
    const group = metadata?.name ?? '';
    return isWanted(group) ? kindsOf(group, versions) : [];
  });
}

function kindsOf(group: string, versions: readonly Version[]): readonly Resource[] {
  const known = new Map<string, Resource>();
  for (const { version, freshness, resources = [] } of versions) {
    if (freshness === 'Stale') continue;
    for (const { resource, responseKind, scope, verbs = [] } of resources) {
      const kind = responseKind?.kind;
      if (!kind || known.has(kind) || !verbs.includes('list')) continue;
      const namespaced = scope === 'Namespaced';
      known.set(kind, { apiVersion: `${group}/${version}`, kind, plural: resource, namespaced });
    }
  }
  return [...known.values()];
}
