// The loop of the wait: judge on every event or second, report, prove, end.
import { ActionError } from '../../core/errors.ts';
import type { Wake } from '../../core/wake.ts';
import { identityOf } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import { proofKey } from '../facts/memory.ts';
import type { LiveFinding } from '../facts/verdict.ts';
import type { Judged } from './conclude.ts';
import { isSettled, narrate, nothingReported, type Reported } from './narrate.ts';
import { readProof } from './rollout-proof.ts';
import type { JudgeOptions, View } from './rollout-view.ts';

export interface AwaitOptions extends JudgeOptions {
  readonly timeoutMs: number;
  /** The limit as the user knows it, for messages; default: `timeoutMs`. */
  readonly limitMs?: number;
  onLine(line: string): void;
  /** Each finding once, and again when it becomes fatal. */
  onFinding?(finding: LiveFinding): void;
}

/** `signal` is the caller's: the run was cancelled. */
export interface Waiting extends AwaitOptions {
  /** The caller's, or the wait is over. */
  readonly stopped: AbortSignal;
  readonly view: View;
  readonly wake: Wake;
  readonly from: number;
  /** By identity: when it was first seen settled, in an unbroken series. */
  readonly settledAt: Map<string, number>;
  /** Proofs being read now. */
  readonly reading: Set<string>;
  readonly confirmations: { left: number };
}

export interface End {
  readonly judged: readonly Judged[];
  readonly how: 'done' | 'failed' | 'timed-out' | 'cancelled';
}

/** Budgets expire without an event: it looks at least this often. */
const tickMs = 1_000;
/** Events that arrive together are judged together; among many workloads there is always one. */
const settleMs = { few: 50, many: 250 };
const few = 50;
/** A read that took longer than this means that the API was unavailable. */
const unreachableMs = 3_000;

/** Waits until all are ready, one has certainly failed, the time is up, or the run is cancelled. */
export async function follow(waiting: Waiting, synced: Promise<void>): Promise<End> {
  const { clock, view, wake, from, signal } = waiting;
  const deadline = from + waiting.timeoutMs;
  const state: Progress = {
    reported: nothingReported(from),
    unreported: new Map(),
    isSynced: false,
  };
  const arrived = (): void => {
    state.isSynced = true;
    wake.now();
  };
  synced.then(arrived, (error: unknown) => wake.fail(error));
  for (;;) {
    if (signal?.aborted) return { judged: view.judgeAll().judged, how: 'cancelled' };
    const end = state.isSynced ? await look(waiting, state) : undefined;
    if (end) return end;
    const left = deadline - clock.now();
    if (left <= 0) return { judged: view.judgeAll().judged, how: 'timed-out' };
    await waitOn(waiting, Math.min(tickMs, left));
    await clock.sleep(waiting.targets.length > few ? settleMs.many : settleMs.few);
  }
}

interface Progress {
  reported: Reported;
  /** Judged again, but not reported yet: an outage may be found in between. */
  readonly unreported: Map<Judged['object'], Judged>;
  isSynced: boolean;
}

async function look(waiting: Waiting, state: Progress): Promise<End | undefined> {
  const due = waiting.view.judgeDue();
  // Before the end is reported, earlier observations no longer count.
  const { judged, rejudged } = endOf(due.judged) ? waiting.view.judgeAll() : due;
  for (const each of [...due.rejudged, ...rejudged]) state.unreported.set(each.object, each);
  if (await isDoubtful(waiting, judged)) return undefined;
  report(waiting, state);
  const how = endOf(judged);
  if (how) return { judged, how };
  readProofs(waiting, judged);
  return undefined;
}

// The watches end with the signal too: that is not a failure of theirs.
async function waitOn({ wake, signal }: Waiting, ms: number): Promise<void> {
  try {
    await wake.wait(ms, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

function report(waiting: Waiting, state: Progress): void {
  const rejudged = [...state.unreported.values()];
  state.unreported.clear();
  const now = waiting.clock.now();
  const narration = narrate(state.reported, waiting.view.subjectsOf(rejudged), now);
  for (const line of narration.lines) waiting.onLine(line);
  for (const each of narration.news) waiting.onFinding?.(each);
  const { settledAt } = waiting;
  for (const { object, verdict } of rejudged) {
    const key = identityOf(object);
    if (!isSettled(verdict)) settledAt.delete(key);
    else if (!settledAt.has(key)) settledAt.set(key, now);
  }
  state.reported = narration.reported;
}

function endOf(judged: readonly Judged[]): End['how'] | undefined {
  if (judged.some(({ verdict }) => verdict.state === 'failed')) return 'failed';
  return judged.every(({ verdict }) => isSettled(verdict)) ? 'done' : undefined;
}

/**
 * Budgets also expire while the API is unavailable. So before a failure is reported, one read proves
 * that the API answers and that the snapshot is fresh; otherwise the silence is blamed on nobody.
 */
async function isDoubtful(waiting: Waiting, judged: readonly Judged[]): Promise<boolean> {
  const { api, clock, view, confirmations, stopped } = waiting;
  const failed = judged.find(({ verdict }) => verdict.state === 'failed');
  if (!failed || confirmations.left <= 0) return false;
  const from = clock.now();
  const before = view.versionOf(failed.object);
  // Not beyond the time limit: then the end is reported with what is known.
  const late = clock.sleep(Math.max(0, waiting.from + waiting.timeoutMs - from), stopped);
  const now = await Promise.race([
    versionNow(waiting, failed.object),
    late.then(
      () => 'unreachable' as const,
      () => undefined,
    ),
  ]);
  if (clock.now() - from > unreachableMs || now === 'unreachable') {
    const silence = clock.now() - view.lastEventAt();
    view.excuse(silence);
    const seconds = Math.round(silence / 1_000);
    waiting.onLine(`${api.server} was unreachable; the last ${seconds} s do not count.`);
    return true;
  }
  confirmations.left -= 1;
  return now !== undefined && now !== before;
}

async function versionNow(
  { api, stopped }: Waiting,
  { apiVersion, kind, metadata }: Judged['object'],
): Promise<string | 'unreachable' | undefined> {
  try {
    const resource = await api.resourceOf(apiVersion, kind);
    if (!resource) return undefined;
    const { namespace, name } = metadata;
    const path = pathOf(resource, { namespace, name });
    const { status, body } = await api.send({ method: 'GET', path, signal: stopped });
    if (status !== 200) return undefined;
    return (body as Judged['object']).metadata.resourceVersion;
  } catch (error) {
    if (error instanceof ActionError && error.findings[0].code === 'cluster-unreachable') {
      return 'unreachable';
    }
    if (stopped.aborted) return undefined;
    throw error;
  }
}

function readProofs(waiting: Waiting, judged: readonly Judged[]): void {
  const { api, view, wake, reading, stopped } = waiting;
  const due = judged
    .flatMap(({ verdict }) => verdict.findings)
    .filter(({ severity, fatalAt }) => severity !== 'fatal' && (fatalAt ?? Infinity) <= api.now());
  const asked = judged.flatMap(({ verdict }) => verdict.asks ?? []);
  for (const proof of [...due.map((each) => each.proof), ...asked]) {
    if (!proof || reading.has(proofKey(proof))) continue;
    reading.add(proofKey(proof));
    const done = (): void => {
      reading.delete(proofKey(proof));
      wake.now();
    };
    readProof(api, proof, stopped)
      .then((answer) => view.answer(proof, answer))
      .then(done, (error: unknown) => {
        if (!stopped.aborted) wake.fail(error);
      });
  }
}
