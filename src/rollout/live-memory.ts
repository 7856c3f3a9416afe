// The memory of a running wait: the same facts as `Memory`, kept in place, since there may be thousands.
import { identityOf, type KubeObject } from '../cluster/objects.ts';
import {
  type Answer,
  emptyMemory,
  learn,
  type Memory,
  proofKey,
  shift,
  unlearn,
} from './memory.ts';
import type { Proof, Verdict } from './verdict.ts';

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
