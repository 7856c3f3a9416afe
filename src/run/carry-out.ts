// Carries out a plan, wave by wave, and undoes it. Expected failures become findings.

import { ActionError } from '../core/errors.ts';
import { describePhases, inPhases } from '../manifests/phases.ts';
import { placeFindings } from '../manifests/place-findings.ts';
import { allFindings } from '../report/lines.ts';
import { isFatal } from './conclude.ts';
import { withPhases } from './plan.ts';
import type { Run } from './state/state.ts';
import type { Step } from './state/step.ts';
import { patienceMs } from './steps/scan.ts';
import { rowOf, runStep } from './steps.ts';

/** Step by step, until one fails or the run is cancelled. Throws what is a defect. */
export async function carryOut(run: Run): Promise<void> {
  let { waves } = run.plan;
  for (let wave = waves[0]; wave; wave = waves[0]) {
    if (run.signal.aborted || isFatal(run.state)) return;
    const results = await Promise.allSettled(wave.map((step) => timed(step, run)));
    for (const result of results) {
      if (result.status === 'rejected') keepFailure(result.reason, run);
    }
    if (run.state.overtaken) return leaveToNewer(run);
    await showPhases(wave, run);
    // The dry run may add the namespace, so what has to be prepared is only known now.
    const phases = inPhases(run.state.planned).map(({ phase }) => phase);
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

/** What only reports may end after the rest, but not much later: a failed deploy is reported soon. */
export async function settleBackground(run: Run): Promise<void> {
  const { background, overdue, temporary } = run.state;
  const timer = setTimeout(() => overdue.abort(), patienceMs);
  const results = await Promise.allSettled(background);
  clearTimeout(timer);
  const { files } = run.engine.ports;
  await Promise.all(temporary.map((folder) => files.remove(folder)));
  for (const result of results) {
    if (result.status === 'rejected') keepFailure(result.reason, run);
  }
}

/** Once, and only where something may have been written. What was wrong is in the log before. */
export async function undoIfFailed(run: Run): Promise<void> {
  const { plan, state, signal, engine } = run;
  if (!plan.undo || !isFatal(state) || signal.aborted || state.touched.size === 0) return;
  // Whoever holds the lock now writes: leave it alone.
  if (state.lock?.loss) return;
  const findings = placeFindings(state.findings, state.documents);
  for (const line of allFindings({ findings })) engine.ports.log.info(line);
  const [result] = await Promise.allSettled([timed(plan.undo, run)]);
  if (result.status === 'rejected') keepFailure(result.reason, run);
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

/** An expected failure, or the abort that we asked for ourselves; anything else is a defect. */
function keepFailure(reason: unknown, { state, signal }: Run): void {
  if (reason instanceof ActionError) {
    // A step that waited for another fails with the same findings; they are reported once.
    state.findings.push(...reason.findings.filter((each) => !state.findings.includes(each)));
  } else if (!signal.aborted) throw reason;
}

async function timed(step: Step, run: Run): Promise<void> {
  const { clock, log } = run.engine.ports;
  const { section, group } = rowOf(step);
  const phase = 'phase' in step ? step.phase : undefined;
  const from = clock.now();
  let failed = true;
  const work = () => runStep(step, run);
  try {
    await (group === undefined ? work() : log.group(phase ? `${group}: ${phase}` : group, work));
    failed = (rowOf(step).failed ?? isFatal)(run.state);
  } finally {
    if (failed) run.state.failed.abort();
    const name = phase ? `${step.do} ${phase}` : step.do;
    const bar = { section, name, from, to: clock.now() };
    run.state.timings.push(failed ? { ...bar, failed } : bar);
  }
}
