// The end of a run → its outcome: what happened, as data, for the report.

import { andHints } from '../connect/authenticate.ts';
import { plansWrite } from '../core/commands.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { notGivenBack } from '../lock/hold.ts';
import { placeFindings } from '../manifests/place-findings.ts';
import { chooseTarget, liveRelease, newestGood } from '../releases/choose.ts';
import type { PrunePlan } from '../releases/prune-plan.ts';
import type { Outcome, Status } from '../report/outcome.ts';
import { leftBehind } from './state/left-behind.ts';
import { hangMark, imagesOf, type Run, type State } from './state/state.ts';

export const isFatal = (state: State): boolean =>
  state.findings.some(({ severity }) => severity === 'fatal');

export const isUndone = ({ undone }: State): boolean => undone?.state === 'done';

const hintedFindings = ({ findings, connection }: State) =>
  connection ? andHints(findings, connection.access) : findings;

/** The outcome of a run that had a plan. */
export function outcomeOf(running: Run): Outcome {
  const { state, signal } = running;
  const cancelled = signal.aborted ? [cancelledFinding(running)] : [];
  return factsOf(running, statusOf(running), [...hintedFindings(state), ...cancelled]);
}

/** The same if the run hangs at this moment; `hangMark` stands for the evidence of the hang. */
export function hungOutcome(running: Run): Outcome {
  const { state, plan } = running;
  const what = `webgen-deploy itself hangs, and was ended by its watchdog: ${hangMark}.`;
  // The last observation is a moment old: any write may have begun since.
  const seen = state.isApplying ? { ...state, uncertain: state.left, writing: none } : state;
  const lock = state.lock?.isHeld ? [notGivenBack] : [];
  const evidence = plansWrite(plan.command) ? [...leftBehind(seen), ...lock] : [];
  const hung = finding('internal-error', what, { evidence });
  return factsOf(running, 'failed', [hung, ...hintedFindings(state)]);
}

const none: ReadonlySet<never> = new Set();

/** A defect of ours, with its stack and what the run leaves behind. */
export function defectFindings(error: unknown, running?: Run): readonly Finding[] {
  if (error instanceof ActionError) return error.findings;
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const trace = stack
    .split('\n')
    .slice(1, 6)
    .map((line) => line.trim());
  const left = running && plansWrite(running.plan.command) ? leftBehind(running.state) : [];
  const evidence = [...left, ...trace];
  return [finding('internal-error', `webgen-deploy itself failed: ${message}`, { evidence })];
}

function factsOf(running: Run, status: Status, findings: Outcome['findings']): Outcome {
  const { inputs, state, engine } = running;
  const access = state.connection?.access;
  return {
    command: inputs.command,
    status,
    app: inputs.app,
    environment: inputs.environment,
    namespace: state.namespace ?? inputs.namespace ?? '',
    images: imagesOf(running),
    changes: state.changes,
    restarts: state.restarts,
    ...(state.toPrune ? { kept: keptOf(state.toPrune) } : {}),
    unverified: state.unverified,
    workloads: state.workloads,
    scans: state.scans,
    ...(state.folder === undefined ? {} : { folder: state.folder }),
    findings: placeFindings(findings, state.documents),
    timings: state.timings,
    ...(state.undone ? { undone: state.undone } : {}),
    ...(state.overtaken ? { overtaken: state.overtaken } : {}),
    ...releaseFacts(running),
    ...goodBefore(running),
    startedAt: state.startedAt,
    endedAt: engine.ports.clock.now(),
    ...(access ? { kubeconfigPath: access.forLater ?? access.path } : {}),
    apiRequests: state.connection?.api.requests ?? 0,
  };
}

function keptOf({ kept }: PrunePlan): NonNullable<Outcome['kept']> {
  return kept.map(({ entry: { kind, name, namespace }, why }) => ({
    object: `${kind}/${name}`,
    ...(namespace ? { namespace } : {}),
    why,
  }));
}

function releaseFacts({ state, inputs }: Run): Pick<Outcome, 'releases' | 'release'> {
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

/** Before this run's own release; for `status`, before the live one. */
function goodBefore({ state, inputs }: Run): Pick<Outcome, 'goodBefore'> {
  const heads = state.releases?.heads ?? [];
  const isOfDeploy = inputs.command === 'deploy';
  if (heads.length === 0 || !(isOfDeploy || inputs.command === 'status')) return {};
  const found = isOfDeploy ? newestGood(heads) : chooseTarget(heads, undefined);
  return found && 'number' in found ? { goodBefore: found.number } : {};
}

function statusOf({ inputs, state, signal }: Run): Status {
  if (signal.aborted) return 'cancelled';
  if (isFatal(state)) return isUndone(state) ? 'rolled-back' : 'failed';
  if (!plansWrite(inputs.command)) return 'succeeded';
  // The most it can have created by then is an empty namespace.
  if (state.overtaken) return 'unchanged';
  const changed = state.changes.some(({ change }) => change !== 'unchanged');
  return changed || state.restarts.length > 0 ? 'deployed' : 'unchanged';
}

function cancelledFinding({ state, plan }: Run) {
  const evidence = [
    ...(plansWrite(plan.command) ? leftBehind(state) : []),
    ...state.workloads.map(({ object, verdict }) => `${object}: ${verdict.words}`),
  ];
  return finding('cancelled', 'The run was cancelled before it ended.', { evidence });
}

/** For a run that ended before it had a plan: invalid inputs, or an event that may not deploy. */
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
