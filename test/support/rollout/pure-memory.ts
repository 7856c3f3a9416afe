// The changes of a memory as functions that leave it as it is: for tests that branch off.
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type LiveMemory, liveMemory, type Memory } from '../../../src/rollout/facts/memory.ts';
import type { Verdict } from '../../../src/rollout/facts/verdict.ts';

function changed(memory: Memory, change: (live: LiveMemory) => void): Memory {
  const live = liveMemory(memory);
  change(live);
  return live.read();
}

export const track = (memory: Memory, object: KubeObject, writtenAt: number | undefined): Memory =>
  changed(memory, (live) => live.track(object, writtenAt));

export const keepReady = (memory: Memory, object: KubeObject, ready: Verdict): Memory =>
  changed(memory, (live) => live.keepReady(object, ready));

export const forget = (memory: Memory, object: KubeObject, now: number): Memory =>
  changed(memory, (live) => live.forget(object, now));
