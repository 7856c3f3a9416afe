// What one look cannot tell: since when, how often, how far. A pure reducer over object updates.
import { identityOf, type KubeObject } from '../cluster/objects.ts';
import type { PodMemory } from './pod-memory.ts';
import { readPod } from './pod-memory.ts';
import { conditionOf, type Pod, typed } from './typed.ts';
import type { Proof, Verdict } from './verdict.ts';

/** The answer of a read that a finding asked for. */
export interface Answer {
  readonly at: number;
  readonly result: 'missing' | 'present' | 'forbidden' | 'unknown';
  /** The keys that exist, names only. */
  readonly keys?: readonly string[];
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
  /** When something was first seen: an object or event by its uid, `<uid>/deleting`, `…/refused`. */
  readonly seen: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, Answer>;
}

export const emptyMemory: Memory = {
  targets: new Map(),
  pods: new Map(),
  progress: new Map(),
  seen: new Map(),
  answers: new Map(),
};

function with_<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

/** Starts to wait for an object. `writtenAt` is the server's time, in milliseconds. */
export function track(memory: Memory, object: KubeObject, writtenAt: number | undefined): Memory {
  return { ...memory, targets: with_(memory.targets, identityOf(object), { writtenAt }) };
}

/** Keeps a verdict that ended the wait: a Job's TTL may delete it before the others are done. */
export function keepReady(memory: Memory, object: KubeObject, ready: Verdict): Memory {
  const tracked = memory.targets.get(identityOf(object)) ?? { writtenAt: undefined };
  if (tracked.ready === ready) return memory;
  return { ...memory, targets: with_(memory.targets, identityOf(object), { ...tracked, ready }) };
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
  if (object.kind === 'Pod') return rememberPod(memory, typed<Pod>(object), now);
  const uid = object.metadata.uid ?? identityOf(object);
  if (object.kind === 'Event') return firstSight(memory, uid, now);
  const deleting = object.metadata.deletionTimestamp !== undefined;
  const refused = conditionOf(object, 'ReplicaFailure')?.status === 'True';
  const first = firstSight(memory, uid, now);
  const second = standing(first, `${uid}/deleting`, { stands: deleting, now });
  return standing(second, `${uid}/refused`, { stands: refused, now });
}

/** Forgets a deleted object; what its owner reached stays as the mark to beat. */
export function forget(memory: Memory, object: KubeObject): Memory {
  const uid = object.metadata.uid ?? identityOf(object);
  const seen = new Map(memory.seen);
  for (const key of [uid, `${uid}/deleting`, `${uid}/refused`]) seen.delete(key);
  if (!memory.pods.has(uid)) return { ...memory, seen };
  const pods = new Map(memory.pods);
  pods.delete(uid);
  return { ...memory, pods, seen };
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

function firstSight(memory: Memory, key: string, now: number): Memory {
  return memory.seen.has(key) ? memory : { ...memory, seen: with_(memory.seen, key, now) };
}

interface Standing {
  readonly stands: boolean;
  readonly now: number;
}

function standing(memory: Memory, key: string, { stands, now }: Standing): Memory {
  if (stands) return firstSight(memory, key, now);
  if (!memory.seen.has(key)) return memory;
  const seen = new Map(memory.seen);
  seen.delete(key);
  return { ...memory, seen };
}

function rememberPod(memory: Memory, pod: Pod, now: number): Memory {
  const uid = pod.metadata?.uid ?? '';
  const next = readPod(memory.pods.get(uid), pod, now);
  const pods = with_(memory.pods, uid, next);
  return { ...memory, pods, progress: climb({ ...memory, pods }, next.owner, now) };
}

// The height is the sum of what each pod ever reached, so Ready that comes and goes adds nothing.
// https://github.com/argoproj/argo-rollouts/issues/3765
function climb(memory: Memory, owner: string, now: number): Memory['progress'] {
  let height = 0;
  for (const pod of memory.pods.values()) if (pod.owner === owner) height += pod.reached;
  const mark = memory.progress.get(owner);
  if (mark && mark.height >= height) return memory.progress;
  return with_(memory.progress, owner, { height, at: now });
}
