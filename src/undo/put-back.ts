// Restores one live object to its state before a run: values by server-side apply, then ownership.

import { applyRequest } from '../apply/write/apply-request.ts';
import type { Api } from '../cluster/api.ts';
import { apiFailure } from '../cluster/api-errors.ts';
import { readOne } from '../cluster/live-objects.ts';
import { ActionError } from '../core/errors.ts';
import type { ApiRequest } from '../core/ports.ts';
import { differences } from '../kube/compare.ts';
import { sameJson, valueAt, withValueAt } from '../kube/json.ts';
import { type KubeObject, kindKey, type ManagedField, nameOf } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';
import type { Resource } from '../kube/resource.ts';
import { withoutServerFields } from '../kube/sent-object.ts';
import { type Earlier, earlierOwners, earlierValues, leftovers } from './earlier-state.ts';

export interface Restorer {
  readonly api: Api;
  readonly manager: string;
  readonly signal?: AbortSignal | undefined;
}

const attempts = 10;

/** Whether nothing has to be restored: neither a value nor an owner. */
export function isAsBefore(before: KubeObject, now: KubeObject, manager: string): boolean {
  if (before.metadata.resourceVersion === now.metadata.resourceVersion) return true;
  if (differences(before, now).length > 0) return false;
  return sameOwners(earlierOwners({ before, now, manager }), now);
}

/** The server's last answer. Throws ActionError if the server rejects it. */
export async function putBack(
  resource: Resource,
  { before, now }: Pick<Earlier, 'before' | 'now'>,
  restorer: Restorer,
): Promise<KubeObject> {
  const { manager } = restorer;
  const wanted = withOwnSize(before, now);
  const answer = await applyValues(resource, { before: wanted, now, manager }, restorer);
  const at = { before: wanted, now: answer ?? now, manager };
  const after = await patched(resource, at, leftovers, restorer);
  return patched(resource, { ...at, now: after }, ownersPatch, restorer);
}

/** A claim can grow but never shrink: its size stays. */
function withOwnSize(before: KubeObject, now: KubeObject): KubeObject {
  if (kindKey(before) !== 'PersistentVolumeClaim') return before;
  const path = ['spec', 'resources'];
  return withValueAt(before, path, valueAt(now, path));
}

/** Undefined if the server finds it invalid: a default of the values in between conflicts with it. */
async function applyValues(
  resource: Resource,
  earlier: Earlier,
  { api, manager, signal }: Restorer,
): Promise<KubeObject | undefined> {
  const body = earlierValues(earlier);
  const request = applyRequest(resource, body, { manager, dryRun: false, force: true, signal });
  const response = await api.send(request);
  if (response.status <= 201) return response.body as KubeObject;
  if (response.status === 422) return undefined;
  throw new ActionError(apiFailure(`Putting back ${nameOf(body)}`, response, request));
}

type Operations = readonly {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}[];

function ownersPatch(earlier: Earlier): Operations {
  const owners = earlierOwners(earlier);
  if (sameOwners(owners, earlier.now)) return [];
  // A single empty entry resets managedFields.
  const value = owners.length > 0 ? owners : [{}];
  return [{ op: 'replace', path: '/metadata/managedFields', value }];
}

function sameOwners(owners: readonly ManagedField[], { metadata }: KubeObject): boolean {
  const text = (all: readonly ManagedField[]) => all.map((each) => JSON.stringify(each)).sort();
  return sameJson(text(owners), text(metadata.managedFields ?? []));
}

/** Guarded by the resourceVersion; retried after another client's write. */
async function patched(
  resource: Resource,
  earlier: Earlier,
  operationsFor: (earlier: Earlier) => Operations,
  { api, manager, signal }: Restorer,
): Promise<KubeObject> {
  const { before } = earlier;
  const { name, namespace } = before.metadata;
  let { now } = earlier;
  for (let attempt = 0; ; attempt += 1) {
    const operations = operationsFor({ ...earlier, now });
    if (operations.length === 0) return now;
    const version = now.metadata.resourceVersion;
    const request: ApiRequest = {
      method: 'PATCH',
      path: pathOf(resource, { namespace, name, query: { fieldManager: manager } }),
      contentType: 'application/json-patch+json',
      body: [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...operations],
      ...(signal ? { signal } : {}),
    };
    const response = await api.send(request);
    if (response.status === 200) return response.body as KubeObject;
    const later = await readOne({ object: before, resource, api, signal });
    // The guard failed only if the object has been written since.
    if (attempt >= attempts || !later || later.metadata.resourceVersion === version) {
      throw new ActionError(apiFailure(`Putting back ${nameOf(before)}`, response, request));
    }
    now = later;
  }
}

/** Recreates a deleted object as it was; the server gives it another uid. */
export async function makeAgain(
  resource: Resource,
  before: KubeObject,
  restorer: Restorer,
): Promise<KubeObject> {
  const { api, manager, signal } = restorer;
  const { ownerReferences: _, ...metadata } = before.metadata;
  const { status: _status, ...body } = withoutServerFields({ ...before, metadata });
  const request = applyRequest(resource, body, { manager, dryRun: false, force: true, signal });
  const response = await api.send(request);
  if (response.status > 201) {
    throw new ActionError(apiFailure(`Making ${nameOf(before)} again`, response, request));
  }
  const now = response.body as KubeObject;
  return patched(resource, { before, now, manager }, ownersPatch, restorer);
}
