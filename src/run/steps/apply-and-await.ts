// The two steps that change the cluster, phase by phase where the manifests name phases.

import { type AppliedObject, applyAll } from '../../apply/apply-manifests.ts';
import { changesOf } from '../../apply/changes.ts';
import { restartsOf } from '../../apply/dry-run/restarts.ts';
import { taskState } from '../../apply/write/tasks.ts';
import type { Finding } from '../../core/errors.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import { phaseOf, phases } from '../../manifests/phases.ts';
import type { WorkloadResult } from '../../rollout/facts/verdict.ts';
import { verdictOf } from '../../rollout/facts/verdict.ts';
import { withRulesOf } from '../../rollout/judge/custom.ts';
import { awaitRollout } from '../../rollout/wait/await-rollout.ts';
import type { Target } from '../../rollout/wait/rollout-view.ts';
import { ranBefore } from '../../undo/undo-plan.ts';
import { whatIsLeft } from '../state/left-behind.ts';
import { apiOf, type Connected, keep, type State, settingsOf } from '../state/state.ts';
import type { StepOf } from '../state/step.ts';
import { recordRelease } from './record-release.ts';
import { readAgain } from './releases.ts';

/** Writes the objects of the phase, or all of them. */
export async function runApply({ phase }: StepOf<'apply'>, run: Connected): Promise<void> {
  const { state, engine, inputs } = run;
  const { clock, log } = engine.ports;
  const before = state.changes;
  if (state.writingSince === undefined) state.ranBefore = ranBefore(state.planned);
  reach(phase, state);
  state.writingSince ??= clock.now();
  const deadline = state.writingSince + inputs.timeoutMs;
  state.left = state.planned.filter(({ write }) => write).map(({ object }) => nameOf(object));
  state.isApplying = true;
  run.note();
  const outcome = await applyAll(
    state.planned,
    { ...settingsOf(run), deadline },
    {
      ...(phase ? { isDue: ({ object }) => phaseOf(object) === phase } : {}),
      beforeStage: async () => {
        await state.lock?.confirm();
        await readAgain(run);
        await recordRelease(run);
      },
      onWriting(planned) {
        state.touched.set(planned.document, { planned });
        state.writing.add(planned.object);
      },
      onRefused: ({ object }) => void state.writing.delete(object),
      onApplied(applied) {
        const { planned, object: written } = applied;
        state.writing.delete(planned.object);
        const at = state.left.indexOf(nameOf(planned.object));
        if (planned.write) state.left = state.left.toSpliced(at, 1);
        if (planned.write) state.touched.set(planned.document, { planned, written });
        const changes = changesOf([applied.planned]);
        state.changes = [...state.changes, ...changes];
        for (const { object, change } of changes) {
          if (change !== 'unchanged') log.info(`${object} ${change}`);
        }
      },
    },
  );
  const planned = outcome.applied.map((each) => each.planned);
  if (planned.every(({ change }) => change === 'unchanged')) log.info('nothing to write');
  state.planned = outcome.rest;
  state.applied = [...state.applied, ...outcome.applied];
  state.changes = [...before, ...changesOf(planned)];
  state.restarts = [...state.restarts, ...restartsOf(planned)];
  state.left = outcome.left;
  state.uncertain = outcome.uncertain;
  state.writing.clear();
  state.isApplying = false;
  run.note();
  const [first, ...more] = outcome.findings;
  if (!first) return;
  keep([{ ...first, evidence: [...first.evidence, ...whatIsLeft(state)] }, ...more], run);
}

/** Waits for the objects of the phase, or for all of them; all waits share one deadline. */
export async function runAwait(
  { timeoutMs, phase }: StepOf<'await-rollout'>,
  run: Connected,
): Promise<void> {
  const { state, engine, signal, inputs } = run;
  const { clock, log } = engine.ports;
  reach(phase, state);
  const spent = clock.now() - (state.writingSince ?? clock.now()) - (state.lock?.waitedMs ?? 0);
  const left = Math.max(1000, timeoutMs - spent);
  // A token that would expire during the wait is renewed before it.
  await state.connection.access.token?.get(left + 60_000);
  const due = state.applied.filter((each) => isAwaitedIn(phase, each));
  // A finished Job may be deleted by its TTL at any moment: it is not awaited.
  const finished = due.filter(({ object }) => taskState(object) === 'done');
  const result = await awaitRollout({
    api: apiOf(run),
    clock,
    targets: due.filter((each) => !finished.includes(each)).map(asWritten),
    timeoutMs: left,
    limitMs: timeoutMs,
    logLines: inputs.logLines,
    patience: inputs.patience,
    signal: state.lock ? AbortSignal.any([signal, state.lock.signal]) : signal,
    onLine: log.info,
  });
  const before = finished.map(({ object }) => finishedBefore(object, clock.now()));
  state.workloads = [...state.workloads, ...before, ...result.workloads];
  const at = result.findings.findIndex(({ severity }) => severity === 'fatal');
  const stopped = phase && state.left.length > 0 ? whatIsLeft(state) : [];
  const findings = result.findings.map((each, index) =>
    index === at ? { ...each, evidence: [...each.evidence, ...stopped] } : each,
  );
  dropForetold(findings, state);
  const loss = state.lock?.loss;
  keep(loss ? [{ ...loss, evidence: [...loss.evidence, ...whatIsLeft(state)] }] : findings, run);
}

/** What the preflight has warned of is said once: as the rollout saw it. */
function dropForetold(seen: readonly Finding[], { findings }: State): void {
  const keyOf = ({ code, namespace, object }: Finding) => [code, namespace, object].join(' ');
  const keys = new Set(seen.map(keyOf));
  const kept = findings.filter(
    (each) => each.severity !== 'warning' || each.object === undefined || !keys.has(keyOf(each)),
  );
  findings.splice(0, findings.length, ...kept);
}

/** With the manifest's rules: anyone may have written others on the live object. */
function asWritten({ planned, object, ...rest }: AppliedObject): Target {
  return { ...rest, object: withRulesOf(planned.document.object, object) };
}

function finishedBefore(object: KubeObject, now: number): WorkloadResult {
  const { namespace } = object.metadata;
  return {
    object: nameOf(object),
    ...(namespace ? { namespace } : {}),
    verdict: verdictOf('ready', 'complete, by an earlier run'),
    from: now,
    to: now,
  };
}

function reach(phase: State['phase'], state: State): void {
  if (phase) state.phase = phase;
}

/** Prepared objects are awaited with the main phase: a claim may only be bound by its first pod. */
function isAwaitedIn(phase: State['phase'], { planned }: AppliedObject): boolean {
  const own = phaseOf(planned.object);
  return phase === undefined || own === phase || (phase === 'main' && own === phases[0]);
}
