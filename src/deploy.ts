// Carries a plan out, wave by wave, and tells what happened. Expected failures become findings.
import type { RunContext } from './context.ts';
import { ActionError, finding } from './errors.ts';
import type { Inputs } from './inputs.ts';
import { describePhases, inPhases } from './manifests/phases.ts';
import { placeFindings } from './manifests/place-findings.ts';
import type { Outcome, Status, Timing } from './outcome.ts';
import { makePlan, plansWrite, type Step, withPhases } from './plan.ts';
import type { Ports } from './ports.ts';

import { liveRelease } from './release/choose.ts';
import { allFindings } from './report/lines.ts';
import {
  type Engine,
  imagesOf,
  newState,
  type Running,
  type State,
  whatIsLeft,
} from './running.ts';
import { patienceMs } from './scan-run.ts';
import { runStep } from './step-runners.ts';
import { andHints } from './steps/authenticate.ts';
import { finishRelease } from './steps/record-release.ts';

export interface DeployRequest {
  readonly inputs: Inputs;
  readonly context: RunContext;
  readonly engine: Engine;
  /** Aborted by SIGINT, SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Never throws for an expected failure: every finding is in the outcome. The connections stay open:
 * the process ends soon, and to destroy an HTTP/2 session whose last streams still linger can throw
 * out of nowhere, after a good deploy (https://github.com/nodejs/undici/issues/5936).
 */
export async function deploy(request: DeployRequest): Promise<Outcome> {
  const plan = makePlan(request.inputs);
  const running: Running = { ...request, plan, state: newState(request.engine.ports.clock.now()) };
  try {
    await carryOut(running);
    await undoIfFailed(running);
    await finishRelease(running);
  } finally {
    // Before the scans that only report: the next deploy need not wait for them.
    await running.state.lock?.release();
    await settleBackground(running);
  }
  return outcomeOf(running);
}

async function carryOut(running: Running): Promise<void> {
  let { waves } = running.plan;
  for (let wave = waves[0]; wave; wave = waves[0]) {
    if (running.signal.aborted || isFatal(running.state)) return;
    const results = await Promise.allSettled(wave.map((step) => timed(step, running)));
    for (const result of results) {
      if (result.status === 'rejected') keepFailure(result.reason, running);
    }
    await tellPhases(wave, running);
    // The dry run may add the namespace, so only then it is known what has to be prepared.
    const phases = inPhases(running.state.planned).map(({ phase }) => phase);
    waves = withPhases(waves.slice(1), phases);
  }
}

/** What only reports may end after the rest, but not much: a failed deploy is told soon. */
async function settleBackground(running: Running): Promise<void> {
  const { background, overdue, temporary } = running.state;
  const timer = setTimeout(() => overdue.abort(), background.length > 0 ? patienceMs : 0);
  const results = await Promise.allSettled(background);
  clearTimeout(timer);
  const { files } = running.engine.ports;
  await Promise.all(temporary.map((folder) => files.remove(folder)));
  for (const result of results) {
    if (result.status === 'rejected') keepFailure(result.reason, running);
  }
}

/** Once, and only where something may have been written. What was wrong is told before. */
async function undoIfFailed(running: Running): Promise<void> {
  const { plan, state, signal, engine } = running;
  if (!plan.undo || !isFatal(state) || signal.aborted || state.touched.size === 0) return;
  // Whoever has the lock now writes: nothing of it is touched.
  if (state.lock?.loss) return;
  const findings = placeFindings(state.findings, state.documents);
  for (const line of allFindings({ findings })) engine.ports.log.info(line);
  const [result] = await Promise.allSettled([timed(plan.undo, running)]);
  if (result.status === 'rejected') keepFailure(result.reason, running);
}

/** The rest of the plan, once the manifests have been read. */
async function tellPhases(wave: readonly Step[], { state, engine, inputs }: Running) {
  const parts = inPhases(state.documents);
  const { log } = engine.ports;
  const isRead = wave.some(
    ({ do: what }) => what === 'load-manifests' || what === 'find-workloads',
  );
  if (parts.length === 0 || !isRead) return;
  const title = inputs.wait ? 'Phases' : 'Phases, applied at once since nothing is awaited';
  await log.group(title, async () => describePhases(parts).forEach(log.info));
}

/** An expected failure, or the abort that we asked for ourselves; anything else is a defect. */
function keepFailure(reason: unknown, { state, signal }: Running): void {
  if (reason instanceof ActionError) {
    // A step that waited for another one fails by the same findings; they are told once.
    state.findings.push(...reason.findings.filter((each) => !state.findings.includes(each)));
  } else if (!signal.aborted) throw reason;
}

const isUndone = ({ undone }: State): boolean => undone?.state === 'done';

const isFatal = (state: State): boolean =>
  state.findings.some(({ severity }) => severity === 'fatal');

interface Heading {
  readonly section: Timing['section'];
  /** Its lines are folded under this; without it they stay in sight. */
  readonly group?: string;
}

const headings: Readonly<Record<Step['do'], Heading>> = {
  authenticate: { section: 'prepare', group: 'Authenticate' },
  'install-tools': { section: 'prepare', group: 'Install tools' },
  'load-manifests': { section: 'prepare', group: 'Load manifests' },
  'find-workloads': { section: 'prepare', group: 'Find workloads' },
  'build-images': { section: 'build' },
  'prepare-scanner': { section: 'prepare', group: 'Prepare the scanner' },
  'pin-images': { section: 'prepare' },
  'acquire-lock': { section: 'prepare' },
  scan: { section: 'scan' },
  'dry-run': { section: 'apply', group: 'Dry run' },
  apply: { section: 'apply', group: 'Apply' },
  'await-rollout': { section: 'rollout' },
  judge: { section: 'rollout' },
  'read-releases': { section: 'prepare' },
  'choose-release': { section: 'prepare', group: 'Release' },
  'plan-prune': { section: 'apply' },
  prune: { section: 'rollout', group: 'Prune' },
  undo: { section: 'rollout' },
};

async function timed(step: Step, running: Running): Promise<void> {
  const { clock, log } = running.engine.ports;
  const { section, group } = headings[step.do];
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

const hintedFindings = ({ findings, access }: State) =>
  access ? andHints(findings, access) : findings;

function outcomeOf(running: Running): Outcome {
  const { inputs, state, engine, signal } = running;
  const status = statusOf(running);
  if (signal.aborted) state.findings.push(cancelledFinding(running));
  return {
    command: inputs.command,
    status,
    app: inputs.app,
    environment: inputs.environment,
    namespace: state.namespace ?? inputs.namespace ?? '',
    images: imagesOf(running),
    changes: state.changes,
    restarts: state.restarts,
    unverified: state.unverified,
    workloads: state.workloads,
    scans: state.scans,
    ...(state.folder === undefined ? {} : { folder: state.folder }),
    findings: placeFindings(hintedFindings(state), state.documents),
    timings: state.timings,
    ...(state.undone ? { undone: state.undone } : {}),
    ...releaseFacts(running),
    startedAt: state.startedAt,
    endedAt: engine.ports.clock.now(),
    ...(state.access ? { kubeconfigPath: state.access.forLater ?? state.access.path } : {}),
    apiRequests: state.api?.requests ?? 0,
  };
}

function releaseFacts({ state, inputs }: Running): Pick<Outcome, 'releases' | 'release'> {
  const { releases, release, returnsTo } = state;
  if (!releases) return {};
  const live = liveRelease(releases.heads);
  if (!plansWrite(inputs.command)) {
    return { releases: releases.heads, ...(live ? { release: { number: live.number } } : {}) };
  }
  const number = release?.head.number ?? live?.number;
  const before = release ? live?.number : releases.heads.find((each) => each !== live)?.number;
  if (number === undefined) return {};
  const previous = before === undefined ? {} : { previous: before };
  const of = returnsTo ? { of: returnsTo.head.number } : {};
  return { release: { number, ...previous, ...of } };
}

function statusOf({ inputs, state, signal }: Running): Status {
  if (signal.aborted) return 'cancelled';
  if (isFatal(state)) return isUndone(state) ? 'rolled-back' : 'failed';
  if (!plansWrite(inputs.command)) return 'succeeded';
  const changed = state.changes.some(({ change }) => change !== 'unchanged');
  return changed || state.restarts.length > 0 ? 'deployed' : 'unchanged';
}

function cancelledFinding({ state, plan }: Running) {
  const evidence = [
    ...(plansWrite(plan.command) ? whatIsLeft(state) : []),
    ...(state.undone?.objects ?? []).map(({ object, did }) => `${object}: ${did}`),
    ...state.workloads.map(({ object, verdict }) => `${object}: ${verdict.words}`),
  ];
  return finding('cancelled', 'The run was cancelled before it ended.', { evidence });
}

/** For a run that ended before it had a plan: wrong inputs, or an event that may not deploy. */
export function refusedOutcome(
  command: Outcome['command'],
  findings: Outcome['findings'],
  clock: Ports['clock'],
): Outcome {
  const now = clock.now();
  return {
    command,
    status: 'failed',
    app: '',
    environment: '',
    namespace: '',
    images: {},
    changes: [],
    restarts: [],
    unverified: [],
    workloads: [],
    scans: [],
    findings,
    timings: [],
    startedAt: now,
    endedAt: now,
    apiRequests: 0,
  };
}
