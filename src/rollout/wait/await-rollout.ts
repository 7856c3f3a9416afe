// Waits until every workload is ready, one has failed for certain, or the time is up.
import { watchAll } from '../../cluster/watch.ts';
import { createWake } from '../../core/wake.ts';
import { conclude } from './conclude.ts';
import { type AwaitOptions, type End, follow, type Waiting } from './follow-rollout.ts';
import type { ReportedFinding, WorkloadResult } from './result.ts';
import { withLogs } from './rollout-evidence.ts';
import { createView, type View, workloadsOf } from './rollout-view.ts';
import { watchPlan } from './watch-plan.ts';

export type { Target } from './rollout-view.ts';

export interface AwaitResult {
  readonly workloads: readonly WorkloadResult[];
  readonly findings: readonly ReportedFinding[];
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/**
 * Follows the targets by one list and watch per kind and namespace. Throws ActionError only where
 * the kinds themselves cannot be watched or the credentials are refused.
 */
export async function awaitRollout(options: AwaitOptions): Promise<AwaitResult> {
  const { api, clock, targets } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const wake = createWake(clock);
  const view = createView(options);
  type Taken = Parameters<View['take']>;
  const handlers = {
    onEvent: (target: Taken[0], event: Taken[1]) => {
      view.take(target, event);
      wake.now();
    },
    onState: (line: string) => options.onLine(line),
  };
  const plan = watchPlan(targets.map(({ object }) => object));
  const session = watchAll(api, plan, handlers, { signal, clock });
  const failed = (error: unknown): void => wake.fail(error);
  session.ended.catch(failed);
  const waiting: Waiting = {
    ...options,
    view,
    wake,
    stopped: signal,
    from: clock.now(),
    settledAt: new Map(),
    reading: new Set(),
    confirmations: { left: 3 },
  };
  try {
    const end = await follow(waiting, session.synced);
    return await resultOf(waiting, end, options.limitMs ?? options.timeoutMs);
  } finally {
    stop.abort(new Error('The wait is over.'));
    await session.ended.catch(() => undefined);
  }
}

async function resultOf(
  waiting: Waiting,
  { judged, how }: End,
  limitMs: number,
): Promise<AwaitResult> {
  const { api, clock, from, settledAt } = waiting;
  const cancelled = how === 'cancelled';
  const live = conclude(judged, how === 'timed-out' ? limitMs : undefined);
  const findings = await withLogs(api, live, {
    logLines: cancelled ? 0 : waiting.logLines,
    signal: waiting.stopped,
  });
  const workloads = workloadsOf(judged, { from, now: clock.now(), settledAt });
  return { workloads, findings, timedOut: how === 'timed-out', cancelled };
}
