// Acquires the lock: at once if it is free, else by watching its Lease.
import type { Api } from '../cluster/api.ts';
import { statusOf } from '../cluster/api-errors.ts';
import { watchAll } from '../cluster/watch.ts';
import { ActionError } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import { spell } from '../core/text.ts';
import { createWake, type Wake } from '../core/wake.ts';
import { sameJson } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import { lockedFinding, refuseLease } from './findings.ts';
import {
  durationOf,
  holderOf,
  holderWords,
  type LockTarget,
  lastWriteOf,
  leaseName,
  leases,
  newLease,
  readRequest,
  takenLease,
  writeRequest,
} from './lease.ts';

export interface Seeking extends LockTarget {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  /** How long to wait for another holder; 0: not at all. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** True only if it is certain that the run named by this identity has ended. */
  hasEnded?(identity: string): Promise<boolean>;
}

/** Allowance for different clocks of several API servers. */
const clockSlackMs = 5_000;
const askMs = 15_000;
const logEveryMs = 30_000;
const pollMs = 2_000;

/**
 * The Lease, held by us; undefined if the namespace does not exist yet. Throws ActionError `locked`,
 * `forbidden` or what the API said, and the signal's reason.
 */
export async function acquireLease(seeking: Seeking): Promise<KubeObject | undefined> {
  const attempt: Attempt = { seeking, from: seeking.clock.now() };
  const watching = new AbortController();
  try {
    for (;;) {
      const lease = await read(seeking);
      const next = await step(attempt, lease);
      if (next === 'missing') return undefined;
      if (next === 'again') continue;
      if (next !== 'wait') return next;
      attempt.wake ??= startWatch(seeking, watching.signal);
      await attempt.wake.wait(pauseOf(attempt), seeking.signal);
      seeking.signal.throwIfAborted();
    }
  } finally {
    watching.abort(new Error('The lock is no longer waited for.'));
  }
}

interface Attempt {
  readonly seeking: Seeking;
  readonly from: number;
  wake?: Wake & { polls: boolean };
  sighting?: Sighting;
  askedAt?: number;
  lastLog?: { readonly at: number; readonly holder: string };
}

/** Since when we have seen the Lease unchanged, by our own clock. */
interface Sighting {
  readonly lease: KubeObject;
  readonly unchangedMs: number;
  readonly at: number;
}

type Next = KubeObject | 'missing' | 'again' | 'wait';

async function step(attempt: Attempt, lease: KubeObject | undefined): Promise<Next> {
  const { seeking } = attempt;
  if (lease && holderOf(lease) === seeking.holder.identity) return lease;
  if (!lease || (await isFree(attempt, lease))) return take(seeking, lease);
  const { clock, timeoutMs } = seeking;
  const waited = clock.now() - attempt.from;
  if (waited >= timeoutMs) throw new ActionError(lockedFinding(seeking, lease, waited));
  logWait(attempt, lease, waited);
  return 'wait';
}

async function read({ api, ...seeking }: Seeking): Promise<KubeObject | undefined> {
  const request = readRequest({ target: seeking, signal: seeking.signal });
  const response = await api.send(request);
  if (response.status === 200) return response.body as KubeObject;
  if (response.status === 404) return undefined;
  return refuseLease(seeking, { request, response });
}

async function take(seeking: Seeking, lease: KubeObject | undefined): Promise<Next> {
  const { api, signal } = seeking;
  const now = api.now();
  const wanted = lease ? takenLease(lease, seeking.holder, now) : newLease(seeking, now);
  const request = writeRequest(wanted, { target: seeking, signal });
  const response = await api.send(request);
  if (response.status <= 201) return response.body as KubeObject;
  const { status } = response;
  // Another run was faster, or the Lease was deleted.
  if (status === 409 || (status === 404 && lease)) return 'again';
  const kind = statusOf(response)?.details?.kind;
  if (status === 404 && kind === 'namespaces') return 'missing';
  return refuseLease(seeking, { request, response });
}

async function isFree(attempt: Attempt, lease: KubeObject): Promise<boolean> {
  const { seeking } = attempt;
  const holder = holderOf(lease);
  attempt.sighting = sighted(attempt, lease);
  if (holder === '' || expiresIn(seeking, attempt.sighting) <= 0) return true;
  const now = seeking.clock.now();
  if (attempt.askedAt !== undefined && now - attempt.askedAt < askMs) return false;
  attempt.askedAt = now;
  const ended = (await seeking.hasEnded?.(holder)) ?? false;
  if (ended) seeking.log.info(`The run that holds the lock has ended: ${holderWords(lease)}.`);
  return ended;
}

function sighted({ sighting, seeking }: Attempt, lease: KubeObject): Sighting {
  const at = seeking.clock.now();
  const same = sighting && sameJson(sighting.lease['spec'], lease['spec']);
  if (!same) return { lease, unchangedMs: 0, at };
  // It is polled at least this often: a larger gap means that the clock was set, or that we were stopped.
  const passed = Math.min(Math.max(0, at - sighting.at), 2 * askMs);
  return { lease, unchangedMs: sighting.unchangedMs + passed, at };
}

/**
 * Milliseconds until it expires. It has expired if we saw no renewal for its duration, or
 * by the server's clock; times from the holder's clock are never trusted.
 */
function expiresIn({ api }: Seeking, { lease, unchangedMs }: Sighting): number {
  const duration = durationOf(lease);
  const written = lastWriteOf(lease);
  const byServer = written === undefined ? Infinity : written + clockSlackMs - api.now();
  return duration + Math.min(-unchangedMs, byServer);
}

function logWait(attempt: Attempt, lease: KubeObject, waited: number): void {
  const { seeking, lastLog } = attempt;
  const { app, namespace, timeoutMs, log, clock } = seeking;
  const holder = holderOf(lease);
  const isNew = lastLog?.holder !== holder;
  if (!isNew && clock.now() - lastLog.at < logEveryMs) return;
  attempt.lastLog = { at: clock.now(), holder };
  const words = holderWords(lease);
  if (isNew) log.info(`The lock of ${app} in namespace ${namespace} is held by ${words}.`);
  const left = `${spell(waited)} of at most ${spell(timeoutMs)}`;
  log.info(`waiting for the lock: ${left}${isNew ? '' : `, held by ${words}`}`);
}

/** Waits until the state can have changed even without an event. */
function pauseOf({ seeking, from, sighting, wake }: Attempt): number {
  const left = from + seeking.timeoutMs - seeking.clock.now();
  const expires = sighting ? expiresIn(seeking, sighting) : askMs;
  const pause = Math.min(wake?.polls ? pollMs : askMs, left, expires);
  return Math.max(10, pause);
}

/** An event of the Lease wakes it; without permission to watch, it polls. */
function startWatch({ api, clock, ...seeking }: Seeking, signal: AbortSignal) {
  const wake = { ...createWake(clock), polls: false };
  const target = {
    apiVersion: leases.apiVersion,
    kind: leases.kind,
    namespace: seeking.namespace,
    fieldSelector: `metadata.name=${leaseName(seeking.app)}`,
    optional: true,
  };
  const handlers = {
    onEvent: () => wake.now(),
    onState: () => {
      wake.polls = true;
      wake.now();
    },
  };
  const session = watchAll(api, [target], handlers, { signal, clock });
  session.ended.catch((error: unknown) => wake.fail(error));
  return wake;
}
