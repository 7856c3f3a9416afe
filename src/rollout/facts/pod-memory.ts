// What is remembered of one pod: since when each signal lasts, its runs, its failed pulls.

import { type ContainerStatus, type Pod, timeOf } from '../../kube/typed.ts';
import { type PullTrouble, pullTroubleOf } from './pull-words.ts';

/** One run of a container that ended. */
export interface ContainerRun {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds; 0 where the runtime does not report it. */
  readonly lasted: number;
  readonly endedAt: number;
}

export interface ContainerMemory {
  /** The restart count when our rollout first saw it. */
  readonly baseline: number;
  /** Restarts since then. */
  readonly restarts: number;
  /** It passed its readiness probe, or, without one, ran for ten seconds. */
  readonly wasReady: boolean;
  /** Finished runs, each once, the newest last. */
  readonly runs: readonly ContainerRun[];
  readonly failedPulls: Readonly<Partial<Record<PullTrouble, number>>>;
  readonly lastPull?: { readonly trouble: PullTrouble; readonly message: string };
  readonly waiting: string;
}

export interface PodMemory {
  /** Uid of its owner and, where one owner has pods of several revisions, the revision. */
  readonly owner: string;
  /** 0 created, 1 scheduled, 2 started, 3 was Ready. */
  readonly reached: number;
  /** signal → when its unbroken series began, milliseconds. */
  readonly signals: ReadonlyMap<string, number>;
  readonly containers: ReadonlyMap<string, ContainerMemory>;
}

/** Without a readiness probe "Ready" only means started; it counts after this long. */
export const steadyMs = 10_000;
const keptRuns = 8;
const noPulls: ContainerMemory['failedPulls'] = {};
const noRuns: readonly ContainerRun[] = [];

const families: Readonly<Record<string, string>> = {
  ErrImagePull: 'image',
  ImagePullBackOff: 'image',
  RegistryUnavailable: 'image',
  CreateContainerConfigError: 'config',
  CreateContainerError: 'start',
  RunContainerError: 'start',
};

/** Every container's status, init containers first. */
export function statusesOf(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

/** Folds one observation of a pod into its memory: returns `before` itself where nothing changed. */
export function readPod(before: PodMemory | undefined, pod: Pod, now: number): PodMemory {
  const next = foldPod(before, pod, now);
  if (!before) return next;
  const signals = isSame(before.signals, next.signals) ? before.signals : next.signals;
  const containers = isSame(before.containers, next.containers)
    ? before.containers
    : next.containers;
  const kept = { ...next, signals, containers };
  return isAlike(before, kept) ? before : kept;
}

function isSame<V>(before: ReadonlyMap<string, V>, next: ReadonlyMap<string, V>): boolean {
  return before.size === next.size && [...next].every(([key, value]) => before.get(key) === value);
}

function isAlike<T extends object>(before: T, next: T): boolean {
  const names = Object.keys(next) as (keyof T)[];
  return names.every((name) => before[name] === next[name]);
}

function foldPod(before: PodMemory | undefined, pod: Pod, now: number): PodMemory {
  const containers = new Map(
    statusesOf(pod).map((status) => [
      status.name,
      readContainer(before?.containers.get(status.name), pod, { status, now }),
    ]),
  );
  const signals = new Map(
    signalsOf(pod).map((signal) => [signal, before?.signals.get(signal) ?? now]),
  );
  return {
    owner: ownerOf(pod),
    reached: Math.max(before?.reached ?? 0, reachedBy(pod)),
    signals,
    containers,
  };
}

// StatefulSets and DaemonSets own the pods of every revision: old ones must not hide new progress.
function ownerOf(pod: Pod): string {
  const owner = pod.metadata?.ownerReferences?.find((each) => each.controller);
  const revision = pod.metadata?.labels?.['controller-revision-hash'] ?? '';
  return `${owner?.uid ?? pod.metadata?.uid ?? ''}/${revision}`;
}

function reachedBy(pod: Pod): number {
  const is = (type: string): boolean =>
    (pod.status?.conditions ?? []).some((each) => each.type === type && each.status === 'True');
  if (is('Ready')) return 3;
  const statuses = statusesOf(pod);
  if (statuses.some((each) => each.state?.running || each.state?.terminated)) return 2;
  return is('PodScheduled') ? 1 : 0;
}

function signalsOf(pod: Pod): readonly string[] {
  const signals: string[] = [];
  for (const status of statusesOf(pod)) {
    const reason = status.state?.waiting?.reason;
    if (reason) signals.push(`${status.name}/${families[reason] ?? reason}`);
    if (status.state?.running && !status.ready) signals.push(`${status.name}/unready`);
    if (status.restartCount >= 2) signals.push(`${status.name}/restarts-2`);
  }
  for (const condition of pod.status?.conditions ?? []) {
    if (condition.status !== 'True') signals.push(`${condition.type}/${condition.reason ?? ''}`);
  }
  return signals;
}

interface Look {
  readonly status: ContainerStatus;
  readonly now: number;
}

function readContainer(
  before: ContainerMemory | undefined,
  pod: Pod,
  { status, now }: Look,
): ContainerMemory {
  const baseline = before?.baseline ?? (status.ready ? status.restartCount : 0);
  const runs = addRuns(before?.runs ?? noRuns, status);
  const waiting = status.state?.waiting?.reason ?? '';
  const pulls = countPull(before, status);
  const next = {
    baseline,
    restarts: Math.max(0, status.restartCount - baseline),
    wasReady: (before?.wasReady ?? false) || isSteady(pod, { status, now }, runs),
    runs,
    ...pulls,
    waiting,
  };
  return before && isAlike(before, next) ? before : next;
}

function isSteady(pod: Pod, { status, now }: Look, runs: readonly ContainerRun[]): boolean {
  const spec = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
    (each) => each.name === status.name,
  );
  if (spec?.readinessProbe) return status.ready;
  const startedAt = timeOf(status.state?.running?.startedAt);
  const running = status.ready && startedAt !== undefined && now - startedAt >= steadyMs;
  return running || runs.some((run) => run.lasted >= steadyMs);
}

function addRuns(
  before: readonly ContainerRun[],
  status: ContainerStatus,
): readonly ContainerRun[] {
  const ended = [status.lastState?.terminated, status.state?.terminated];
  const runs = [...before];
  for (const end of ended) {
    if (!end) continue;
    const endedAt = timeOf(end.finishedAt) ?? 0;
    const startedAt = timeOf(end.startedAt) ?? 0;
    const run: ContainerRun = {
      exitCode: end.exitCode,
      reason: end.reason ?? '',
      message: end.message ?? '',
      // A container that never started has a time in 1970.
      lasted: startedAt > 0 ? Math.max(0, endedAt - startedAt) : 0,
      endedAt,
    };
    const known = runs.some((each) => each.endedAt === endedAt && each.exitCode === run.exitCode);
    if (!known) runs.push(run);
  }
  return runs.length === before.length ? before : runs.slice(-keptRuns);
}

type Pulls = Pick<ContainerMemory, 'failedPulls' | 'lastPull'>;

function countPull(before: ContainerMemory | undefined, status: ContainerStatus): Pulls {
  const failedPulls = before?.failedPulls ?? noPulls;
  const kept: Pulls = {
    failedPulls,
    ...(before?.lastPull ? { lastPull: before.lastPull } : {}),
  };
  const waiting = status.state?.waiting;
  if (waiting?.reason !== 'ErrImagePull' || before?.waiting === 'ErrImagePull') return kept;
  const message = waiting.message ?? '';
  const trouble = pullTroubleOf(message, status.image);
  return {
    failedPulls: { ...failedPulls, [trouble]: (failedPulls[trouble] ?? 0) + 1 },
    lastPull: { trouble, message },
  };
}
