// Small objects for tests: what the API server would hold, made by hand.
import type { KubeObject } from '../../../src/kube/objects.ts';
import { emptyMemory, type Memory, rememberAll } from '../../../src/rollout/facts/memory.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import type { Verdict } from '../../../src/rollout/facts/verdict.ts';
import { judge } from '../../../src/rollout/judge/judge.ts';
import { forget, track } from './pure-memory.ts';

export type Fields = { readonly [key: string]: unknown };

/** Noon, the time at which everything was written. */
export const noon = Date.parse('2026-11-24T12:00:00Z');

export const at = (seconds: number): string => new Date(noon + 1_000 * seconds).toISOString();

export function object(apiVersion: string, kind: string, fields: Fields = {}): KubeObject {
  const { metadata, ...rest } = fields;
  const name = kind.toLowerCase();
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: 'web',
      uid: `uid-${name}`,
      generation: 2,
      creationTimestamp: at(0),
      ...(metadata as Fields),
    },
    ...rest,
  } as KubeObject;
}

const revision = { 'deployment.kubernetes.io/revision': '2' };

export function deployment(spec: Fields = {}, status: Fields = {}): KubeObject {
  return object('apps/v1', 'Deployment', {
    metadata: { annotations: revision },
    spec,
    status: { observedGeneration: 2, ...status },
  });
}

export function replicaSet(status: Fields = {}): KubeObject {
  return object('apps/v1', 'ReplicaSet', {
    metadata: {
      annotations: revision,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'd',
          uid: 'uid-deployment',
          controller: true,
        },
      ],
    },
    status,
  });
}

export function pod(name: string, fields: Fields = {}): KubeObject {
  const { metadata, ...rest } = fields;
  return object('v1', 'Pod', {
    metadata: {
      name,
      uid: `uid-${name}`,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'r',
          uid: 'uid-replicaset',
          controller: true,
        },
      ],
      ...(metadata as Fields),
    },
    spec: {
      containers: [{ name: 'app', image: 'r.example/app:1' }],
      nodeName: 'n1',
      restartPolicy: 'Always',
    },
    ...rest,
  });
}

/** A pod whose one container is in this state. */
export function podWith(name: string, container: Fields, more: Fields = {}): KubeObject {
  const status = { name: 'app', image: 'r.example/app:1', restartCount: 0, ready: false };
  return pod(name, {
    status: { phase: 'Pending', containerStatuses: [{ ...status, ...container }] },
    ...more,
  });
}

export function unschedulable(message: string): KubeObject {
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  return pod('p1', { status: { phase: 'Pending', conditions: [condition] } });
}

export function event(about: KubeObject, reason: string, message: string): KubeObject {
  const uid = `${about.metadata.uid}-${reason}`;
  return object('v1', 'Event', {
    metadata: { name: uid, uid },
    involvedObject: { uid: about.metadata.uid, fieldPath: 'spec.containers{app}' },
    reason,
    message,
    count: 1,
    firstTimestamp: at(1),
    lastTimestamp: at(1),
  });
}

export interface Look {
  /** Seconds after noon. */
  readonly at: number;
  readonly objects: readonly KubeObject[];
  readonly memory?: (memory: Memory) => Memory;
  /** Deleted by then. */
  readonly gone?: readonly KubeObject[];
}

/** Judges the first object of the first look after each of the looks. */
export function judgeAt(
  looks: readonly Look[],
  writtenAt: number | undefined = noon,
): readonly Verdict[] {
  const target = looks[0]?.objects[0];
  if (!target) throw new Error('nothing to judge');
  const snapshot = createSnapshot();
  let memory = track(emptyMemory, target, writtenAt);
  return looks.map((look) => {
    const now = noon + 1_000 * look.at;
    for (const each of look.objects) snapshot.put(each);
    memory = rememberAll(memory, look.objects, now);
    for (const each of look.gone ?? []) {
      snapshot.remove(each);
      memory = forget(memory, each, now);
    }
    memory = look.memory?.(memory) ?? memory;
    return judge(target, snapshot, memory, now);
  });
}

/** The verdict of one look. */
export function judgeOnce(...objects: readonly KubeObject[]): Verdict {
  const [verdict] = judgeAt([{ at: 5, objects }]);
  if (!verdict) throw new Error('no verdict');
  return verdict;
}
