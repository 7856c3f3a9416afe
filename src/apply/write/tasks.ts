// Jobs and bare Pods that run to completion: the state of the live one, and when it may be replaced.

import type { Api } from '../../cluster/api.ts';
import { listAll } from '../../cluster/list.ts';
import { readOne, whereAllowed } from '../../cluster/live-objects.ts';
import { type Finding, finding } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { spell } from '../../core/text.ts';
import { fieldsAt, listAt, textAt } from '../../kube/json.ts';
import { resourceOfKind } from '../../kube/kinds.ts';
import { type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import type { PlannedObject } from '../planned/planned-object.ts';
import { until } from './gates.ts';

export type TaskState = 'done' | 'failed' | 'open';

/** Undefined for everything that is meant to keep running, including bare Pods that always restart. */
export function taskState(live: KubeObject): TaskState | undefined {
  if (kindKey(live) === 'batch/Job') {
    if (is(live, 'Complete') || is(live, 'SuccessCriteriaMet')) return 'done';
    return failureField(live) === undefined ? 'open' : 'failed';
  }
  if (kindKey(live) !== 'Pod') return undefined;
  const phase = textAt(live, 'status', 'phase');
  if (phase === 'Succeeded') return 'done';
  if (phase === 'Failed') return 'failed';
  return (textAt(live, 'spec', 'restartPolicy') ?? 'Always') === 'Always' ? undefined : 'open';
}

/** Path of a task's failure status; a failed task is run again even if its manifest is unchanged. */
export function failureField(live: KubeObject): string | undefined {
  if (kindKey(live) === 'Pod') {
    return textAt(live, 'status', 'phase') === 'Failed' ? 'status.phase' : undefined;
  }
  if (kindKey(live) !== 'batch/Job') return undefined;
  const type = ['Failed', 'FailureTarget'].find((each) => is(live, each));
  return type && `status.conditions[${type}]`;
}

/**
 * A task that failed is run again. A bare Pod would accept another image, but one that has ended
 * never runs it. Undefined: it may stay.
 */
export function rerunFields(
  live: KubeObject,
  fields: readonly string[],
): readonly string[] | undefined {
  const failure = failureField(live);
  if (failure !== undefined) return [...fields, failure];
  const isPod = live.kind === 'Pod' && taskState(live) !== undefined;
  return isPod && fields.some((each) => /^spec\b/.test(each)) ? fields : undefined;
}

function is(job: KubeObject, type: string): boolean {
  return listAt(job, 'status', 'conditions').some(
    (each) => textAt(each, 'type') === type && textAt(each, 'status') === 'True',
  );
}

export interface IdleKeeper {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds by the clock. */
  readonly deadline?: number | undefined;
  onLine(line: string): void;
}

/**
 * Before a task is replaced: waits while one of its containers runs, since a migration that is killed
 * midway is worse than a late one. One that cannot start (no image, no node) is not waited
 * for. A finding if it still runs at the deadline; rejects when the signal is aborted.
 */
export async function untilIdle(
  { live, change, resource, object }: PlannedObject,
  keeper: IdleKeeper,
): Promise<Finding | undefined> {
  if (!live || change !== 'recreated' || taskState(live) !== 'open') return undefined;
  const { api, clock, signal, deadline = Number.POSITIVE_INFINITY } = keeper;
  const from = clock.now();
  let isLogged = false;
  const idle = async (): Promise<boolean> => {
    const now = await readOne({ object, resource, api, signal });
    if (!now || now.metadata.uid !== live.metadata.uid || !(await runs(now, keeper))) return true;
    if (!isLogged) {
      keeper.onLine(
        `${nameOf(live)} of an earlier run still runs; it is replaced when it has ended`,
      );
    }
    isLogged = true;
    return false;
  };
  if (await until(idle, deadline - from, keeper)) return undefined;
  const what = `${nameOf(live)} of an earlier run still ran after ${spell(clock.now() - from)}.`;
  const { namespace } = live.metadata;
  return finding('timed-out', `${what} So it was not replaced.`, {
    object: nameOf(live),
    ...(namespace ? { namespace } : {}),
    hint: 'Let it end and run again, delete it if it hangs, or raise `timeout`.',
  });
}

/** Whether one of its containers is running now. */
export async function runs(
  live: KubeObject,
  { api, signal }: Pick<IdleKeeper, 'api' | 'signal'>,
): Promise<boolean> {
  if (taskState(live) !== 'open') return false;
  if (kindKey(live) === 'Pod') return hasRunning(live);
  const active = fieldsAt(live, 'status')['active'];
  if (typeof active !== 'number' || active === 0) return false;
  const labels = Object.entries(fieldsAt(live, 'spec', 'selector', 'matchLabels'));
  const { namespace } = live.metadata;
  const listed = await whereAllowed(
    listAll(api, resourceOfKind('Pod'), {
      ...(namespace ? { namespace } : {}),
      ...(signal ? { signal } : {}),
      labelSelector: labels.map(([key, value]) => `${key}=${value}`).join(','),
    }),
    () => undefined,
  );
  // Without permission to list its pods, the Job's own status decides.
  return listed?.objects.some(hasRunning) ?? true;
}

function hasRunning(pod: KubeObject): boolean {
  return listAt(pod, 'status', 'containerStatuses').some(
    (each) => textAt(each, 'state', 'running', 'startedAt') !== undefined,
  );
}
