// Restores what a failed run has changed, object by object, and waits until it runs again.

import type { UndoneObject } from '../apply/planned/change.ts';
import { deleteByUid } from '../apply/write/delete-object.ts';
import { runs, taskState } from '../apply/write/tasks.ts';
import { untilGone } from '../apply/write/until-gone.ts';
import type { Api } from '../cluster/api.ts';
import { afterGrace } from '../cluster/grace.ts';
import { readLive } from '../cluster/live-objects.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { managerOf } from '../kube/managed-fields.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { stageOf } from '../manifests/order.ts';
import { propagationOf } from '../rejection/immutable.ts';
import type { Target } from '../rollout/wait/await-rollout.ts';
import { makeAgain, putBack } from './put-back.ts';
import { replaceStuckPods } from './replace-stuck-pods.ts';
import { type Circumstances, type Touched, type UndoAction, undoOf } from './undo-plan.ts';

export interface UndoSettings extends Circumstances {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  onLine(line: string): void;
  /** What was done with it; undefined if it was unchanged. */
  onSettled?(object: KubeObject, done: UndoneObject | undefined): void;
}

export interface UndoOutcome {
  /** In the order in which they were restored; unchanged objects are left out. */
  readonly objects: readonly UndoneObject[];
  /** The objects written by the undo, to be awaited. */
  readonly targets: readonly Target[];
  /** `rollback-failed`, one for each object. */
  readonly findings: readonly Finding[];
  /** StatefulSets blocked by a broken pod; settles when those pods are replaced. */
  readonly healed: Promise<readonly Finding[]>;
}

/** Throws ActionError only if nothing can be read at all. */
export async function undo(
  touched: readonly Touched[],
  settings: UndoSettings,
): Promise<UndoOutcome> {
  const { api, signal } = settings;
  const wanted = touched.map(({ planned }) => planned);
  const { live, findings: unreadable } = await readLive(wanted, api, signal);
  if (unreadable.length > 0) {
    const wrapped = unreadable.map((each) => failure('What was changed could not be read', each));
    return { objects: [], targets: [], findings: wrapped, healed: Promise.resolve([]) };
  }
  const steps = touched.map((each) => {
    const { object } = each.planned;
    return { ...each, object, action: undoOf(each, live.get(identityOf(object)), settings) };
  });
  const late = afterGrace(signal);
  const run: Undoing = { settings, late, objects: [], targets: [], findings: [], healing: [] };
  const byStage = Map.groupBy(steps, ({ object }) => stageOf(object));
  const inOrder = [...byStage].toSorted(([a], [b]) => a - b).map(([, stage]) => stage);
  const isDelete = ({ action }: Step) => action.do === 'delete';
  // A policy or a webhook of the failed release could reject the restored objects, so it is removed first.
  for (const stage of inOrder.toReversed()) await carryOut(stage.filter(isDelete), run);
  for (const stage of inOrder) {
    await carryOut(
      stage.filter((each) => !isDelete(each)),
      run,
    );
  }
  const healed = Promise.all(run.healing).then((all) => all.flat());
  return { ...run, healed };
}

interface Step extends Touched {
  readonly object: KubeObject;
  readonly action: UndoAction;
}

interface Undoing {
  readonly settings: UndoSettings;
  /** Aborts requests in flight. */
  readonly late: AbortSignal | undefined;
  readonly objects: UndoneObject[];
  readonly targets: Target[];
  readonly findings: Finding[];
  readonly healing: Promise<readonly Finding[]>[];
}

async function carryOut(stage: readonly Step[], run: Undoing): Promise<void> {
  await Promise.all(
    stage.map(async (step) => {
      if (run.settings.signal?.aborted)
        return reported(step.object, { did: 'left', why: cancelled }, run);
      try {
        await one(step, run);
      } catch (error) {
        if (run.settings.signal?.aborted) return cutOff(step, run);
        if (!(error instanceof ActionError)) throw error;
        const verb = step.action.do === 'delete' ? 'deleted' : 'put back';
        const what = `${nameOf(step.object)} could not be ${verb}`;
        run.findings.push(...error.findings.map((each) => failure(what, each, step.object)));
      }
    }),
  );
}

const cancelled = 'the run was cancelled';

/** A request in flight may have been carried out nevertheless. */
function cutOff({ object }: Step, run: Undoing): void {
  const why = `${cancelled}, and it is not known whether it was put back`;
  reported(object, { did: 'left', why }, run);
}

async function one(step: Step, run: Undoing): Promise<void> {
  const { settings } = run;
  const { action, planned, object } = step;
  const { resource } = planned;
  const restorer = { ...settings, signal: run.late, manager: managerOf(settings.app) };
  switch (action.do) {
    case 'nothing':
      return settings.onSettled?.(object, undefined);
    case 'leave':
      return reported(object, { did: 'left', why: action.why }, run);
    case 'delete': {
      if (taskState(action.now) === 'open' && (await runs(action.now, settings))) {
        return reported(
          object,
          { did: 'left', why: 'it is still running, and is not interrupted' },
          run,
        );
      }
      await deleteByUid(resource, action.now, 'Background', restorer);
      return reported(object, { did: 'deleted' }, run);
    }
    case 'put-back':
    case 'make-again': {
      const { before, now } = action;
      const from = Math.floor(settings.api.now() / 1000) * 1000;
      if (action.do === 'make-again' && now) {
        await deleteByUid(resource, now, propagationOf(before, now), restorer);
        await untilGone({ resource, object, live: now }, restorer);
      }
      const live =
        action.do === 'put-back'
          ? await putBack(resource, action, restorer)
          : await makeAgain(resource, before, restorer);
      run.targets.push({ object: live, writtenAt: from });
      if (kindKey(live) === 'apps/StatefulSet') run.healing.push(heal(resource, live, run));
      return reported(object, { did: action.do === 'put-back' ? 'put back' : 'made again' }, run);
    }
  }
}

async function heal(
  resource: Step['planned']['resource'],
  live: KubeObject,
  { settings }: Undoing,
): Promise<readonly Finding[]> {
  try {
    await replaceStuckPods(resource, live, settings);
    return [];
  } catch (error) {
    if (settings.signal?.aborted) return [];
    if (!(error instanceof ActionError)) throw error;
    const what = `A broken pod of ${nameOf(live)} could not be replaced`;
    return error.findings.map((each) => failure(what, each, live));
  }
}

function reported(
  object: KubeObject,
  result: Pick<UndoneObject, 'did' | 'why'>,
  { settings, objects }: Undoing,
): void {
  const { namespace } = object.metadata;
  const done = { object: nameOf(object), ...(namespace ? { namespace } : {}), ...result };
  objects.push(done);
  settings.onSettled?.(object, done);
  const why = result.why === undefined ? '' : `: ${result.why}`;
  settings.onLine(`${nameOf(object)} ${result.did}${why}`);
}

/** `rollback-failed` with its cause. */
export function failure(what: string, cause: Finding, about?: KubeObject): Finding {
  const namespace = about?.metadata.namespace ?? cause.namespace;
  const object = about ? nameOf(about) : cause.object;
  return finding('rollback-failed', `${what}: ${cause.what}`, {
    ...(object ? { object } : {}),
    ...(namespace ? { namespace } : {}),
    ...(cause.pod ? { pod: cause.pod } : {}),
    ...(cause.container ? { container: cause.container } : {}),
    evidence: [`${cause.code}: ${cause.what}`, ...cause.evidence],
    hint: cause.hint,
  });
}
