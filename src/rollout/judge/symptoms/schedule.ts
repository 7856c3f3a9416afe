// A pod that fits no node: an impossible selector, too few resources, a missing volume, a gate.

import { plain } from '../../../core/plain-text.ts';
import { byTime, type PodSymptom, type PodView, since } from '../../facts/judge-context.ts';
import { capacityFreedAt, isCapacityBeingFreed } from '../../facts/quota-headroom.ts';
import type { Diagnosis } from '../../facts/verdict.ts';

/** A selector that no node matches is a mistake; a full cluster may get a node or lose a pod. */
const structuralMs = 30_000;
const noScaleUpMs = 60_000;
const scaleUpMs = 600_000;
const otherMs = 240_000;

// Taints that come and go with a node's health are not the manifest's fault.
const passing = /node\.kubernetes\.io\/|node\.cloudprovider\.kubernetes\.io\//;

/**
 * Whether every node is ruled out by its labels or lasting taints: the counts of
 * `0/3 nodes are available: 2 node(s) didn't match …, 1 node(s) had untolerated taint {…}`.
 */
export function isStructural(message: string): boolean {
  const total = Number(/^0\/(\d+) nodes are available/.exec(message)?.[1] ?? Number.NaN);
  const [reasons = ''] = message.split(/\.\s*(?:preemption:|no new claims)/);
  const unmatched = sum(
    reasons,
    /\b(\d{1,9}) node\(s\) didn't match Pod's node affinity\/selector/g,
  );
  const tainted = [
    ...reasons.matchAll(/\b(\d{1,9}) node\(s\) had untolerated taint\(?s?\)? ?(\{[^}]*\})?/g),
  ]
    .filter((match) => match[2] !== undefined && !passing.test(match[2]))
    .reduce((count, match) => count + Number(match[1]), 0);
  return unmatched > 0 && unmatched + tainted >= total;
}

function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((count, match) => count + Number(match[1]), 0);
}

function limitOf(view: PodView, message: string): number {
  const has = (reason: string): boolean => view.events.some((event) => event.reason === reason);
  if (has('TriggeredScaleUp')) return scaleUpMs;
  if (isStructural(message) || claimIn(message)) return structuralMs;
  return has('NotTriggerScaleUp') ? noScaleUpMs : otherMs;
}

function claimIn(message: string): boolean {
  return /persistentvolumeclaim "[^"]+" not found/i.test(message);
}

function wishesOf(view: PodView): readonly string[] {
  const spec = view.pod.spec;
  const requests = (spec?.containers ?? []).map((each) => each.resources?.requests ?? {});
  const asked = requests.filter((each) => Object.keys(each).length > 0);
  return [
    ...(spec?.nodeSelector
      ? [`nodeSelector: ${plain(JSON.stringify(spec.nodeSelector), 200)}`]
      : []),
    ...(asked.length ? [`requests: ${plain(JSON.stringify(asked), 200)}`] : []),
  ];
}

function unschedulable(view: PodView, message: string): Diagnosis {
  const from = since(view, 'PodScheduled/Unschedulable');
  const scaler = view.events.filter((event) =>
    /TriggerScaleUp|TriggeredScaleUp/.test(event.reason ?? ''),
  );
  const volume = /persistentvolumeclaim|volume/i.test(message);
  const crowded = /insufficient|too many pods/i.test(message) && view.revisionPods.olderPods > 0;
  return {
    code: volume ? 'volume-unbound' : 'unschedulable',
    ...(crowded
      ? roomCertainty(view, from, message)
      : byTime(from + limitOf(view, message), view.context)),
    what: volume ? 'a pod waits for its volume' : 'no node can run a pod',
    evidence: [
      plain(message),
      ...wishesOf(view),
      ...scaler.slice(-1).map((event) => plain(`${event.reason}: ${event.message ?? ''}`)),
    ],
    ...(claimIn(message) ? { hint: 'Create the PersistentVolumeClaim, or correct its name.' } : {}),
    ...(crowded
      ? { hint: 'Pods of the previous release use the resources: set maxSurge: 0, or add nodes.' }
      : {}),
    cause: `unschedulable ${plain(message)}`,
  };
}

// The older pods hold the resources: while they leave one by one, room is coming.
function roomCertainty(view: PodView, from: number, message: string) {
  const { revisionPods, context, pod } = view;
  const namespace = pod.metadata?.namespace ?? '';
  if (isCapacityBeingFreed(namespace, revisionPods, context)) return { certain: false };
  const made = Math.max(from, revisionPods.progressAt, capacityFreedAt(namespace, context));
  return byTime(made + limitOf(view, message), context);
}

export const scheduleSymptoms: readonly PodSymptom[] = [
  {
    name: 'unschedulable',
    rows: [
      [
        'PodScheduled=False: no node has the labels',
        'unschedulable',
        '30 s',
        'deployment/selector-unmet',
      ],
      [
        'PodScheduled=False: insufficient cpu or memory',
        'unschedulable',
        '4 min',
        'deployment/cpu-short',
      ],
      ['… and event NotTriggerScaleUp', 'unschedulable', '1 min', 'deployment/scale-up-refused'],
      ['… and event TriggeredScaleUp', 'unschedulable', '10 min', 'deployment/scale-up'],
      ['PodScheduled=False: claim not found', 'volume-unbound', '30 s', 'deployment/claim-missing'],
      [
        'PodScheduled=False: unbound immediate claims',
        'volume-unbound',
        '4 min',
        'deployment/claim-unbound',
      ],
    ],
    sees(view) {
      const condition = view.pod.status?.conditions?.find((each) => each.type === 'PodScheduled');
      if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined;
      return unschedulable(view, condition.message ?? '');
    },
  },
  {
    name: 'scheduling gate',
    rows: [
      [
        'PodScheduled=False: SchedulingGated',
        'unschedulable',
        'never',
        'deployment/scheduling-gated',
      ],
    ],
    sees(view) {
      const gates = view.pod.spec?.schedulingGates ?? [];
      if (!gates.length) return undefined;
      return {
        code: 'unschedulable',
        severity: 'note',
        certain: false,
        what: `a pod is held back by the gate ${gates.map((gate) => plain(gate.name)).join(', ')}`,
        evidence: [],
        hint: 'The controller that set the gate has to remove it.',
      };
    },
  },
];
