// Keeps the picture that the wait judges: watch events in, verdicts out.
import type { Api } from '../cluster/api.ts';
import { identityOf, type KubeObject, kindKey, nameOf } from '../cluster/objects.ts';
import { createSnapshot } from '../cluster/snapshot.ts';
import type { WatchEvent } from '../cluster/watched.ts';
import type { WorkloadResult } from '../outcome.ts';
import type { Clock } from '../ports.ts';
import type { Judged } from '../rollout/conclude.ts';
import { judge } from '../rollout/judge.ts';
import { rowOf } from '../rollout/judges.ts';
import {
  type Answer,
  emptyMemory,
  forget,
  keepReady,
  type Memory,
  putAnswer,
  remember,
  rememberAll,
  shift,
  track,
} from '../rollout/memory.ts';
import type { Subject } from '../rollout/narrate.ts';
import type { Proof } from '../rollout/verdict.ts';
import type { WatchedKind } from '../rollout/watch-plan.ts';

export interface Target {
  /** As our write returned it, or as it stands. */
  readonly object: KubeObject;
  /** Server time in milliseconds; undefined where nothing was written. */
  readonly writtenAt?: number;
}

export interface View {
  take(watched: WatchedKind, event: WatchEvent): void;
  judgeAll(): readonly Judged[];
  answer(proof: Proof, answer: Answer): void;
  /** The API was away for this long: no time to hold against anybody. */
  excuse(gapMs: number): void;
  versionOf(object: KubeObject): string | undefined;
  /** When the last event came, milliseconds by the clock. */
  heardAt(): number;
}

/** An empty view of these targets; those whose kind is ready by existing are left out. */
export function createView(api: Api, clock: Clock, targets: readonly Target[]): View {
  const snapshot = createSnapshot();
  const awaited = targets.filter(({ object }) => rowOf(object));
  let memory: Memory = emptyMemory;
  let heardAt = clock.now();
  for (const { object, writtenAt } of awaited) memory = track(memory, object, writtenAt);
  const put = (object: KubeObject): void => {
    snapshot.put(object);
    memory = remember(memory, object, api.now());
  };
  const remove = (object: KubeObject): void => {
    snapshot.remove(object);
    memory = forget(memory, object);
  };
  return {
    take(watched, event) {
      heardAt = clock.now();
      if (event.type === 'upsert') return put(event.object);
      if (event.type === 'delete') return remove(event.object);
      const { kind, apiVersion, namespace } = watched;
      const scope = { kind: kindKey({ apiVersion, kind }), ...(namespace ? { namespace } : {}) };
      for (const gone of snapshot.replace(scope, event.objects)) memory = forget(memory, gone);
      memory = rememberAll(memory, event.objects, api.now());
    },
    judgeAll() {
      return awaited.map(({ object }) => {
        const verdict = judge(object, snapshot, memory, api.now());
        if (verdict.state === 'ready' && kindKey(object) === 'batch/Job') {
          memory = keepReady(memory, object, verdict);
        }
        return { object, verdict };
      });
    },
    answer(proof, answer) {
      memory = putAnswer(memory, proof, answer);
    },
    excuse(gapMs) {
      memory = shift(memory, gapMs, api.now());
    },
    heardAt: () => heardAt,
    versionOf(object) {
      const { namespace = '', name } = object.metadata;
      return snapshot.get(kindKey(object), namespace, name)?.metadata.resourceVersion;
    },
  };
}

/** Names for people, with the namespace where there are several. What only exists is not told. */
export function subjectsOf(judged: readonly Judged[]): readonly Subject[] {
  const told = judged.filter((each) => isListed(each) || each.verdict.findings.length > 0);
  const names = new Set(told.flatMap(({ object }) => object.metadata.namespace ?? []));
  return told.map(({ object, verdict }) => {
    const { namespace } = object.metadata;
    const space = names.size > 1 && namespace !== undefined ? ` (${namespace})` : '';
    return { label: `${nameOf(object)}${space}`, verdict };
  });
}

interface Times {
  readonly from: number;
  readonly now: number;
  readonly settledAt: ReadonlyMap<string, number>;
}

/** Kinds that are ready by existing, as far as a table of workloads is concerned. */
const unlisted: ReadonlySet<string> = new Set([
  'Namespace',
  'Service',
  'networking.k8s.io/Ingress',
  'autoscaling/HorizontalPodAutoscaler',
]);

const isListed = ({ object, verdict }: Judged): boolean =>
  verdict.state !== 'ready' || !unlisted.has(kindKey(object));

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
