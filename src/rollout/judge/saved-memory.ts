// The history of a saved state: the objects' own times replace what a watch would have seen.
import { identityOf, type KubeObject } from '../../kube/objects.ts';
import {
  type ContainerStatus,
  conditionOf,
  firstSeen,
  type KubeEvent,
  type Pod,
  timeOf,
  typed,
} from '../../kube/typed.ts';
import { emptyMemory, type Mark, type Memory, rememberAll } from '../facts/memory.ts';
import {
  type ContainerMemory,
  type ContainerRun,
  type PodMemory,
  statusesOf,
} from '../facts/pod-memory.ts';
import { pullTroubleOf } from '../facts/pull-words.ts';
import { isStructural } from './symptoms/schedule.ts';

/**
 * The memory of one look at `now` (milliseconds). The kubelet's messages count as if they had lasted
 * for ever, since no later look can retract them; what only time proves counts from the times
 * written in the objects.
 */
export function memoryOfSaved(objects: readonly KubeObject[], now: number): Memory {
  const memory = rememberAll(emptyMemory, objects, now);
  const pods = new Map<string, PodMemory>();
  const progress = new Map<string, Mark>();
  const scaling = new Set(objects.flatMap(scaledUpFor));
  for (const object of objects) {
    const uid = object.metadata.uid ?? '';
    const past = object.kind === 'Pod' ? memory.pods.get(uid) : undefined;
    if (!past) continue;
    const pod = typed<Pod>(object);
    pods.set(uid, pastOf(pod, past, { now, nodeComes: scaling.has(uid) }));
    const mark = progress.get(past.owner);
    const at = Math.max(mark?.at ?? 0, progressOf(pod, past.reached));
    progress.set(past.owner, { height: memory.progress.get(past.owner)?.height ?? 0, at });
  }
  const seen = new Map(objects.flatMap((object) => seenOf(object, now)));
  return { ...memory, pods, progress, seen };
}

function seenOf(object: KubeObject, now: number): readonly (readonly [string, number])[] {
  const uid = object.metadata.uid ?? identityOf(object);
  const { creationTimestamp, deletionTimestamp } = object.metadata;
  if (object.kind === 'Event') {
    const event = typed<KubeEvent>(object);
    // The API server's own rejection: a later look would not make it more certain.
    return [[uid, event.reason === 'FailedCreate' ? 0 : firstSeen(event) || now]];
  }
  const refused = conditionOf(object, 'ReplicaFailure');
  return [
    [uid, timeOf(creationTimestamp) ?? now],
    ...(deletionTimestamp === undefined
      ? []
      : [[`${uid}/deleting`, timeOf(deletionTimestamp) ?? now] as const]),
    ...(refused?.status === 'True' ? [[`${uid}/refused`, 0] as const] : []),
  ];
}

function scaledUpFor(object: KubeObject): readonly string[] {
  if (object.kind !== 'Event') return [];
  const { reason, involvedObject } = typed<KubeEvent>(object);
  return reason === 'TriggeredScaleUp' ? [involvedObject?.uid ?? ''] : [];
}

/** When this pod last made progress. */
function progressOf(pod: Pod, reached: number): number {
  const changed = (type: string): number =>
    timeOf(pod.status?.conditions?.find((each) => each.type === type)?.lastTransitionTime) ?? 0;
  const begun = statusesOf(pod).map((each) => timeOf(each.state?.running?.startedAt) ?? 0);
  const scheduled = changed('PodScheduled');
  const created = timeOf(pod.metadata?.creationTimestamp) ?? 0;
  if (reached === 3) return Math.max(created, changed('Ready'));
  // A later start of a container that died is not progress.
  const first = begun.filter((_, index) => statusesOf(pod)[index]?.restartCount === 0);
  return Math.max(created, reached >= 1 ? scheduled : 0, reached >= 2 ? Math.max(0, ...first) : 0);
}

function pastOf(pod: Pod, past: PodMemory, known: Known): PodMemory {
  const { now } = known;
  const statuses = new Map(statusesOf(pod).map((each) => [each.name, each]));
  const signals = [...past.signals.keys()].map(
    (signal) => [signal, signalAt(pod, signal, { ...known, statuses })] as const,
  );
  const containers = [...past.containers].map(([name, container]) => {
    const status = statuses.get(name);
    return [name, status ? containerOf(status, container, { pod, now }) : container] as const;
  });
  return { ...past, signals: new Map(signals), containers: new Map(containers) };
}

interface Known {
  readonly now: number;
  /** The autoscaler is adding a node for it. */
  readonly nodeComes: boolean;
}

interface Statuses extends Known {
  readonly statuses: ReadonlyMap<string, ContainerStatus>;
}

const spoken = /^(image|config|start)$/;

/** Since when a signal lasts; 0 for a kubelet message that time makes no more certain. */
function signalAt(pod: Pod, signal: string, known: Statuses): number {
  const { statuses, now, nodeComes } = known;
  const [subject = '', family = ''] = signal.split('/');
  const begun = timeOf(pod.status?.startTime) ?? timeOf(pod.metadata?.creationTimestamp) ?? now;
  const status = statuses.get(subject);
  if (!status) {
    const condition = pod.status?.conditions?.find((each) => each.type === subject);
    const message = condition?.message ?? '';
    if (family === 'Unschedulable' && !nodeComes && isHopeless(message)) return 0;
    return timeOf(condition?.lastTransitionTime) ?? begun;
  }
  const startedAt = timeOf(status.state?.running?.startedAt);
  if (startedAt !== undefined) return startedAt;
  const message = status.state?.waiting?.message ?? '';
  const passing = family === 'image' && /transient|unknown/.test(troubleOf(status, message));
  return spoken.test(family) && !passing ? 0 : begun;
}

/** No node and no other pod can change it. */
function isHopeless(message: string): boolean {
  return isStructural(message) || /persistentvolumeclaim "[^"]+" not found/i.test(message);
}

const troubleOf = (status: ContainerStatus, message: string) =>
  pullTroubleOf(message, status.image);

interface Around {
  readonly pod: Pod;
  readonly now: number;
}

function containerOf(
  status: ContainerStatus,
  past: ContainerMemory,
  { pod, now }: Around,
): ContainerMemory {
  const restarts = restartsOf(status, pod, now);
  return {
    ...past,
    baseline: status.restartCount - restarts,
    restarts,
    runs: runsOf(past.runs, restarts),
    ...pullsOf(status, past),
  };
}

/** The kubelet doubles its back-off from 10 s, and resets it after ten minutes of running. */
const backOffMs = 10_000;
const forgottenMs = 600_000;

/** Restarts that belong to the current trouble, not to months of a pod's life. */
function restartsOf(status: ContainerStatus, pod: Pod, now: number): number {
  const { waiting, running } = status.state ?? {};
  const count = status.restartCount;
  if (running && status.ready) return 0;
  const delay = /back-off (?:(\d+)m)?(?:(\d+)s)?/.exec(waiting?.message ?? '');
  if (delay) {
    const ms = 1_000 * (60 * Number(delay[1] ?? 0) + Number(delay[2] ?? 0));
    return Math.min(count, Math.floor(Math.log2(Math.max(1, ms / backOffMs))) + 2);
  }
  const life = now - (timeOf(pod.status?.startTime) ?? now);
  return life / Math.max(1, count) < forgottenMs ? count : Math.min(count, 1);
}

const keptRuns = 8;

/** A status keeps one finished run; the restart count shows that there were more. */
function runsOf(runs: readonly ContainerRun[], restarts: number): readonly ContainerRun[] {
  const [last] = runs.slice(-1);
  if (!last) return runs;
  const missing = Math.min(keptRuns, restarts) - runs.length;
  return [...Array.from({ length: Math.max(0, missing) }, () => last), ...runs];
}

/** This many failed pulls exceed every threshold: a later look would not count more. */
const provedPulls = 3;

function pullsOf(
  status: ContainerStatus,
  past: ContainerMemory,
): Pick<ContainerMemory, 'failedPulls'> {
  const waiting = status.state?.waiting;
  if (!/^(ErrImagePull|ImagePullBackOff)$/.test(waiting?.reason ?? '')) return past;
  const troubles = ['not-found', 'denied', 'platform', 'transient', 'unknown'] as const;
  return { failedPulls: Object.fromEntries(troubles.map((each) => [each, provedPulls])) };
}
