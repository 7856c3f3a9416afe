// Pods evicted or rejected by their node: seldom the release's fault, unless their own limits are the cause.

import type { Code } from '../../core/codes.ts';
import { plain } from '../../core/plain-text.ts';
import type { Pod } from '../../kube/typed.ts';
import type { Diagnosis, SignalRow } from './verdict.ts';

/** Such pods are replaced; their containers are not judged. */
const evictionReasons =
  /^(Evicted|Preempting|NodeLost|NodeAffinity|UnexpectedAdmissionError|Shutdown|Terminated|NodeShutdown|OutOf.*)$/;

interface Class {
  readonly row: SignalRow;
  readonly is: (pod: Pod) => boolean;
  /** Reported from `warnFrom` pods on; without `fatalFrom` it is never the release's fault. */
  readonly warnFrom: number;
  readonly fatalFrom?: number;
  readonly what: string;
  readonly hint: string;
}

const ownLimit = /exceeds? the (total )?limit|exceeded its local ephemeral storage limit/i;
const isFor = (reason: RegExp) => (pod: Pod) => reason.test(pod.status?.reason ?? '');

const classes: readonly Class[] = [
  {
    row: [
      'pod Evicted: ephemeral storage over its limit',
      'rollout-failed',
      'second pod',
      'deployment/ephemeral-storage',
    ],
    is: (pod) => isFor(/^Evicted$/)(pod) && ownLimit.test(pod.status?.message ?? ''),
    warnFrom: 1,
    fatalFrom: 2,
    what: 'its pods use more ephemeral storage than their limit and are evicted',
    hint: 'Raise the ephemeral-storage limit or sizeLimit, or write less: logs, caches, temporary files.',
  },
  {
    row: [
      'pod OutOfcpu, OutOfmemory, OutOfpods',
      'unschedulable',
      'third pod',
      'deployment/node-full',
    ],
    is: isFor(/^OutOf/),
    warnFrom: 1,
    fatalFrom: 3,
    what: 'a node has no room for the pods assigned to it',
    hint: 'Lower the requests, add nodes, or remove nodeName from the pods.',
  },
  {
    row: [
      'pod Evicted, Preempting, NodeLost, Shutdown …',
      'rollout-failed',
      'never',
      'deployment/evicted',
    ],
    is: isFor(evictionReasons),
    warnFrom: 3,
    what: 'its pods were evicted or rejected by their nodes',
    hint: 'Look at the nodes: they are full, preempted or shutting down.',
  },
];

export const evictedRows: readonly SignalRow[] = classes.map(({ row }) => row);

/** Evicted or rejected by its node, so its containers say nothing about the release. */
export function isEvicted(pod: Pod): boolean {
  return evictionReasons.test(pod.status?.reason ?? '');
}

/** The findings about evicted pods; empty while there are few. */
export function evictionDiagnosis(pods: readonly Pod[]): Diagnosis | undefined {
  for (const each of classes) {
    const own = pods.filter(each.is);
    if (own.length < each.warnFrom) continue;
    const reasons = new Set(own.map(({ status }) => status?.reason ?? ''));
    const code: Code = each.row[1];
    return {
      code,
      certain: own.length >= (each.fatalFrom ?? Infinity),
      ...(each.fatalFrom === undefined ? { severity: 'warning' } : {}),
      what: each.what,
      evidence: [
        `${own.length} pods: ${[...reasons].join(', ')}`,
        plain(own.at(-1)?.status?.message ?? ''),
      ],
      cause: `evicted ${each.what}`,
      hint: each.hint,
    };
  }
  return undefined;
}
