// Waits until an object that was deleted is really gone.

import type { Api } from '../../cluster/api.ts';
import { readOne } from '../../cluster/live-objects.ts';
import { ActionError, type Finding, finding } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { type Document, placeOf } from '../../kube/document.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';
import { until } from './gates.ts';

const deletionMs = 60_000;

export interface Going {
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly live: KubeObject;
  /** Where it was written, for the message. */
  readonly document?: Document;
}

export interface GoneKeeper {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Throws ActionError if it still exists after 60 s. */
export async function untilGone(going: Going, keeper: GoneKeeper): Promise<void> {
  const { resource, object, live, document } = going;
  const { api, signal } = keeper;
  const gone = async () => {
    const now = await readOne({ object, resource, api, signal });
    return now?.metadata.uid !== live.metadata.uid;
  };
  if (await until(gone, deletionMs, keeper)) return;
  throw new ActionError(stuckDeletion(live, document?.file ? placeOf(document) : {}));
}

function stuckDeletion(live: KubeObject, place: Partial<Finding>): Finding {
  const { namespace, finalizers = [] } = live.metadata;
  return finding('api-error', `${nameOf(live)} is being deleted and was still there after 60 s.`, {
    object: nameOf(live),
    ...(namespace ? { namespace } : {}),
    ...place,
    evidence: finalizers.map((each) => `finalizer ${each}`),
    hint: 'Wait for what holds it, or remove the finalizer if its controller is gone.',
  });
}
