// Deletes one object and no other: by uid, so that one recreated meanwhile under its name stays.

import type { Api } from '../../cluster/api.ts';
import { apiFailure, statusOf } from '../../cluster/api-errors.ts';
import { ActionError } from '../../core/errors.ts';
import type { ApiRequest } from '../../core/ports.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import type { Resource } from '../../kube/resource.ts';

export interface Deleter {
  readonly api: Pick<Api, 'send'>;
  readonly signal?: AbortSignal | undefined;
}

/** False if it was already gone, or another object has its name. Throws ActionError for a rejection. */
export async function deleteByUid(
  resource: Resource,
  live: KubeObject,
  propagationPolicy: 'Orphan' | 'Background' | 'Foreground',
  { api, signal }: Deleter,
): Promise<boolean> {
  const { name, namespace, uid } = live.metadata;
  const request: ApiRequest = {
    method: 'DELETE',
    path: pathOf(resource, { namespace, name }),
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      propagationPolicy,
    },
    ...(signal ? { signal } : {}),
  };
  const response = await api.send(request);
  if (response.status < 300) return true;
  const another = response.status === 409 && /uid/i.test(statusOf(response)?.message ?? '');
  if (response.status === 404 || another) return false;
  throw new ActionError(apiFailure(`Deleting ${nameOf(live)}`, response, request));
}
