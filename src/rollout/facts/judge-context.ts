// What a judge may read, and what a symptom returns: the types shared by judges and symptoms.

import type { Patience } from '../../kube/annotations.ts';
import type { Container, ContainerStatus, KubeEvent, Pod } from '../../kube/typed.ts';
import type { Memory } from './memory.ts';
import type { ContainerMemory, PodMemory } from './pod-memory.ts';
import type { Snapshot } from './snapshot.ts';
import type { Diagnosis, SignalRow } from './verdict.ts';

/** Times are the server's, in milliseconds. */
export interface JudgeContext {
  readonly snapshot: Snapshot;
  readonly memory: Memory;
  readonly now: number;
  /** Whether a moment has passed. If not, the object is judged again at that moment. */
  readonly isPast: (at: number) => boolean;
  /** Undefined: nothing was written, so the object is judged as it stands. */
  readonly writtenAt: number | undefined;
  readonly patience: Patience;
}

/** The pods of the new revision, as far as the judgement of one depends on the others. */
export interface RevisionPods {
  readonly kind: string;
  /** A container of one of them passed its readiness probe, or ran for ten seconds without one. */
  readonly everReady: boolean;
  /** When they last made progress. */
  readonly progressAt: number;
  /** Pods of an older revision still use resources. */
  readonly olderPods: number;
  /** The controller may delete some of these now. */
  readonly olderMayGo: boolean;
  /** One of them is scheduled and not Ready yet. */
  readonly onTheirWay: boolean;
}

export interface PodView {
  readonly pod: Pod;
  readonly past: PodMemory;
  readonly events: readonly KubeEvent[];
  readonly revisionPods: RevisionPods;
  readonly context: JudgeContext;
}

export interface ContainerView extends PodView {
  readonly spec: Container | undefined;
  readonly status: ContainerStatus;
  readonly run: ContainerMemory;
  readonly role: 'container' | 'init container' | 'sidecar';
}

export interface ContainerSymptom {
  readonly name: string;
  readonly rows: readonly SignalRow[];
  readonly sees: (view: ContainerView) => Diagnosis | undefined;
}

export interface PodSymptom {
  readonly name: string;
  readonly rows: readonly SignalRow[];
  readonly sees: (view: PodView) => Diagnosis | undefined;
}

/** Certain once `at` has come. */
export function byTime(at: number, context: JudgeContext): Pick<Diagnosis, 'certain' | 'fatalAt'> {
  return { certain: context.isPast(at), fatalAt: at };
}

/** Since when this pod has shown a signal. */
export function since(view: PodView, signal: string): number {
  return view.past.signals.get(signal) ?? view.context.now;
}

// Event times have whole seconds, and come from other clocks than the API server's.
const eventSlackMs = 5_000;

/** Events about this object since our write; all of them where nothing was written. */
export function eventsSince(context: JudgeContext, uid: string | undefined): readonly KubeEvent[] {
  const since = context.writtenAt === undefined ? 0 : context.writtenAt - eventSlackMs;
  return context.snapshot.eventsOf(uid ?? '', since);
}
