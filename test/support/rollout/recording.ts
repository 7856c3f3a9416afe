// Replays a recorded rollout: what a real API server sent, and when, through memory and judge.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Patience } from '../../../src/kube/annotations.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  type Answer,
  emptyMemory,
  type Memory,
  putAnswer,
  remember,
} from '../../../src/rollout/facts/memory.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import type { Proof, Verdict } from '../../../src/rollout/facts/verdict.ts';
import { judge } from '../../../src/rollout/judge/judge.ts';
import { forget, keepReady, track } from './pure-memory.ts';

type Patch = { readonly [key: string]: unknown };

/** `object` is new, `patch` (a JSON merge patch) changes the object of that uid, `gone` removes it. */
interface Change {
  readonly at: number;
  readonly object?: KubeObject;
  readonly uid?: string;
  readonly patch?: Patch;
  readonly gone?: string;
}

export interface Recording {
  readonly shows: string;
  readonly startedAt: string;
  readonly writes: readonly { readonly at: number; readonly object: KubeObject }[];
  readonly events: readonly Change[];
  /** What a read says, by `KIND/NAMESPACE/NAME`; of what is not named here: that it is missing. */
  readonly reads?: Readonly<Record<string, Answer['result']>>;
  /** Kinds of which a whole list was taken. */
  readonly listed?: readonly { readonly kind: string; readonly namespace?: string }[];
}

export interface Moment {
  /** Milliseconds after the recording began. */
  readonly at: number;
  readonly verdict: Verdict;
}

export interface ReplayOptions {
  /** What a read that a finding asks for would say. */
  readonly read?: (proof: Proof, at: number) => Answer['result'];
  /** Judge as if nothing had been written. */
  readonly unchanged?: boolean;
  /** Go on this long after the last change. */
  readonly longer?: number;
  /** Milliseconds between looks; default 250. */
  readonly step?: number;
  /**
   * Looks only when something has happened, or the last verdict says that it holds no longer: what
   * test/rollout/again.test.ts proves of every recording. Moments in between repeat the last one.
   */
  readonly skipQuiet?: boolean;
  readonly patience?: Patience;
  /** Changes the recording's text before it is read. */
  readonly rewrite?: (text: string) => string;
}

const folder = new URL('../../fixtures/cluster/', import.meta.url);

const asRecorded = new Map<string, Recording>();

/** A recording by its path below `test/fixtures/cluster`; nobody may change what it gives. */
export function recording(name: string, rewrite?: (text: string) => string): Recording {
  const known = rewrite ? undefined : asRecorded.get(name);
  if (known) return known;
  const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8');
  const tape = parse(rewrite ? rewrite(text) : text) as Recording;
  if (!rewrite) asRecorded.set(name, tape);
  return tape;
}

function isPatch(value: unknown): value is Patch {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function patched(base: unknown, patch: Patch): Patch {
  const result: Record<string, unknown> = isPatch(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = isPatch(value) ? patched(result[key], value) : value;
  }
  return result;
}

interface Step {
  readonly at: number;
  readonly object: KubeObject;
  readonly gone: boolean;
}

/** Every object as it was after each change, in order. */
export function steps(tape: Recording): readonly Step[] {
  const live = new Map<string, KubeObject>();
  return tape.events.flatMap((event): readonly Step[] => {
    const uid = event.gone ?? event.uid ?? event.object?.metadata.uid ?? '';
    const before = live.get(uid);
    if (event.gone !== undefined) {
      live.delete(uid);
      return before ? [{ at: event.at, object: before, gone: true }] : [];
    }
    const object = event.object ?? (patched(before, event.patch ?? {}) as unknown as KubeObject);
    live.set(uid, object);
    return [{ at: event.at, object, gone: false }];
  });
}

/** What was written first of the kind that the recording is named after. */
export function targetOf(name: string, tape = recording(name)): Recording['writes'][number] {
  const [kind] = name.split('/');
  const target = tape.writes.find((each) => each.object.kind.toLowerCase() === kind);
  if (!target) throw new Error(`${name} writes nothing of its kind`);
  return target;
}

/** The verdict at each quarter of a second, as the wait would have seen it. */
export function replay(name: string, options: ReplayOptions = {}): readonly Moment[] {
  const tape = recording(name, options.rewrite);
  const { at: from, object } = targetOf(name, tape);
  const start = Date.parse(tape.startedAt);
  const snapshot = createSnapshot();
  for (const scope of tape.listed ?? []) snapshot.replace(scope, []);
  const noted = ({ kind, namespace, name: of }: Proof): Answer['result'] =>
    tape.reads?.[`${kind}/${namespace}/${of}`] ?? 'missing';
  const { step = 250, patience = 'normal' } = options;
  let memory = track(
    { ...emptyMemory, patience },
    object,
    options.unchanged ? undefined : start + from,
  );
  const queue = [...steps(tape)];
  const take = ({ at, object: each, gone }: Step): void => {
    if (gone) snapshot.remove(each);
    else snapshot.put(each);
    memory = gone
      ? forget(memory, each, start + Math.max(at, from))
      : remember(memory, each, start + Math.max(at, from));
  };
  let last: Verdict | undefined;
  const look = (at: number): Moment => {
    const isDue = !last || asks(last) || start + at >= (last.againAt ?? Infinity);
    if (options.skipQuiet && last && !isDue && !(queue[0] && queue[0].at <= at)) {
      return { at, verdict: last };
    }
    while (queue[0] && queue[0].at <= at) take(queue.shift() as Step);
    const verdict = judge(object, snapshot, memory, start + at);
    if (verdict.state === 'ready' && object.kind === 'Job') {
      memory = keepReady(memory, object, verdict);
    }
    last = verdict;
    memory = answers(memory, verdict, { at, now: start + at, read: options.read ?? noted });
    return { at, verdict };
  };
  const end = (queue.at(-1)?.at ?? 0) + (options.longer ?? 3_000);
  const count = Math.floor((end - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => look(from + step * index));
}

/** Waits for a read: the answer may change the verdict at once. */
export const asks = (verdict: Verdict): boolean =>
  verdict.findings.some(({ proof }) => proof !== undefined) || (verdict.asks ?? []).length > 0;

interface Reading {
  readonly at: number;
  readonly now: number;
  readonly read: NonNullable<ReplayOptions['read']>;
}

function answers(memory: Memory, verdict: Verdict, { at, now, read }: Reading): Memory {
  const due = verdict.findings.filter(({ fatalAt }) => fatalAt !== undefined && fatalAt <= now);
  const proofs = [...due.flatMap(({ proof }) => proof ?? []), ...(verdict.asks ?? [])];
  return proofs.reduce(
    (next, proof) => putAnswer(next, proof, { at: now, result: read(proof, at) }),
    memory,
  );
}

/** When the first moment came that fits; undefined if none did. */
export function firstAt(
  moments: readonly Moment[],
  fits: (verdict: Verdict) => boolean,
): number | undefined {
  return moments.find(({ verdict }) => fits(verdict))?.at;
}
