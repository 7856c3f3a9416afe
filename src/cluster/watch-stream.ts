// One watch from opening to end, and how it ended.
import { type ApiResponse, type Clock, TransportError } from '../core/ports.ts';
import { isFields, textAt } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Api } from './api.ts';
import { readStatus, type Status } from './api-errors.ts';
import { isWholeObject } from './sound.ts';

export type StreamEnd =
  /** As agreed, or closed by something in between that drops idle connections. */
  | { readonly how: 'closed'; readonly version: string; readonly quick: boolean }
  /** The version has expired on the server. */
  | { readonly how: 'gone' }
  /** An answer other than 200. */
  | { readonly how: 'refused'; readonly response: ApiResponse }
  | { readonly how: 'broken'; readonly version: string }
  /** An ERROR event other than 410. */
  | { readonly how: 'failed'; readonly status: Status };

export interface StreamHandlers {
  upsert(object: KubeObject): void;
  remove(object: KubeObject): void;
}

export interface StreamOptions {
  /** With its whole query. */
  readonly path: string;
  /** The version that the path names. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** After this much silence it checks whether something was missed. Default `silenceMs`. */
  readonly silenceMs?: number;
  /** Called after a long silence: true if nothing was missed. */
  upToDate(signal: AbortSignal): Promise<boolean>;
}

// Bookmarks come about every minute, the first after two, and never for Events, which have no
// watch cache: silence is only a reason to check.
const silenceMs = 45_000;
const quickMs = 1_000;

/** Runs one watch. Throws only what the handlers throw, and the signal's reason. */
export async function streamOnce(
  api: Pick<Api, 'stream'>,
  options: StreamOptions,
  handlers: StreamHandlers,
): Promise<StreamEnd> {
  const { path, signal, clock } = options;
  const began = clock.now();
  let version = options.version;
  let failure: Status | undefined;
  const guard = deadMan(options);
  const onEvent = (event: unknown): void => {
    guard.alive();
    const { type, object } = isFields(event) ? event : {};
    if (type === 'ERROR' || !isKnown(type, object)) {
      // A line that is not an event carries no information: the list has the current state.
      failure ??= type === 'ERROR' ? readStatus(object) : { code: 410 };
      guard.end(new Error('the watch said that it failed'));
      return;
    }
    version = textAt(object, 'metadata', 'resourceVersion') ?? version;
    if (type === 'ADDED' || type === 'MODIFIED') handlers.upsert(object);
    if (type === 'DELETED') handlers.remove(object);
  };
  try {
    const request = { method: 'GET', path, signal: guard.signal } as const;
    const response = await api.stream(request, onEvent);
    signal.throwIfAborted();
    if (failure) return failedEnd(failure);
    if (response.status === 410) return { how: 'gone' };
    if (response.status !== 200) return { how: 'refused', response };
    const quick = version === options.version && clock.now() - began < quickMs;
    return { how: 'closed', version, quick };
  } catch (error) {
    signal.throwIfAborted();
    if (failure) return failedEnd(failure);
    if (!(error instanceof TransportError)) throw error;
    return error.reason === silent ? { how: 'gone' } : { how: 'broken', version };
  } finally {
    guard.end();
  }
}

/** A bookmark has a version and no name. */
function isKnown(type: unknown, object: unknown): object is KubeObject {
  return type === 'BOOKMARK' ? isFields(object) : isWholeObject(object);
}

function failedEnd(status: Status): StreamEnd {
  return status.code === 410 ? { how: 'gone' } : { how: 'failed', status };
}

const silent = 'WATCH_SILENT';

/** A signal that also aborts if something was missed during a long silence. */
function deadMan({ clock, signal: outer, upToDate, ...options }: StreamOptions) {
  const patience = options.silenceMs ?? silenceMs;
  const controller = new AbortController();
  const done = new AbortController();
  let seen = clock.now();
  let beats = 0;
  const follow = (): void => controller.abort(outer.reason);
  if (outer.aborted) follow();
  outer.addEventListener('abort', follow, { once: true });
  const alive = (): void => {
    seen = clock.now();
    beats += 1;
  };
  const wait = async (): Promise<void> => {
    for (;;) {
      const left = seen + patience - clock.now();
      if (left > 0) await clock.sleep(left, done.signal);
      done.signal.throwIfAborted();
      const before = beats;
      if (left <= 0 && !(await upToDate(done.signal)) && beats === before) break;
      if (left <= 0) alive();
    }
    controller.abort(new TransportError(silent, 'the watch missed something'));
  };
  wait().catch((error: unknown) => done.signal.aborted || controller.abort(error));
  return {
    signal: controller.signal,
    alive,
    end: (reason?: Error) => {
      outer.removeEventListener('abort', follow);
      done.abort();
      if (reason) controller.abort(reason);
    },
  };
}
