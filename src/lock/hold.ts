// A held lock: renewed in the background, confirmed before writes, released at the end.

import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { acquireLease, type Seeking } from './acquire.ts';
import { lostFinding, refuseLease } from './findings.ts';
import { freedLease, holderOf, readRequest, renewedLease, renewMs, writeRequest } from './lease.ts';

export interface Lock {
  /** False: its namespace does not exist yet, or it was released. */
  readonly isHeld: boolean;
  /** Aborted once the lock is lost, so that waits can end. */
  readonly signal: AbortSignal;
  /** `lock-lost`, always the same object; undefined while the lock is ours. */
  readonly loss: Finding | undefined;
  /** How long the run waited for it after its first write (a namespace it created), milliseconds. */
  readonly waitedMs: number;
  /**
   * Asks the API whether it is still ours, unless that was confirmed within `maxAgeMs` (0: always). To be
   * called before each stage of writes and before an undo: even a run that was stopped only for a moment
   * may have lost it. Throws ActionError: `lock-lost`, or why the API could not be reached. A lock
   * whose namespace did not exist is taken now, if it does.
   */
  confirm(maxAgeMs?: number): Promise<void>;
  /** Whether the API confirmed it within `maxAgeMs`; true if there is no lock to hold yet. */
  isFresh(maxAgeMs: number): boolean;
  /** Releases it. Never throws: a lock that cannot be released expires. */
  release(): Promise<void>;
}

/** Logged if the release failed. */
export const notGivenBack =
  'The lock could not be given back; it is free by itself after 3 minutes.';

const releaseMs = 3_000;
/** Another client may write the Lease at the same moment, a label for example. */
const attempts = 5;

interface Held {
  readonly seeking: Seeking;
  /** Stops the renewals. */
  readonly over: AbortController;
  readonly lost: AbortController;
  /** Undefined: its namespace does not exist yet, or it was released. */
  lease: KubeObject | undefined;
  /** When the latest successful confirmation was sent. */
  confirmedAt: number;
  loss: Finding | undefined;
  waitedMs: number;
  /** Serialises the requests. */
  tail: Promise<unknown>;
}

/**
 * Waits for the lock and holds it. Throws like `acquireLease`. `signal` ends this first wait; a lock
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
    // The answer to a request that acquired it may have been lost.
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
    // An unavailable API is retried; writes confirm the lock themselves before they begin.
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
    // A concurrent caller's confirmation counts for us as well.
    if (!isFresh(held, maxAgeMs + clock.now() - called)) await renew(held);
  });
}

/** Any version but the one we wrote comes from another client: a takeover, or an unrelated write. */
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

/** The current Lease. Throws, and remembers, if it is no longer ours. */
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
    // Logged below, like every other failure.
  }
  log.info(notGivenBack);
}
