// Writes one object: hands over ownership, replaces what cannot be changed, applies.

import type { Api } from '../../cluster/api.ts';
import { apiFailure, statusOf } from '../../cluster/api-errors.ts';
import { readOne } from '../../cluster/live-objects.ts';
import { ActionError, finding } from '../../core/errors.ts';
import type { ApiRequest, Clock } from '../../core/ports.ts';
import { handedOver } from '../../kube/managed-fields.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import { conflictsOf, mayTakeOver } from '../../rejection/conflicts.ts';
import { propagationOf } from '../../rejection/immutable.ts';
import { refusalFindings } from '../../rejection/rejection-findings.ts';
import type { PlannedObject } from '../planned/planned-object.ts';
import { applyRequest } from './apply-request.ts';
import { deleteByUid } from './delete-object.ts';
import { sendApply } from './send-apply.ts';
import { untilGone } from './until-gone.ts';

export interface Writer {
  readonly api: Api;
  readonly clock: Clock;
  readonly manager: string;
  /** Client-side apply's fields are taken over. */
  readonly takeClientSide: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The object as the server answered. Throws ActionError with every reason for a rejection. */
export async function writeObject(planned: PlannedObject, writer: Writer): Promise<KubeObject> {
  const { live } = planned;
  throwIfAnother(planned);
  if (live?.metadata.deletionTimestamp) await untilGone({ ...planned, live }, writer);
  else if (live && planned.change === 'recreated') await deleteObject(planned, live, writer);
  else if (live) await handOver(planned, live, writer);
  const first = await apply(planned, planned.force, writer);
  const conflicts = conflictsOf(statusOf(first.response));
  const { request, response } = mayTakeOver(conflicts) ? await apply(planned, true, writer) : first;
  if (response.status <= 201) return response.body as KubeObject;
  const { object, document } = planned;
  throw new ActionError(...refusalFindings({ document, object, live, request, response }));
}

/** A proof is valid for one live object only, not for one recreated meanwhile under its name. */
function throwIfAnother({ document, object, live }: PlannedObject): void {
  const { provenUid } = document;
  if (provenUid === undefined || live?.metadata.uid === provenUid) return;
  const what = `${nameOf(object)} is no longer the object that was proven to belong to the application.`;
  const { namespace } = object.metadata;
  throw new ActionError(
    finding('release-invalid', what, {
      object: nameOf(object),
      ...(namespace === undefined ? {} : { namespace }),
      hint: 'Find out who recreated it, and deploy the commit instead of going back to the record.',
    }),
  );
}

/** With the uid, the server rejects any other object, and does not create a new one. */
function pinned({ document, object, change }: PlannedObject): KubeObject {
  const { provenUid } = document;
  if (provenUid === undefined || change === 'recreated') return object;
  return { ...object, metadata: { ...object.metadata, uid: provenUid } };
}

async function apply(planned: PlannedObject, force: boolean, writer: Writer) {
  const { resource } = planned;
  const { manager, signal } = writer;
  const request = applyRequest(resource, pinned(planned), {
    manager,
    dryRun: false,
    force,
    signal,
  });
  return { request, response: await sendApply(request, writer) };
}

const handOverAttempts = 5;

/** Rewrites managedFields, guarded by the resourceVersion; retries after another client's write. */
async function handOver(planned: PlannedObject, live: KubeObject, writer: Writer): Promise<void> {
  const { resource, autoscaled } = planned;
  const { api, manager, takeClientSide, signal } = writer;
  let seen: KubeObject | undefined = live;
  for (let attempt = 0; attempt < handOverAttempts && seen; attempt += 1) {
    const wanted = { takeClientSide, releaseReplicas: autoscaled };
    const entries = handedOver(seen, manager, wanted);
    if (!entries) return;
    const { name, namespace, resourceVersion } = seen.metadata;
    const request: ApiRequest = {
      method: 'PATCH',
      path: pathOf(resource, { namespace, name, query: { fieldManager: manager } }),
      contentType: 'application/json-patch+json',
      body: [
        { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
        { op: 'replace', path: '/metadata/managedFields', value: entries },
      ],
      ...(signal ? { signal } : {}),
    };
    const response = await api.send(request);
    if (response.status === 200) return;
    if (response.status !== 409 && response.status !== 422) {
      throw new ActionError(apiFailure(`Taking over ${nameOf(live)}`, response, request));
    }
    seen = await readOne({ object: planned.object, resource, api, signal });
  }
}

async function deleteObject(
  planned: PlannedObject,
  live: KubeObject,
  writer: Writer,
): Promise<void> {
  const { resource, object } = planned;
  await deleteByUid(resource, live, propagationOf(object, live), writer);
  await untilGone({ ...planned, live }, writer);
}
