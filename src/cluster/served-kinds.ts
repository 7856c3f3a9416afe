// Which kinds of these groups the server has, without contacting the API services behind them.
import { ActionError } from '../core/errors.ts';
import type { ApiRequest } from '../core/ports.ts';
import { listAt, textAt } from '../kube/json.ts';
import type { Resource } from '../kube/resource.ts';
import type { Api } from './api.ts';
import { apiFailure } from './api-errors.ts';

// Kubernetes answers this from memory, so that a broken APIService delays nothing.
const form = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
const accept = [form('v2'), form('v2beta1'), 'application/json'].join(',');

/**
 * Kinds that can be listed, each in its group's preferred version. One request; empty if
 * the server is older than this form (Kubernetes 1.26). Throws ActionError if it is refused.
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
  return listAt(response.body, 'items').flatMap((item) => {
    const group = textAt(item, 'metadata', 'name') ?? '';
    return isWanted(group) ? kindsOf(group, listAt(item, 'versions')) : [];
  });
}

function kindsOf(group: string, versions: readonly unknown[]): readonly Resource[] {
  const known = new Map<string, Resource>();
  for (const each of versions) {
    // `Stale`: its API does not answer; the list is its last known one.
    if (textAt(each, 'freshness') === 'Stale') continue;
    const apiVersion = `${group}/${textAt(each, 'version') ?? ''}`;
    for (const entry of listAt(each, 'resources')) {
      const kind = textAt(entry, 'responseKind', 'kind');
      const plural = textAt(entry, 'resource');
      if (!kind || !plural || known.has(kind) || !listAt(entry, 'verbs').includes('list')) continue;
      known.set(kind, {
        apiVersion,
        kind,
        plural,
        namespaced: textAt(entry, 'scope') === 'Namespaced',
      });
    }
  }
  return [...known.values()];
}
