// The loop of the wait: judge when something happened or a second passed, tell, prove, end.
import { ActionError } from '../../core/errors.ts';
import type { Wake } from '../../core/wake.ts';
import { identityOf } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import { proofKey } from '../facts/memory.ts';
import type { LiveFinding } from '../facts/verdict.ts';
import type { Judged } from './conclude.ts';
import { isSettled, narrate, nothingTold, type Told } from './narrate.ts';
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
  /** By identity: when it was first seen settled, in an unbroken row. */
  readonly settledAt: Map<string, number>;
  /** Proofs that are being read. */
  readonly reading: Set<string>;
  readonly confirmations: { left: number };
}

export interface End {
  readonly judged: readonly Judged[];
  readonly how: 'done' | 'failed' | 'timed-out' | 'cancelled';
}

/** Budgets run out without an event: at least this often it looks again. */
const tickMs = 1_000;
/** What arrives together is judged together; among many workloads something always arrives. */
const settleMs = { few: 50, many: 250 };
const few = 50;
/** A read that took longer than this means that the API was away. */
const awayMs = 3_000;

/** Waits for the end: all ready, one failed for certain, time up, or cancelled. */
export async function follow(waiting: Waiting, synced: Promise<void>): Promise<End> {
  const { clock, view, wake, from, signal } = waiting;
  const deadline = from + waiting.timeoutMs;
  const state: Progress = { told: nothingTold(from), untold: new Map(), isSynced: false };
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
  told: Told;
  /** Made anew, and not told yet: a doubt may come between. */
  readonly untold: Map<Judged['object'], Judged>;
  isSynced: boolean;
}

async function look(waiting: Waiting, state: Progress): Promise<End | undefined> {
  const due = waiting.view.judgeDue();
  // Before the end is told, nobody's word counts from before.
  const { judged, anew } = endOf(due.judged) ? waiting.view.judgeAll() : due;
  for (const each of [...due.anew, ...anew]) state.untold.set(each.object, each);
  if (await isDoubtful(waiting, judged)) return undefined;
  tell(waiting, state);
  const how = endOf(judged);
  if (how) return { judged, how };
  readProofs(waiting, judged);
  return undefined;
}

// The watches end with the signal too: that is no failure of theirs.
async function waitOn({ wake, signal }: Waiting, ms: number): Promise<void> {
  try {
    await wake.wait(ms, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

function tell(waiting: Waiting, state: Progress): void {
  const anew = [...state.untold.values()];
  state.untold.clear();
  const now = waiting.clock.now();
  const telling = narrate(state.told, waiting.view.subjectsOf(anew), now);
  for (const line of telling.lines) waiting.onLine(line);
  for (const each of telling.news) waiting.onFinding?.(each);
  const { settledAt } = waiting;
  for (const { object, verdict } of anew) {
    const key = identityOf(object);
    if (!isSettled(verdict)) settledAt.delete(key);
    else if (!settledAt.has(key)) settledAt.set(key, now);
  }
  state.told = telling.told;
}

function endOf(judged: readonly Judged[]): End['how'] | undefined {
  if (judged.some(({ verdict }) => verdict.state === 'failed')) return 'failed';
  return judged.every(({ verdict }) => isSettled(verdict)) ? 'done' : undefined;
}

/**
 * Budgets also run out while the API is away. So before a failure is told, one read shows that the
 * API answers and that the picture is not an old one; else the silence is held against nobody.
 */
async function isDoubtful(waiting: Waiting, judged: readonly Judged[]): Promise<boolean> {
  const { api, clock, view, confirmations, stopped } = waiting;
  const failed = judged.find(({ verdict }) => verdict.state === 'failed');
  if (!failed || confirmations.left <= 0) return false;
  const from = clock.now();
  const before = view.versionOf(failed.object);
  // Not beyond the time limit: then the end is told with what is known.
  const late = clock.sleep(Math.max(0, waiting.from + waiting.timeoutMs - from), stopped);
  const now = await Promise.race([
    versionNow(waiting, failed.object),
    late.then(
      () => 'away' as const,
      () => undefined,
    ),
  ]);
  if (clock.now() - from > awayMs || now === 'away') {
    const silence = clock.now() - view.heardAt();
    view.excuse(silence);
    const seconds = Math.round(silence / 1_000);
    waiting.onLine(`${api.server} was away; the last ${seconds} s do not count.`);
    return true;
  }
  confirmations.left -= 1;
  return now !== undefined && now !== before;
}

async function versionNow(
  { api, stopped }: Waiting,
  { apiVersion, kind, metadata }: Judged['object'],
): Promise<string | 'away' | undefined> {
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
      return 'away';
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
