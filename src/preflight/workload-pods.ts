// Which workloads make pods, and whether this run starts any: only those may refuse a run.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import { taskState } from '../apply/write/tasks.ts';
import type { Path } from '../kube/document.ts';
import { type Fields, fieldsAt, sameJson, textAt, valueAt } from '../kube/json.ts';
import { type KubeObject, kindKey } from '../kube/objects.ts';
import { podTemplatePath } from '../kube/pod-template.ts';
import { type Phase, phaseOf } from '../manifests/phases.ts';

/** Why this run starts pods of a workload. */
export type Starts = 'new' | 'changed' | 'restarted' | 'scaled up';

export interface WorkloadPods {
  readonly planned: PlannedObject;
  /** As it will be. */
  readonly object: KubeObject;
  /** Where its pod template is; empty for a bare Pod. */
  readonly template: Path;
  readonly phase: Phase;
  /** Absent: what is wrong with its pods is a warning, and `dormant` says why. */
  readonly starts?: Starts;
  /** Completes "…, and it is only a warning, because <it>": `it is scaled to zero`. */
  readonly dormant?: string;
}

export interface PodsAsked {
  /** `wait: false`: nobody asks whether the pods come up. */
  readonly awaits: boolean;
}

/** Every planned object that makes pods. Pure. */
export function workloadPods(
  planned: readonly PlannedObject[],
  asked: PodsAsked,
): readonly WorkloadPods[] {
  return planned.flatMap((each): readonly WorkloadPods[] => {
    const object = each.unverified === undefined ? each.predicted : each.object;
    const template = podTemplatePath(object);
    if (!template || kindKey(object) === 'PodTemplate') return [];
    const base = { planned: each, object, template, phase: phaseOf(object) };
    const starts = startsOf(each, object, template);
    const dormant = dormantBecause(each, object, asked) ?? unstarted(starts);
    return [
      dormant === undefined && starts ? { ...base, starts } : { ...base, dormant: dormant ?? '' },
    ];
  });
}

const unstarted = (starts: Starts | undefined): string | undefined =>
  starts === undefined ? 'this run starts none of its pods' : undefined;

/** Why the run starts pods, if nothing holds them back. */
function startsOf(planned: PlannedObject, object: KubeObject, template: Path): Starts | undefined {
  const { change, restart } = planned;
  const live = planned.live?.metadata.deletionTimestamp ? undefined : planned.live;
  if (!live || change === 'created' || change === 'recreated') return 'new';
  if (change === 'unchanged' && restart.length === 0) return undefined;
  // A changed Pod keeps its containers, or gets another image in place.
  if (template.length === 0) return undefined;
  if (replacesPods(object) && !sameJson(valueAt(live, template), valueAt(object, template))) {
    return 'changed';
  }
  if (restart.length > 0) return 'restarted';
  return wanted(object) > wanted(live) ? 'scaled up' : undefined;
}

/** A Job or ReplicaSet keeps the pods that it has. */
function replacesPods(object: KubeObject): boolean {
  const key = kindKey(object);
  return !['batch/Job', 'apps/ReplicaSet', 'ReplicationController'].includes(key);
}

/** How many pods it wants; 0 for one that is suspended. */
function wanted(object: KubeObject): number {
  const spec = fieldsAt(object, 'spec');
  if (spec['suspend'] === true) return 0;
  const field = kindKey(object) === 'batch/Job' ? 'parallelism' : 'replicas';
  const count = spec[field];
  return typeof count === 'number' ? count : 1;
}

interface Held {
  readonly planned: PlannedObject;
  readonly object: KubeObject;
  readonly spec: Fields;
  readonly key: string;
  readonly live: KubeObject | undefined;
}

/** Why none of its pods starts during this run, or nobody waits for them; the first that holds. */
const holds: readonly (readonly [because: string, is: (held: Held) => boolean])[] = [
  [
    'its annotation webgen-deploy/wait says that nobody waits for its pods',
    ({ object }) => object.metadata.annotations?.['webgen-deploy/wait']?.toLowerCase() === 'false',
  ],
  ['its pods start later, by its schedule', ({ key }) => key === 'batch/CronJob'],
  ['it is suspended', ({ spec }) => spec['suspend'] === true],
  [
    'it has ended',
    ({ live, planned, key }) =>
      key === 'batch/Job' &&
      live !== undefined &&
      taskState(live) === 'done' &&
      planned.change !== 'recreated',
  ],
  ['it is paused', ({ spec }) => spec['paused'] === true],
  [
    'it is scaled to zero',
    ({ spec, live, planned }) => {
      const scaled = planned.autoscaled && live ? fieldsAt(live, 'spec') : spec;
      return scaled['replicas'] === 0 || spec['parallelism'] === 0 || spec['completions'] === 0;
    },
  ],
  [
    'its pods are replaced by hand (updateStrategy: OnDelete)',
    ({ live, spec }) => live !== undefined && textAt(spec, 'updateStrategy', 'type') === 'OnDelete',
  ],
  [
    'its partition leaves the pods as they are',
    ({ live, spec, object }) => {
      const partition = valueAt(spec, ['updateStrategy', 'rollingUpdate', 'partition']);
      const from = valueAt(spec, ['ordinals', 'start']);
      const end = wanted(object) + (typeof from === 'number' ? from : 0);
      return live !== undefined && typeof partition === 'number' && partition >= end;
    },
  ],
  [
    'no node runs it',
    ({ live, key }) =>
      key === 'apps/DaemonSet' && fieldsAt(live, 'status')['desiredNumberScheduled'] === 0,
  ],
  [
    'it is not known whether a node matches it',
    ({ live, key, object }) => key === 'apps/DaemonSet' && !live && choosesNodes(object),
  ],
  // Argo's Rollouts and others.
  ['the controller of its kind makes its pods in its own way', ({ key }) => !controllers.has(key)],
];

function dormantBecause(
  planned: PlannedObject,
  object: KubeObject,
  { awaits }: PodsAsked,
): string | undefined {
  if (!awaits) return 'the run does not wait for its pods';
  const { live } = planned;
  const held = { planned, object, live, spec: fieldsAt(object, 'spec'), key: kindKey(object) };
  return holds.find(([, is]) => is(held))?.[0];
}

function choosesNodes(object: KubeObject): boolean {
  const pod = fieldsAt(object, 'spec', 'template', 'spec');
  return (
    Object.keys(fieldsAt(pod, 'nodeSelector')).length > 0 ||
    valueAt(pod, ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution']) !==
      undefined
  );
}

/** Kinds of which we know how their controller makes a pod. */
const controllers: ReadonlySet<string> = new Set([
  'Pod',
  'ReplicationController',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'batch/Job',
  'batch/CronJob',
]);
