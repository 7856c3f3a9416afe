// The only way objects are written: server-side apply, strictly validated, under our own manager.
import type { ApiRequest } from '../../core/ports.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import type { Resource } from '../../kube/resource.ts';

export interface ApplyOptions {
  readonly manager: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An apply patch of the whole object. */
export function applyRequest(
  resource: Resource,
  object: KubeObject,
  { manager, dryRun, force, signal }: ApplyOptions,
): ApiRequest {
  const { name, namespace } = object.metadata;
  const query = {
    fieldManager: manager,
    fieldValidation: 'Strict',
    ...(dryRun ? { dryRun: 'All' } : {}),
    ...(force ? { force: true } : {}),
  };
  return {
    method: 'PATCH',
    path: pathOf(resource, { namespace, name, query }),
    body: object,
    contentType: 'application/apply-patch+yaml',
    ...(signal ? { signal } : {}),
  };
}
