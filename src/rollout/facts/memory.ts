// What one look cannot tell: since when, how often, how far. A pure reducer over object updates.

import type { Patience } from '../../kube/annotations.ts';
import { identityOf, type KubeObject } from '../../kube/objects.ts';
import { conditionOf, type Pod, typed } from '../../kube/typed.ts';
import type { PodMemory } from './pod-memory.ts';
import { readPod } from './pod-memory.ts';
import type { Proof, Verdict } from './verdict.ts';

/** The answer of a read that a finding asked for. */
export interface Answer {
  readonly at: number;
  /** `told`: there is no cluster to ask, so what the kubelet or the API said is taken as it is. */
  readonly result: 'missing' | 'present' | 'forbidden' | 'unknown' | 'told';
  /** The keys that exist, names only. */
  readonly keys?: readonly string[];
  /** Others of its kind that exist, names only. */
  readonly names?: readonly string[];
}

export interface Tracked {
  /** Server time of our write; undefined where nothing was written. */
  readonly writtenAt: number | undefined;
  /** The last verdict that ended the wait for it: a finished Job may be gone by now. */
  readonly ready?: Verdict;
}

export interface Mark {
  readonly height: number;
  readonly at: number;
}

export interface Memory {
  readonly targets: ReadonlyMap<string, Tracked>;
  readonly pods: ReadonlyMap<string, PodMemory>;
  /** By the uid of what owns the pods: how far they ever got, and when they last got further. */
  readonly progress: ReadonlyMap<string, Mark>;
  /** By the same: the sum of what each pod that still is there ever reached. */
  readonly heights: ReadonlyMap<string, number>;
  /** When something was first seen: an object or event by its uid, `<uid>/deleting`, `…/refused`;
   * `<namespace>/leaving`: when a pod was last seen on its way out, or gone. */
  readonly seen: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, Answer>;
  /** The run's own, by default normal; an object may say otherwise. */
  readonly patience?: Patience;
}

export const emptyMemory: Memory = {
  targets: new Map(),
  pods: new Map(),
  progress: new Map(),
  heights: new Map(),
  seen: new Map(),
  answers: new Map(),
};

function with_<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

/** One name per read. */
export function proofKey(proof: Proof): string {
  return `${proof.kind}/${proof.namespace}/${proof.name}/${proof.key ?? ''}`;
}

export function putAnswer(memory: Memory, proof: Proof, answer: Answer): Memory {
  return { ...memory, answers: with_(memory.answers, proofKey(proof), answer) };
}

/** Learns from one object as it is at `now` (server time, milliseconds). */
export function remember(memory: Memory, object: KubeObject, now: number): Memory {
  return rememberAll(memory, [object], now);
}

/** The same for many at once. */
export function rememberAll(memory: Memory, objects: readonly KubeObject[], now: number): Memory {
  const draft: Draft = {
    pods: new Map(memory.pods),
    progress: new Map(memory.progress),
    heights: new Map(memory.heights),
    seen: new Map(memory.seen),
  };
  for (const object of objects) learn(draft, object, now);
  return { ...memory, ...draft };
}

/**
 * An outage of the API is no lack of progress: everything that counts time starts `gapMs` later,
 * never later than `now`.
 */
export function shift(memory: Memory, gapMs: number, now: number): Memory {
  const later = (at: number): number => Math.min(now, at + gapMs);
  const shifted = <K>(map: ReadonlyMap<K, number>): ReadonlyMap<K, number> =>
    new Map([...map].map(([key, at]) => [key, later(at)]));
  return {
    ...memory,
    seen: shifted(memory.seen),
    progress: new Map(
      [...memory.progress].map(([uid, mark]) => [uid, { ...mark, at: later(mark.at) }]),
    ),
    pods: new Map(
      [...memory.pods].map(([uid, pod]) => [uid, { ...pod, signals: shifted(pod.signals) }]),
    ),
  };
}

/** What one object changes, in place. */
export interface Draft {
  readonly pods: Map<string, PodMemory>;
  readonly progress: Map<string, Mark>;
  readonly heights: Map<string, number>;
  readonly seen: Map<string, number>;
}

/** As `remember`, into the draft itself. */
function learn(draft: Draft, object: KubeObject, now: number): void {
  const uid = object.metadata.uid ?? identityOf(object);
  const mark = (key: string, stands: boolean): void => {
    if (!stands) draft.seen.delete(key);
    else if (!draft.seen.has(key)) draft.seen.set(key, now);
  };
  if (object.kind === 'Pod') learnPod(draft, typed<Pod>(object), now);
  else mark(uid, true);
  if (object.kind === 'Event') return;
  const leaving = object.metadata.deletionTimestamp !== undefined;
  mark(`${uid}/deleting`, leaving);
  if (leaving && object.kind === 'Pod') draft.seen.set(leavingKey(object), now);
  mark(`${uid}/refused`, conditionOf(object, 'ReplicaFailure')?.status === 'True');
}

const leavingKey = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/leaving`;

/** Forgets a deleted object; what its owner reached stays as the mark to beat. */
function unlearn(draft: Omit<Draft, 'progress'>, object: KubeObject, now: number): void {
  const uid = object.metadata.uid ?? identityOf(object);
  for (const key of [uid, `${uid}/deleting`, `${uid}/refused`]) draft.seen.delete(key);
  const pod = draft.pods.get(uid);
  if (!pod) return;
  draft.seen.set(leavingKey(object), now);
  draft.pods.delete(uid);
  raise(draft.heights, pod.owner, -pod.reached);
}

function learnPod(draft: Draft, pod: Pod, now: number): void {
  const uid = pod.metadata?.uid ?? '';
  const before = draft.pods.get(uid);
  const next = readPod(before, pod, now);
  draft.pods.set(uid, next);
  if (before) raise(draft.heights, before.owner, -before.reached);
  // The height is the sum of what each pod ever reached, so Ready that comes and goes adds nothing.
  // https://github.com/argoproj/argo-rollouts/issues/3765
  const height = raise(draft.heights, next.owner, next.reached);
  const mark = draft.progress.get(next.owner);
  if (!mark || mark.height < height) draft.progress.set(next.owner, { height, at: now });
}

function raise(heights: Map<string, number>, owner: string, by: number): number {
  const height = (heights.get(owner) ?? 0) + by;
  heights.set(owner, height);
  return height;
}

export interface LiveMemory {
  /** What is remembered now. It changes with the next call below. */
  read(): Memory;
  track(object: KubeObject, writtenAt: number | undefined): void;
  /** `now`: server time in milliseconds. Costs the same however much is remembered. */
  remember(object: KubeObject, now: number): void;
  forget(object: KubeObject, now: number): void;
  answer(proof: Proof, answer: Answer): void;
  keepReady(object: KubeObject, ready: Verdict): void;
  /** As `shift` of a memory. */
  shift(gapMs: number, now: number): void;
}

/** Starts from a memory, which stays as it is. */
export function liveMemory(from: Memory = emptyMemory): LiveMemory {
  const copy = (memory: Memory) => ({
    ...memory,
    targets: new Map(memory.targets),
    pods: new Map(memory.pods),
    progress: new Map(memory.progress),
    heights: new Map(memory.heights),
    seen: new Map(memory.seen),
    answers: new Map(memory.answers),
  });
  let memory = copy(from);
  return {
    read: () => memory,
    track: (object, writtenAt) => void memory.targets.set(identityOf(object), { writtenAt }),
    remember: (object, now) => learn(memory, object, now),
    forget: (object, now) => unlearn(memory, object, now),
    answer: (proof, answer) => void memory.answers.set(proofKey(proof), answer),
    keepReady: (object, ready) => {
      const tracked = memory.targets.get(identityOf(object)) ?? { writtenAt: undefined };
      memory.targets.set(identityOf(object), { ...tracked, ready });
    },
    shift: (gapMs, now) => {
      memory = copy(shift(memory, gapMs, now));
    },
  };
}
