// A run's end → its outcome: what happened, as data, for the report.
import { finding } from './errors.ts';
import { placeFindings } from './manifests/place-findings.ts';
import type { Outcome, Status } from './outcome.ts';
import { plansWrite } from './plan.ts';
import type { Ports } from './ports.ts';
import { liveRelease } from './release/choose.ts';
import type { PrunePlan } from './release/prune-plan.ts';
import { imagesOf, type Running, type State, whatIsLeft } from './running.ts';
import { andHints } from './steps/authenticate.ts';

export const isFatal = (state: State): boolean =>
  state.findings.some(({ severity }) => severity === 'fatal');

export const isUndone = ({ undone }: State): boolean => undone?.state === 'done';

const hintedFindings = ({ findings, access }: State) =>
  access ? andHints(findings, access) : findings;

/** What a run that had a plan has come to. */
export function outcomeOf(running: Running): Outcome {
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
    ...(state.toPrune ? { kept: keptOf(state.toPrune) } : {}),
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

function keptOf({ kept }: PrunePlan): NonNullable<Outcome['kept']> {
  return kept.map(({ entry: { kind, name, namespace }, why }) => ({
    object: `${kind}/${name}`,
    ...(namespace ? { namespace } : {}),
    why,
  }));
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
