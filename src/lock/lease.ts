// The Lease that is one application's lock in one namespace: its form, and what it says.

import type { ApiRequest } from '../core/ports.ts';
import { clip, oneLine } from '../core/text.ts';
import { repositoryAnnotation } from '../kube/home.ts';
import { fieldsAt, listAt, textAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import { managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';

/** As long as nobody renews it, a lock lives that long. */
export const leaseSeconds = 180;
export const leaseMs = leaseSeconds * 1000;
export const renewMs = 15_000;

export const leases = resourceOfKind('coordination.k8s.io/Lease');

/** Whose lock it is to be. */
export interface Holder {
  /** Nobody else's: the run's address with its attempt, `#` and a number made by chance. */
  readonly identity: string;
  readonly actor: string;
  /** `<host>/<id>` of its repository, where it is known. */
  readonly repository?: string | undefined;
}

/** One lock: the application, where, and whose it is to be. */
export interface LockTarget {
  readonly app: string;
  readonly namespace: string;
  readonly holder: Holder;
}

const actorAnnotation = 'webgen-deploy/actor';

export function leaseName(app: string): string {
  return `webgen-deploy-${app}`;
}

/** RFC 3339 with the six digits that a Lease's times must have. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** A Lease that nobody has made yet. */
export function newLease({ app, namespace, holder }: LockTarget, now: number): KubeObject {
  const labels = {
    'app.kubernetes.io/managed-by': 'webgen-deploy',
    'app.kubernetes.io/part-of': app,
  };
  const { apiVersion, kind } = leases;
  const metadata = { name: leaseName(app), namespace, labels };
  return takenLease({ apiVersion, kind, metadata }, holder, now);
}

// Somebody else may have filled it: 256 KiB of annotations leave no room for ours, and the count
// is an int32. Neither may keep the next holder out.
const mostAnnotations = 100_000;
const mostTransitions = 2 ** 31 - 1;
/** Ours has 300 characters at most. */
const mostIdentity = 1_000;

/** The same Lease as its new holder writes it. */
export function takenLease(lease: KubeObject, holder: Holder, now: number): KubeObject {
  const before = fieldsAt(lease, 'spec')['leaseTransitions'];
  const { metadata } = lease;
  const { [repositoryAnnotation]: _, ...others } = metadata.annotations ?? {};
  const annotations = {
    ...(JSON.stringify(others).length > mostAnnotations ? {} : others),
    [actorAnnotation]: holder.actor,
    ...(holder.repository === undefined ? {} : { [repositoryAnnotation]: holder.repository }),
  };
  return {
    ...lease,
    metadata: { ...metadata, annotations },
    spec: {
      holderIdentity: holder.identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: typeof before === 'number' && before < mostTransitions ? before + 1 : 0,
    },
  };
}

export function renewedLease(lease: KubeObject, now: number): KubeObject {
  return { ...lease, spec: { ...fieldsAt(lease, 'spec'), renewTime: microTime(now) } };
}

/** Nobody's, at once; who had it last stays readable. */
export function freedLease(lease: KubeObject, now: number): KubeObject {
  const spec = { ...fieldsAt(lease, 'spec'), holderIdentity: null, leaseDurationSeconds: 1 };
  return { ...lease, spec: { ...spec, renewTime: microTime(now) } };
}

/** Empty where it is nobody's. */
export function holderOf(lease: KubeObject | undefined): string {
  return (textAt(lease, 'spec', 'holderIdentity') ?? '').slice(0, mostIdentity);
}

/** How long the holder asked for, milliseconds; never less than a minute, never more than an hour. */
export function durationOf(lease: KubeObject): number {
  const seconds = Number(fieldsAt(lease, 'spec')['leaseDurationSeconds']) || leaseSeconds;
  return Math.min(3600, Math.max(60, seconds)) * 1000;
}

/**
 * When the API server last saw it change, by the server's own clock (`managedFields`); undefined
 * where it does not say.
 */
export function lastWriteOf(lease: KubeObject): number | undefined {
  const times = listAt(lease, 'metadata', 'managedFields').map((each) =>
    Date.parse(textAt(each, 'time') ?? ''),
  );
  return times.length > 0 && times.every(Number.isFinite) ? Math.max(...times) : undefined;
}

const runAddress =
  /^(https?:\/\/[^/#]+)\/([\w.-]+)\/([\w.-]+)\/actions\/runs\/(\d{1,15})(?:\/attempts\/(\d{1,6}))?(?:#|$)/;

export interface HoldersRun {
  /** `https://github.com`. */
  readonly server: string;
  readonly owner: string;
  readonly repo: string;
  readonly run: number;
  readonly attempt: number;
}

/** The run of GitHub that an identity names, if it does. */
export function runOf(identity: string): HoldersRun | undefined {
  const [, server, owner, repo, run, attempt] = runAddress.exec(identity) ?? [];
  if (!server || !owner || !repo || [owner, repo].some((each) => /^\.+$/.test(each))) {
    return undefined;
  }
  return { server, owner, repo, run: Number(run), attempt: Number(attempt ?? 1) };
}

/** Who holds it, in words: the run's address, the person, since when. Text from the cluster. */
export function holderWords(lease: KubeObject): string {
  const [where = ''] = holderOf(lease).split('#');
  const actor = textAt(lease, 'metadata', 'annotations', actorAnnotation)?.slice(0, 300);
  const since = Date.parse((textAt(lease, 'spec', 'acquireTime') ?? '').slice(0, 40));
  const parts = [
    where,
    actor && `by ${actor}`,
    Number.isFinite(since) && `since ${new Date(since).toISOString().slice(0, 19)}Z`,
  ];
  return clip(oneLine(parts.filter(Boolean).join(' ')), 400);
}

interface LeaseRequest {
  readonly target: LockTarget;
  readonly signal?: AbortSignal | undefined;
}

export function readRequest({ target, signal }: LeaseRequest): ApiRequest {
  const { namespace, app } = target;
  const path = pathOf(leases, { namespace, name: leaseName(app) });
  return { method: 'GET', path, ...(signal ? { signal } : {}) };
}

/** Creates it, or replaces the very version that `lease` is: a later one makes it a conflict. */
export function writeRequest(lease: KubeObject, { target, signal }: LeaseRequest): ApiRequest {
  const { namespace, app } = target;
  const isNew = lease.metadata.resourceVersion === undefined;
  const query = { fieldManager: managerOf(app) };
  const name = isNew ? {} : { name: leaseName(app) };
  const path = pathOf(leases, { namespace, ...name, query });
  return { method: isNew ? 'POST' : 'PUT', path, body: lease, ...(signal ? { signal } : {}) };
}
