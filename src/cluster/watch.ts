// Follows kinds of objects until the signal aborts: list, watch, and recovery from every failure.
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { ApiResponse, Clock } from '../core/ports.ts';
import { type KubeObject, withoutManagers } from '../kube/objects.ts';
import type { Resource } from '../kube/resource.ts';
import type { Api } from './api.ts';
import { forbiddenFinding } from './api-errors.ts';
import { listAll, type Selection, watchPath } from './list.ts';
import { pauseBefore, retryAfter } from './retry.ts';
import { type StreamEnd, streamOnce } from './watch-stream.ts';
import { type WatchEvent, type Watched, watched } from './watched.ts';

export type { WatchEvent } from './watched.ts';

export interface WatchTarget extends Selection {
  readonly apiVersion: string;
  readonly kind: string;
  /** Continue without it if it is forbidden or not served. */
  readonly optional?: boolean;
  /** Reduces each object to what is kept; default: everything. */
  keep?(object: KubeObject): KubeObject;
}

export interface WatchHandlers {
  /** In order for each target: `synced` once, first, then changes. */
  onEvent(target: WatchTarget, event: WatchEvent): void;
  /** Messages for the log: a watch that is not allowed, a kind that is left out. */
  onState?(line: string): void;
}

export interface WatchSession {
  /**
   * Every target has been listed. Rejects with one ActionError for all that are forbidden or not
   * served, and with the signal's reason.
   */
  readonly synced: Promise<void>;
  /** Settles once everything has stopped after the signal. Rejects only with what a handler threw. */
  readonly ended: Promise<void>;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
  /** After this much silence a watch is checked; it may be half-open. Default 45 s. */
  readonly silenceMs?: number;
}

const reopenMs = 200;
const pollMs = 2_000;
const troubleMs = 5_000;
const failuresBeforeList = 3;
/** If the watch is half-open, the connection for requests may be as well. */
const lookMs = 10_000;

/**
 * Watches all targets in parallel until the signal aborts. Broken connections and an unavailable server
 * are waited out; no object is lost, and no older state follows a newer one.
 */
export function watchAll(
  api: Api,
  targets: readonly WatchTarget[],
  handlers: WatchHandlers,
  options: WatchOptions,
): WatchSession {
  const all = targets.map((target) => follow({ api, target, handlers, ...options }));
  const synced = together(all.map((each) => each.synced));
  const ended = Promise.all(all.map((each) => each.ended)).then(() => undefined);
  // A caller that awaits only one of the two must not crash on the other's rejection.
  synced.catch(() => undefined);
  return { synced, ended };
}

/** All findings of all targets in one error; anything else unchanged. */
async function together(each: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(each);
  const errors = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const other = errors.find((error) => !(error instanceof ActionError));
  if (other) throw other;
  const findings: readonly Finding[] = errors.flatMap((error: ActionError) => error.findings);
  const [first, ...more] = findings;
  if (first) throw new ActionError(first, ...more);
}

interface Following extends WatchOptions {
  readonly api: Api;
  readonly target: WatchTarget;
  readonly handlers: WatchHandlers;
}

function follow(following: Following): WatchSession {
  const { target, handlers, signal } = following;
  const first = Promise.withResolvers<void>();
  const run = async (): Promise<void> => {
    try {
      const kept: Kept = { ...following, resource: await served(following), state: watched() };
      const version = await refresh(kept);
      first.resolve();
      await keepUp(kept, version);
    } catch (error) {
      const left = target.optional && error instanceof ActionError && !signal.aborted;
      if (left) handlers.onState?.(`${error.message} Continuing without it.`);
      if (left) first.resolve();
      first.reject(error);
      if (!signal.aborted && !(error instanceof ActionError)) throw error;
    }
  };
  return { synced: first.promise, ended: run() };
}

interface Kept extends Following {
  readonly resource: Resource;
  readonly state: Watched;
}

async function served({ api, target }: Following): Promise<Resource> {
  const { apiVersion, kind } = target;
  const resource = await api.resourceOf(apiVersion, kind);
  if (resource) return resource;
  throw new ActionError(
    finding('kind-unknown', `The cluster does not serve ${kind} of ${apiVersion}.`),
  );
}

/** Lists and emits what is new. Returns the version from which a watch continues. */
async function refresh({ api, target, resource, state, handlers, signal }: Kept): Promise<string> {
  const keep = keptOf(target);
  const { objects, resourceVersion } = await listAll(api, resource, { ...target, signal, keep });
  for (const event of state.list(objects)) handlers.onEvent(target, event);
  return resourceVersion;
}

/** managedFields are half of a pod's bytes, and no watcher needs them. */
function keptOf({ keep }: WatchTarget): (object: KubeObject) => KubeObject {
  return keep ? (object) => keep(withoutManagers(object)) : withoutManagers;
}

async function keepUp(kept: Kept, from: string): Promise<never> {
  const { api, target, handlers, state, signal, clock, random = Math.random } = kept;
  const quiet = kept.silenceMs === undefined ? {} : { silenceMs: kept.silenceMs };
  const upToDate = (until: AbortSignal): Promise<boolean> => missedNothing(kept, until);
  const emit = (events: readonly WatchEvent[]): void => {
    for (const event of events) handlers.onEvent(target, event);
  };
  const keep = keptOf(target);
  const feed = {
    upsert: (object: KubeObject) => emit(state.upsert(keep(object))),
    remove: (object: KubeObject) => emit(state.remove(object)),
  };
  let version = from;
  let failures = 0;
  for (;;) {
    const path = watchPath(kept.resource, target, { version, random: random() });
    const end = await streamOnce(api, { path, version, signal, clock, upToDate, ...quiet }, feed);
    if (end.how === 'refused' && end.response.status === 403) return poll(kept, path, end.response);
    failures = end.how === 'closed' && !end.quick ? 0 : failures + 1;
    if ('version' in end) version = end.version;
    await clock.sleep(pauseAfter(end, failures, random), signal);
    signal.throwIfAborted();
    const lost = end.how === 'gone' || end.how === 'failed' || failures >= failuresBeforeList;
    if (lost) version = await refreshLater(kept);
  }
}

// Only compares: while the watch is open, a list may be older than its events.
async function missedNothing({ api, target, resource, state }: Kept, signal: AbortSignal) {
  try {
    const look = { signal, headsOnly: true, timeoutMs: lookMs };
    const { objects } = await listAll(api, resource, { ...target, ...look });
    return state.matches(objects);
  } catch (error) {
    if (error instanceof ActionError) return false;
    throw error;
  }
}

function pauseAfter(end: StreamEnd, failures: number, random: () => number): number {
  const named = end.how === 'refused' ? retryAfter(end.response) : undefined;
  return named ?? Math.max(reopenMs, failures > 1 ? pauseBefore(failures, random) : 0);
}

/** As `refresh`, but after the first success only the signal ends the retries. */
async function refreshLater(kept: Kept): Promise<string> {
  for (let isLogged = false; ; isLogged = true) {
    try {
      return await refresh(kept);
    } catch (error) {
      kept.signal.throwIfAborted();
      if (!(error instanceof ActionError)) throw error;
      if (!isLogged) kept.handlers.onState?.(`${error.message} Trying again.`);
    }
    await kept.clock.sleep(troubleMs, kept.signal);
    kept.signal.throwIfAborted();
  }
}

async function poll(kept: Kept, path: string, refusal: ApiResponse): Promise<never> {
  const { what } = forbiddenFinding(refusal, { method: 'GET', path });
  kept.handlers.onState?.(`${what} Asking every ${pollMs / 1000} s instead.`);
  for (;;) {
    await kept.clock.sleep(pollMs, kept.signal);
    kept.signal.throwIfAborted();
    await refreshLater(kept);
  }
}
