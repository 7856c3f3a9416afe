// A lock that is held: renewed in the background, confirmed before writes, given back at the end.

import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { acquireLease, type Seeking } from './acquire.ts';
import { lostFinding, refuseLease } from './findings.ts';
import { freedLease, holderOf, readRequest, renewedLease, renewMs, writeRequest } from './lease.ts';

export interface Lock {
  /** False: its namespace does not exist yet, or it was given back. */
  readonly isHeld: boolean;
  /** Aborted once the lock is lost: what waits may stop waiting. */
  readonly signal: AbortSignal;
  /** `lock-lost`, always the same one; undefined while it is ours. */
  readonly loss: Finding | undefined;
  /** How long it was waited for after the first write (a namespace made by the run), milliseconds. */
  readonly waitedMs: number;
  /**
   * Asks the API whether it is still ours, unless it said so within `maxAgeMs` (0: always). To be
   * called before each stage of writes and before an undo: a run that was stopped for a moment only
   * may have lost it. Throws ActionError: `lock-lost`, or why the API could not be asked. A lock
   * whose namespace did not exist is taken now, if it does.
   */
  confirm(maxAgeMs?: number): Promise<void>;
  /** Whether the API said within `maxAgeMs` that it is ours; true where there is none to hold yet. */
  isFresh(maxAgeMs: number): boolean;
  /** Gives it back. Never throws: what cannot be given back expires. */
  release(): Promise<void>;
}

/** Said where it could not. */
export const notGivenBack =
  'The lock could not be given back; it is free by itself after 3 minutes.';

const releaseMs = 3_000;
/** Somebody may write the Lease in the same moment, a label for example. */
const attempts = 5;

interface Held {
  readonly seeking: Seeking;
  /** Ends the renewals. */
  readonly over: AbortController;
  readonly lost: AbortController;
  /** Undefined: its namespace does not exist yet, or it was given back. */
  lease: KubeObject | undefined;
  /** When the latest question was asked that was answered by yes. */
  confirmedAt: number;
  loss: Finding | undefined;
  waitedMs: number;
  /** One request after the other. */
  tail: Promise<unknown>;
}

/**
 * Waits for the lock and holds it. Throws as `acquireLease`. `signal` ends this first wait; a lock
 * that is taken later listens to the signal of `seeking` alone.
 */
export async function holdLock(seeking: Seeking, signal = seeking.signal): Promise<Lock> {
  const held: Held = {
    seeking,
    over: new AbortController(),
    lost: new AbortController(),
    lease: undefined,
    confirmedAt: Number.NEGATIVE_INFINITY,
    loss: undefined,
    waitedMs: 0,
    tail: Promise.resolve(),
  };
  await take(held, signal);
  return {
    get isHeld() {
      return held.lease !== undefined;
    },
    signal: held.lost.signal,
    get loss() {
      return held.loss;
    },
    get waitedMs() {
      return held.waitedMs;
    },
    confirm: (maxAgeMs = 0) => confirm(held, maxAgeMs),
    isFresh: (maxAgeMs) => isFresh(held, maxAgeMs),
    release: () => release(held),
  };
}

async function take(held: Held, signal: AbortSignal): Promise<void> {
  const { seeking } = held;
  try {
    held.lease = await acquireLease({ ...seeking, signal });
  } catch (error) {
    // The answer may be lost of a request that made it ours.
    if (signal.aborted) await giveBack(held);
    throw error;
  }
  if (!held.lease) return;
  held.confirmedAt = seeking.clock.now();
  keepRenewing(held).catch(() => undefined);
}

async function keepRenewing(held: Held): Promise<void> {
  const { clock } = held.seeking;
  const { signal } = held.over;
  while (!held.loss) {
    await clock.sleep(renewMs, signal);
    // An API that is away is asked again; the writes ask for themselves before they begin.
    await inTurn(held, () => renew(held)).catch(() => undefined);
  }
}

function inTurn<T>(held: Held, work: () => Promise<T>): Promise<T> {
  const next = held.tail.then(work);
  held.tail = next.catch(() => undefined);
  return next;
}

function isFresh({ lease, loss, confirmedAt, seeking }: Held, maxAgeMs: number): boolean {
  if (loss) return false;
  if (!lease) return true;
  const age = seeking.clock.now() - confirmedAt;
  return age >= 0 && age <= maxAgeMs;
}

async function confirm(held: Held, maxAgeMs: number): Promise<void> {
  if (held.loss) throw new ActionError(held.loss);
  if (held.over.signal.aborted || (held.lease && isFresh(held, maxAgeMs))) return;
  const { clock } = held.seeking;
  const called = clock.now();
  await inTurn(held, async () => {
    if (!held.lease) {
      const from = clock.now();
      await take(held, held.seeking.signal);
      held.waitedMs += clock.now() - from;
      return;
    }
    // The question of another that waited beside us is ours as well.
    if (!isFresh(held, maxAgeMs + clock.now() - called)) await renew(held);
  });
}

/** Another version than the one we wrote is somebody else's write: theirs, or one beside ours. */
async function renew(held: Held): Promise<void> {
  const { seeking, over } = held;
  const { api, clock } = seeking;
  for (let attempt = 1; held.lease; attempt += 1) {
    if (held.loss) throw new ActionError(held.loss);
    const asked = clock.now();
    const wanted = renewedLease(held.lease, api.now());
    const request = writeRequest(wanted, { target: seeking, signal: over.signal });
    const response = await api.send(request);
    if (response.status === 200) {
      held.lease = response.body as KubeObject;
      held.confirmedAt = asked;
      return;
    }
    if (response.status !== 409 && response.status !== 404) {
      return refuseLease(seeking, { request, response });
    }
    held.lease = await stillOurs(held, over.signal);
    if (attempt >= attempts) throw new ActionError(contention(held));
  }
}

/** The Lease as it is now. Throws, and remembers, that it is not ours any more. */
async function stillOurs(held: Held, signal: AbortSignal): Promise<KubeObject> {
  const { seeking, lost } = held;
  const request = readRequest({ target: seeking, signal });
  const response = await seeking.api.send(request);
  const now = response.status === 200 ? (response.body as KubeObject) : undefined;
  if (!now && response.status !== 404) return refuseLease(seeking, { request, response });
  if (now && holderOf(now) === seeking.holder.identity) return now;
  held.loss = lostFinding(seeking, now);
  seeking.log.info(held.loss.what);
  lost.abort(new Error(held.loss.what));
  throw new ActionError(held.loss);
}

function contention({ seeking }: Held): Finding {
  const what = `The lock of ${seeking.app} could not be renewed: somebody writes its Lease again and again.`;
  const hint = 'Find out who writes the Lease; nothing but webgen-deploy should.';
  return finding('api-error', what, { namespace: seeking.namespace, hint });
}

async function release(held: Held): Promise<void> {
  held.over.abort(new Error('The lock is given back.'));
  await held.tail;
  if (held.lease && !held.loss) await giveBack(held);
  held.lease = undefined;
}

async function giveBack({ seeking, lease: known }: Held): Promise<void> {
  const { api, log, holder } = seeking;
  const options = { target: seeking, signal: AbortSignal.timeout(releaseMs) };
  let lease = known;
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (lease) {
        const request = writeRequest(freedLease(lease, api.now()), options);
        if ((await api.send(request)).status === 200) return;
      }
      const { status, body } = await api.send(readRequest(options));
      lease = body as KubeObject;
      if (status !== 200 || holderOf(lease) !== holder.identity) return;
    }
  } catch {
    // Said below, like every other way in which it did not work.
  }
  log.info(notGivenBack);
}
