// Releases in the cluster: list, read, create, finish, forget.

import { denialFinding } from '../apply/rejection/admission-errors.ts';
import type { Api } from '../cluster/api.ts';
import { apiFailure, permissionDenied, roleRule, statusOf } from '../cluster/api-errors.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { clip, oneLine } from '../core/text.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';
import { outdated } from './choose.ts';
import { decode, encode, headNote, secretName } from './codec.ts';
import { mostNumber, UnfitRecord } from './read-release.ts';
import type { Release, ReleaseContents, ReleaseHead } from './record.ts';

export interface Store {
  readonly api: Api;
  readonly app: string;
  readonly namespace: string;
  readonly signal?: AbortSignal | undefined;
}

/** All that releases need on Secrets. */
export const releaseVerbs = ['get', 'list', 'create', 'patch', 'delete'] as const;

export const secrets = resourceOfKind('Secret');

/** `release-invalid`: the Secret, what is wrong with it, and the way on. */
export function unfitFinding(secret: string, namespace: string, problem: string): Finding {
  const name = clip(oneLine(secret), 253);
  const what = `Secret ${name} is not a release that a deploy wrote: ${problem}.`;
  return finding('release-invalid', what, {
    object: `Secret/${name}`,
    namespace,
    hint: `Find out who wrote it, and delete it: kubectl delete secret -n ${namespace} ${name}`,
  });
}

/**
 * Throws ActionError: `release-not-found` where a part is missing, `release-invalid` where they are
 * not what a deploy writes.
 */
export async function readContents(
  { number, parts }: ReleaseHead,
  store: Store,
): Promise<ReleaseContents> {
  const { app, namespace } = store;
  const names = Array.from({ length: parts }, (_, at) => secretName(app, number, at + 1));
  const read = await Promise.all(
    names.map(async (name) => {
      const response = await send(store, { method: 'GET', path: pathTo(store, name) }, [404]);
      return response.status === 200 ? (response.body as KubeObject) : undefined;
    }),
  );
  const missing = names.filter((_, at) => !read[at]);
  if (missing.length > 0) {
    const what = `The contents of release ${number} cannot be read.`;
    const hint = `Delete the Secret ${secretName(app, number, 1)}, and go back to another release.`;
    const evidence = [`not there: ${missing.join(', ')}`];
    throw new ActionError(finding('release-not-found', what, { namespace, evidence, hint }));
  }
  try {
    return decode(read.flatMap((each) => each ?? []));
  } catch (error) {
    if (!(error instanceof UnfitRecord)) throw error;
    const name = secretName(app, number, 1);
    throw new ActionError(unfitFinding(name, namespace, error.message));
  }
}

const attempts = 20;

/**
 * Writes a new release under the next free number, and says which. Undefined where the namespace
 * does not exist yet.
 */
export async function createRelease(release: Release, store: Store): Promise<Release | undefined> {
  const { head } = release;
  if (head.number > mostNumber) throw new ActionError(noNumberLeft(store));
  for (let { number } = head; number < head.number + attempts; number += 1) {
    const numbered = { ...release, head: { ...head, number } };
    const [first, ...more] = encode(numbered, store.namespace);
    if (!first) return undefined;
    const request = { method: 'POST', path: pathTo(store), body: first } as const;
    const { status, body } = await send(store, request, [409, 404]);
    if (status === 404) return undefined;
    // Somebody else has the number: without a lock two may run.
    if (status === 409 && statusOf({ body })?.reason === 'AlreadyExists') continue;
    for (const part of more) await put(part, store);
    return { ...numbered, head: { ...numbered.head, parts: more.length + 1 } };
  }
  const what = `No free number for a release of ${store.app}: ${attempts} were taken meanwhile.`;
  const [first, last] = [head.number, head.number + attempts - 1].map((number) =>
    secretName(store.app, number, 1),
  );
  const hint = `Run it again. Secrets ${first} to ${last} that no deploy wrote have to be deleted.`;
  throw new ActionError(finding('api-error', what, { namespace: store.namespace, hint }));
}

function noNumberLeft({ app, namespace }: Store): Finding {
  const name = secretName(app, mostNumber, 1);
  return finding('release-invalid', `There is no number after release ${mostNumber} of ${app}.`, {
    object: `Secret/${name}`,
    namespace,
    hint: `If nobody deployed so often, delete it: kubectl delete secret -n ${namespace} ${name}`,
  });
}

/** Writes the contents and the end over what was recorded before. */
export async function updateRelease(release: Release, store: Store): Promise<void> {
  const parts = encode(release, store.namespace);
  // The head comes last: it says how many parts there are.
  for (const part of parts.toReversed()) await put(part, store);
  const { number, parts: before } = release.head;
  for (let at = parts.length + 1; at <= before; at += 1) {
    await remove(secretName(store.app, number, at), store);
  }
}

/** The head alone, over what was recorded; the contents stay. */
export async function updateHead(head: ReleaseHead, store: Store): Promise<void> {
  const path = pathTo(store, secretName(store.app, head.number, 1));
  const contentType = 'application/merge-patch+json';
  const body = { metadata: { annotations: headNote(head) } };
  await send(store, { method: 'PATCH', path, contentType, body });
}

/** Deletes what is older than what is kept. */
export async function forgetOld(heads: readonly ReleaseHead[], store: Store): Promise<void> {
  const old = new Set(outdated(heads));
  const gone = heads.filter(({ number }) => old.has(number));
  await Promise.all(
    gone.flatMap(({ number, parts }) =>
      // The first one has the head: without it the others are nothing.
      Array.from({ length: parts }, (_, at) =>
        remove(secretName(store.app, number, parts - at), store),
      ),
    ),
  );
}

/** Created, or changed to this; the type and the name stay. */
async function put(part: KubeObject, store: Store): Promise<void> {
  const { name, annotations } = part.metadata;
  const change = { ...(annotations ? { metadata: { annotations } } : {}), data: part['data'] };
  const patch = {
    method: 'PATCH',
    path: pathTo(store, name),
    contentType: 'application/merge-patch+json',
    body: change,
  } as const;
  const { status } = await send(store, patch, [404]);
  if (status === 404) await send(store, { method: 'POST', path: pathTo(store), body: part });
}

async function remove(name: string, store: Store): Promise<void> {
  await send(store, { method: 'DELETE', path: pathTo(store, name) }, [404]);
}

function pathTo({ namespace }: Store, name?: string): string {
  return pathOf(secrets, { namespace, ...(name === undefined ? {} : { name }) });
}

async function send(store: Store, request: ApiRequest, expected: readonly number[] = []) {
  const { api, signal } = store;
  const response = await api.send({ ...request, ...(signal ? { signal } : {}) });
  if (response.status < 300 || expected.includes(response.status)) return response;
  const denial = refusedBy(request, { store, response });
  const failure = denial ?? apiFailure('Recording the release', response, request);
  throw new ActionError(withRule(failure, store.namespace));
}

/** A quota or a policy that has no room for one more Secret. */
function refusedBy(
  request: ApiRequest,
  { store, response }: { readonly store: Store; readonly response: ApiResponse },
): Finding | undefined {
  const status = statusOf(response);
  if (request.method !== 'POST' || !status || permissionDenied(response)) return undefined;
  const object = request.body as KubeObject;
  const document = { object, file: '', line: 1, lineOf: () => 1 };
  const denied = denialFinding({ document, object, live: undefined, request, response }, status);
  const hint = `Releases are Secrets, twelve for an application: make room for them in namespace ${store.namespace}.`;
  return denied && { ...denied, hint };
}

/** `forbidden` with all that releases need: one round, and not five. */
export function withRule(failure: Finding, namespace: string): Finding {
  if (failure.code !== 'forbidden') return failure;
  const rule = roleRule({ group: '', resource: 'secrets', verbs: releaseVerbs });
  const where = `a Role in namespace ${namespace} that is bound to the account`;
  return { ...failure, hint: `Releases are kept as Secrets. Add this rule to ${where}:\n${rule}` };
}
