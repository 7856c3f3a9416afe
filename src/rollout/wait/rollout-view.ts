// Keeps the picture that the wait judges: watch events in, verdicts out.
import type { Api } from '../../cluster/api.ts';
import type { WatchEvent } from '../../cluster/watched.ts';
import type { Clock } from '../../core/ports.ts';
import type { Patience } from '../../kube/annotations.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import { type Answer, liveMemory, proofKey } from '../facts/memory.ts';
import { createSnapshot, type Snapshot } from '../facts/snapshot.ts';
import { type Proof, type Verdict, verdictOf } from '../facts/verdict.ts';
import { judge } from '../judge/judge.ts';
import { checkedTexts, oddityOf } from '../judge/oddity.ts';
import { rowOf } from '../judge/row-of.ts';
import { withShortTexts } from '../judge/short-texts.ts';
import { affectedBy } from './affected.ts';
import type { Judged } from './conclude.ts';
import type { Subject } from './narrate.ts';
import type { WorkloadResult } from './result.ts';
import type { WatchedKind } from './watch-plan.ts';

export interface Target {
  /** As our write returned it, or as it stands. */
  readonly object: KubeObject;
  /** Server time in milliseconds; undefined where nothing was written. */
  readonly writtenAt?: number;
}

export interface View {
  take(watched: WatchedKind, event: WatchEvent): void;
  /** Every verdict made anew. */
  judgeAll(): Looked;
  /** Anew only where something changed, or where the time has come that the verdict named. */
  judgeDue(): Looked;
  /** Names for people, with the namespace where there are several. */
  subjectsOf(judged: readonly Judged[]): readonly Subject[];
  answer(proof: Proof, answer: Answer): void;
  /** The API was away for this long: no time to hold against anybody. */
  excuse(gapMs: number): void;
  versionOf(object: KubeObject): string | undefined;
  /** When the last event came, milliseconds by the clock. */
  heardAt(): number;
}

export interface Looked {
  readonly judged: readonly Judged[];
  /** Those among them whose verdict was made anew. */
  readonly anew: readonly Judged[];
}

/** What one look and a wait have in common. */
export interface JudgeOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  /** Log lines of each failed container; 0 for none. */
  readonly logLines: number;
  /** Default: normal. */
  readonly patience?: Patience;
  readonly signal?: AbortSignal;
  /** Lines for people; they hold text of the cluster. */
  onLine?(line: string): void;
}

type Viewed = Pick<JudgeOptions, 'api' | 'clock' | 'targets' | 'patience'>;

/** An empty view of these targets; those whose kind is ready by existing are left out. */
export function createView({ api, clock, targets, patience = 'normal' }: Viewed): View {
  const snapshot = createSnapshot();
  const memory = liveMemory();
  const awaited = targets.filter(({ object }) => rowOf(object));
  let heardAt = clock.now();
  for (const { object, writtenAt } of awaited) memory.track(object, writtenAt);
  const verdicts = keptVerdicts(awaited, snapshot, (object) => {
    const verdict = judgedOrOdd(object, () =>
      judge(object, snapshot, { ...memory.read(), patience }, api.now()),
    );
    const isJob = kindKey(object) === 'batch/Job';
    if (isJob && verdict.state === 'ready') memory.keepReady(object, verdict);
    return verdict;
  });
  const spaces = new Set(awaited.flatMap(({ object }) => object.metadata.namespace ?? []));
  const remember = (object: KubeObject): void => {
    try {
      memory.remember(object, api.now());
    } catch (error) {
      // What it is part of cannot be judged either, and says so itself.
      oddityOf(error, object);
    }
  };
  const put = (object: KubeObject): void => {
    snapshot.put(object);
    remember(object);
    verdicts.touch(object);
  };
  const remove = (object: KubeObject): void => {
    verdicts.touch(object);
    snapshot.remove(object);
    memory.forget(object, api.now());
  };
  const list = ({ kind, apiVersion, namespace }: WatchedKind, objects: readonly KubeObject[]) => {
    const scope = { kind: kindKey({ apiVersion, kind }), ...(namespace ? { namespace } : {}) };
    for (const gone of snapshot.replace(scope, objects)) memory.forget(gone, api.now());
    for (const object of objects) remember(object);
    verdicts.touchAll();
  };
  return {
    take(watched, event) {
      heardAt = clock.now();
      if (event.type === 'upsert') put(withShortTexts(event.object));
      else if (event.type === 'delete') remove(event.object);
      else list(watched, event.objects.map(withShortTexts));
    },
    judgeAll: () => verdicts.all(),
    judgeDue: () => verdicts.due(api.now()),
    subjectsOf: (judged) => judged.map((each) => subjectOf(each, spaces.size > 1)),
    answer(proof, answer) {
      memory.answer(proof, answer);
      verdicts.touchAsking(proof);
    },
    excuse(gapMs) {
      memory.shift(gapMs, api.now());
      verdicts.touchAll();
    },
    heardAt: () => heardAt,
    versionOf(object) {
      const { namespace = '', name } = object.metadata;
      return snapshot.get(kindKey(object), namespace, name)?.metadata.resourceVersion;
    },
  };
}

/** One that cannot be judged is waited for: it may become what its kind promises. */
function judgedOrOdd(object: KubeObject, work: () => Verdict): Verdict {
  try {
    return checkedTexts(work());
  } catch (error) {
    const odd = oddityOf(error, object);
    return verdictOf('waiting', 'it cannot be judged', { findings: [odd] });
  }
}

/** The last verdict of each, and which of them may no longer hold. */
function keptVerdicts(
  awaited: readonly Target[],
  snapshot: Snapshot,
  make: (object: KubeObject) => Verdict,
) {
  const kept = new Map<string, Judged>();
  const known = new Map(awaited.map(({ object }) => [identityOf(object), object]));
  const touched = new Set<string>();
  const touchAll = (): void => {
    for (const key of known.keys()) touched.add(key);
  };
  const made = (isDue: (key: string, before: Judged) => boolean): Looked => {
    const anew: Judged[] = [];
    for (const [key, object] of known) {
      const before = kept.get(key);
      if (before && !isDue(key, before)) continue;
      const now = { object, verdict: make(object) };
      kept.set(key, now);
      anew.push(now);
    }
    touched.clear();
    return { judged: [...kept.values()], anew };
  };
  return {
    touchAll,
    touch(object: KubeObject): void {
      const keys = affectedBy(object, snapshot, known);
      if (keys === 'all') touchAll();
      else for (const key of keys) touched.add(key);
    },
    /** Those whose verdict waits for this read. */
    touchAsking(proof: Proof): void {
      const asked = proofKey(proof);
      for (const [key, { verdict }] of kept) {
        const proofs = [...verdict.findings.map((each) => each.proof), ...(verdict.asks ?? [])];
        if (proofs.some((each) => each && proofKey(each) === asked)) touched.add(key);
      }
    },
    all: (): Looked => made(() => true),
    /** `now`: server time, milliseconds. */
    due: (now: number): Looked =>
      made((key, { verdict }) => touched.has(key) || (verdict.againAt ?? Infinity) <= now),
  };
}

/** What only exists is not told. */
function subjectOf({ object, verdict }: Judged, isSpaced: boolean): Subject {
  const { namespace } = object.metadata;
  const space = isSpaced && namespace !== undefined ? ` (${namespace})` : '';
  const quiet = !isListed({ object, verdict });
  return { label: `${nameOf(object)}${space}`, verdict, quiet };
}

interface Times {
  readonly from: number;
  readonly now: number;
  readonly settledAt: ReadonlyMap<string, number>;
}

const isListed = ({ object, verdict }: Judged): boolean =>
  verdict.state !== 'ready' || !rowOf(object)?.quiet;

/** What was waited for, and how it ended. */
export function workloadsOf(judged: readonly Judged[], times: Times): readonly WorkloadResult[] {
  const { from, now, settledAt } = times;
  return judged.filter(isListed).map(({ object, verdict }) => ({
    object: nameOf(object),
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    verdict,
    from,
    to: settledAt.get(identityOf(object)) ?? now,
  }));
}
