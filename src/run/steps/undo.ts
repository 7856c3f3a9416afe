// The step after a failure: undoes what the run has changed, waits for it and judges it.

import type { Undone, UndoneObject } from '../../apply/planned/change.ts';
import { ActionError } from '../../core/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { WorkloadResult } from '../../rollout/facts/verdict.ts';
import { awaitRollout } from '../../rollout/wait/await-rollout.ts';
import { failure, type UndoOutcome, undo } from '../../undo/undo.ts';
import { apiOf, type Connected, keep, type Run } from '../state/state.ts';
import type { UndoStep } from '../state/step.ts';

/** Its own failures are findings of `rollback-failed`; the run has failed anyway. */
export async function runUndo(step: UndoStep, run: Connected): Promise<void> {
  const { state, engine, inputs, signal } = run;
  const { clock, log } = engine.ports;
  const api = apiOf(run);
  const from = clock.now();
  await state.lock?.confirm();
  const keepCreated = !state.ranBefore && !step.removeCreated;
  log.info(keepCreated ? 'Restoring what was there before' : 'Undoing what this run has changed');
  const since = api.now() - (from - (state.writingSince ?? from)) - clockSlackMs;
  const settings = { app: inputs.app, keepCreated, since };
  const finish = (parts: Pick<Undone, 'state' | 'objects' | 'workloads'>): void => {
    state.undone = { ...parts, from, to: clock.now() };
  };
  // The state if the run ends in the middle of it.
  const objects: UndoneObject[] = [];
  finish({ state: 'cancelled', objects, workloads: [] });
  for (const { planned } of state.touched.values()) state.undoing.add(planned.object);
  run.note();
  const onSettled = (object: KubeObject, done: UndoneObject | undefined): void => {
    state.undoing.delete(object);
    if (done) objects.push(done);
  };
  let outcome: UndoOutcome | undefined;
  try {
    const more = { api, clock, signal, onLine: log.info, onSettled };
    outcome = await undo([...state.touched.values()], { ...settings, ...more });
    keep(outcome.findings, run);
    state.undoing.clear();
    const workloads = step.wait ? await awaited(outcome, step.timeoutMs, run) : [];
    const healing = await outcome.healed;
    keep(healing, run);
    finish({ state: stateOf(outcome, run), objects: outcome.objects, workloads });
  } catch (error) {
    finish({ state: signal.aborted ? 'cancelled' : 'failed', objects, workloads: [] });
    if (signal.aborted) return;
    state.undoing.clear();
    if (!(error instanceof ActionError)) throw error;
    keep(
      error.findings.map((each) => failure('Nothing was put back', each)),
      run,
    );
  }
}

// Creation times are whole seconds by the server's clock.
const clockSlackMs = 2_000;

function stateOf({ objects }: UndoOutcome, { state, signal }: Run): Undone['state'] {
  if (signal.aborted) return 'cancelled';
  if (state.findings.some(({ code }) => code === 'rollback-failed')) return 'failed';
  return objects.some(({ did }) => did !== 'left') ? 'done' : 'nothing';
}

async function awaited(
  { targets, objects }: UndoOutcome,
  timeoutMs: number,
  run: Connected,
): Promise<readonly WorkloadResult[]> {
  const { state, engine, inputs, signal } = run;
  if (objects.every(({ did }) => did === 'left')) return [];
  await state.connection.access.token?.get(timeoutMs + 60_000);
  const result = await awaitRollout({
    api: apiOf(run),
    clock: engine.ports.clock,
    targets,
    timeoutMs,
    logLines: inputs.logLines,
    patience: inputs.patience,
    signal,
    onLine: engine.ports.log.info,
  });
  const fatal = result.findings.filter(({ severity }) => severity === 'fatal');
  keep(
    fatal.map((each) => failure('It is as before, but does not run', each)),
    run,
  );
  return result.workloads;
}
