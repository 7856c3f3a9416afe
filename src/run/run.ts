// Executes a plan, wave by wave, and reports what happened. Expected failures become findings.

import type { RunContext } from '../core/context.ts';
import { ActionError } from '../core/errors.ts';
import { untilAborted } from '../core/wake.ts';
import type { Inputs } from '../inputs/types.ts';
import { notGivenBack } from '../lock/hold.ts';
import { describePhases, inPhases } from '../manifests/phases.ts';
import { placeFindings } from '../manifests/place-findings.ts';
import { allFindings } from '../report/lines.ts';
import type { Outcome } from '../report/outcome.ts';
import { defectFindings, hungOutcome, isFatal, isUndone, outcomeOf } from './conclude.ts';
import { makePlan, withPhases } from './plan.ts';
import type { Engine } from './state/engine.ts';
import { isConnected, newState, type Run } from './state/state.ts';
import type { Step } from './state/step.ts';
import { finishRelease } from './steps/record-release.ts';
import { patienceMs } from './steps/scan.ts';
import { rowOf, runStep } from './steps.ts';

export interface DeployRequest {
  readonly inputs: Inputs;
  readonly context: RunContext;
  readonly engine: Engine;
  /** Aborted by SIGINT, SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted when a cancelled run has no time left. */
  readonly over: AbortSignal;
}

/**
 * Never throws for an expected failure: every finding is in the outcome. The connections stay open:
 * the process ends soon, and destroying an HTTP/2 session whose last streams linger can throw outside
 * of any call, after a good deploy (https://github.com/nodejs/undici/issues/5936).
 */
export async function deploy(request: DeployRequest): Promise<Outcome> {
  const plan = makePlan(request.inputs);
  const state = newState(request.engine.ports.clock.now());
  const { watch } = request.engine;
  const note = watch?.(() => hungOutcome(running)) ?? (() => undefined);
  const running: Run = { ...request, plan, state, note };
  await Promise.race([workOn(running), untilAborted(request.over)]).catch((error: unknown) => {
    state.findings.push(...defectFindings(error, running));
  });
  if (request.over.aborted) giveUp(running);
  return outcomeOf(running);
}

async function workOn(running: Run): Promise<void> {
  try {
    await carryOut(running);
    await undoIfFailed(running);
    if (isConnected(running)) await finishRelease(running);
  } finally {
    // Before the scans that only report, so that the next deploy need not wait for them.
    await running.state.lock?.release();
    await settleBackground(running);
  }
}

/** What is still running ends with the process; what it leaves behind is reported. */
function giveUp({ state, engine }: Run): void {
  const { log } = engine.ports;
  const number = state.release?.head.number;
  if (state.release?.head.state === 'pending') {
    log.info(`The result of release ${number} could not be recorded: it stays pending.`);
  }
  if (state.lock?.isHeld) log.info(notGivenBack);
}

async function carryOut(running: Run): Promise<void> {
  let { waves } = running.plan;
  for (let wave = waves[0]; wave; wave = waves[0]) {
    if (running.signal.aborted || isFatal(running.state)) return;
    const results = await Promise.allSettled(wave.map((step) => timed(step, running)));
    for (const result of results) {
      if (result.status === 'rejected') keepFailure(result.reason, running);
    }
    if (running.state.overtaken) return leaveToNewer(running);
    await showPhases(wave, running);
    // The dry run may add the namespace, so what has to be prepared is only known now.
    const phases = inPhases(running.state.planned).map(({ phase }) => phase);
    waves = withPhases(waves.slice(1), phases);
  }
}

/** Findings of the steps beside it belong to a deploy that does not take place. */
function leaveToNewer({ state }: Run): void {
  const kept = state.findings.filter(
    ({ severity, code }) => severity !== 'fatal' || code === 'older-commit',
  );
  state.findings.splice(0, state.findings.length, ...kept);
}

/** Report-only work may end after the rest, but not much later: a failed deploy is reported soon. */
async function settleBackground(running: Run): Promise<void> {
  const { background, overdue, temporary } = running.state;
  const timer = setTimeout(() => overdue.abort(), patienceMs);
  const results = await Promise.allSettled(background);
  clearTimeout(timer);
  const { files } = running.engine.ports;
  await Promise.all(temporary.map((folder) => files.remove(folder)));
  for (const result of results) {
    if (result.status === 'rejected') keepFailure(result.reason, running);
  }
}

/** Once, and only where something may have been written. The failure was reported before. */
async function undoIfFailed(running: Run): Promise<void> {
  const { plan, state, signal, engine } = running;
  if (!plan.undo || !isFatal(state) || signal.aborted || state.touched.size === 0) return;
  // Whoever holds the lock now writes: leave it alone.
  if (state.lock?.loss) return;
  const findings = placeFindings(state.findings, state.documents);
  for (const line of allFindings({ findings })) engine.ports.log.info(line);
  const [result] = await Promise.allSettled([timed(plan.undo, running)]);
  if (result.status === 'rejected') keepFailure(result.reason, running);
}

/** The rest of the plan, once the manifests have been read. */
async function showPhases(wave: readonly Step[], { state, engine, inputs }: Run) {
  const parts = inPhases(state.documents);
  const { log } = engine.ports;
  const isRead = wave.some((step) => rowOf(step).gives.includes('documents'));
  if (parts.length === 0 || !isRead) return;
  const title = inputs.wait ? 'Phases' : 'Phases, applied together because nothing is awaited';
  await log.group(title, async () => describePhases(parts).forEach(log.info));
}

/** An expected failure, or the abort that we requested ourselves; anything else is a defect. */
function keepFailure(reason: unknown, { state, signal }: Run): void {
  if (reason instanceof ActionError) {
    // A step that waited for another fails with the same findings; they are reported once.
    state.findings.push(...reason.findings.filter((each) => !state.findings.includes(each)));
  } else if (!signal.aborted) throw reason;
}

async function timed(step: Step, running: Run): Promise<void> {
  const { clock, log } = running.engine.ports;
  const { section, group } = rowOf(step);
  const phase = 'phase' in step ? step.phase : undefined;
  const from = clock.now();
  let failed = true;
  const work = () => runStep(step, running);
  try {
    await (group === undefined ? work() : log.group(phase ? `${group}: ${phase}` : group, work));
    failed = step.do === 'undo' ? !isUndone(running.state) : isFatal(running.state);
  } finally {
    if (failed) running.state.failed.abort();
    const name = phase ? `${step.do} ${phase}` : step.do;
    const bar = { section, name, from, to: clock.now() };
    running.state.timings.push(failed ? { ...bar, failed } : bar);
  }
}
