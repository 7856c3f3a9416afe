// The kinds that are judged, as raw JSON with their published types, and the few readings they share.
import type {
  CoreV1Event,
  V1Container,
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1Probe,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { KubeObject, Raw } from './objects.ts';

// There are thousands of pods, and most of their bytes no judge ever asks for. Without these fields
// in the types none can: whoever needs one takes it out of the list first.
const unreadOfSpec = ['volumes', 'tolerations', 'topologySpreadConstraints'] as const;
const unreadOfContainer = ['env', 'envFrom', 'volumeMounts', 'volumeDevices'] as const;

export type Container = Omit<Raw<V1Container>, (typeof unreadOfContainer)[number]>;
export type PodSpec = Omit<
  Raw<V1PodSpec>,
  (typeof unreadOfSpec)[number] | 'containers' | 'initContainers'
> & { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
export type Pod = Omit<Raw<V1Pod>, 'spec'> & { readonly spec?: PodSpec };
export type ContainerStatus = Raw<V1ContainerStatus>;
export type Probe = Raw<V1Probe>;
export type KubeEvent = Raw<CoreV1Event>;
export type Deployment = Raw<V1Deployment>;
export type ReplicaSet = Raw<V1ReplicaSet>;
export type StatefulSet = Raw<V1StatefulSet>;
export type DaemonSet = Raw<V1DaemonSet>;
export type Job = Raw<V1Job>;
export type Claim = Raw<V1PersistentVolumeClaim>;
export type Service = Raw<V1Service>;

/** The same JSON, read with the type of its kind: the API server has validated it. */
export function typed<T>(object: KubeObject): T {
  return object as unknown as T;
}

/** By its own condition. */
export function isPodReady({ status }: Pick<Pod, 'status'>): boolean {
  return (status?.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True');
}

/** A pod with only those fields of its spec that judges may read; `pod` stays as it is. */
export function withoutUnread(pod: KubeObject): KubeObject {
  const { spec, ...rest } = pod;
  if (typeof spec !== 'object' || spec === null) return pod;
  const kept = without(spec, unreadOfSpec);
  for (const name of ['containers', 'initContainers']) {
    const list = kept[name];
    if (Array.isArray(list)) kept[name] = list.map((each) => without(each, unreadOfContainer));
  }
  return { ...rest, spec: kept };
}

function without(fields: object, names: readonly string[]): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!names.includes(name)) kept[name] = value;
  }
  return kept;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastTransitionTime?: string;
}

/** `status.conditions` of any kind; empty where there are none. */
export function conditionsOf(object: KubeObject): readonly Condition[] {
  const status = object['status'] as { readonly conditions?: unknown } | undefined;
  const all: readonly unknown[] = Array.isArray(status?.conditions) ? status.conditions : [];
  // A custom kind may keep anything there.
  return all.filter(
    (each): each is Condition =>
      typeof each === 'object' && each !== null && typeof (each as Condition).type === 'string',
  );
}

/** The condition of that type, if the object has it. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((each) => each.type === type);
}

/** RFC 3339 → milliseconds since the epoch; undefined where there is none. */
export function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** How often an event was seen. One event object is updated: its count or series grows. */
export function countOf(event: KubeEvent): number {
  return event.series?.count ?? event.count ?? 1;
}

/** When an event was last seen, milliseconds since the epoch; 0 where it does not say. */
export function lastSeen(event: KubeEvent): number {
  const texts = [event.series?.lastObservedTime, event.lastTimestamp, event.eventTime];
  return Math.max(0, ...texts.map((text) => timeOf(text) ?? 0));
}

/** When an event was first seen, milliseconds since the epoch. */
export function firstSeen(event: KubeEvent): number {
  return timeOf(event.firstTimestamp) ?? timeOf(event.eventTime) ?? lastSeen(event);
}
