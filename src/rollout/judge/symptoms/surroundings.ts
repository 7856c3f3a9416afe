// What keeps a scheduled pod from starting or being Ready although its containers are not to blame.

import { plain } from '../../../core/plain-text.ts';
import type { KubeEvent } from '../../../kube/typed.ts';
import { byTime, type PodSymptom, type PodView, since } from '../../facts/judge-context.ts';
import { answerWords, missingIn, proofWords, provedMissing } from '../../facts/missing-config.ts';
import { statusesOf } from '../../facts/pod-memory.ts';

const missingMs = 20_000;
const mountWarnMs = 60_000;
const mountFatalMs = 240_000;
const sandboxMs = 120_000;
const gateMs = 60_000;

function isStarting(view: PodView): boolean {
  const statuses = statusesOf(view.pod);
  const begun = statuses.some((each) => each.state?.running || each.state?.terminated);
  return view.pod.status?.phase === 'Pending' && !begun;
}

function latest(view: PodView, reasons: readonly string[]): KubeEvent | undefined {
  return view.events.filter((event) => reasons.includes(event.reason ?? '')).at(-1);
}

// An event's own times are from the node's clock; when it was first seen here is server time.
function seenAt(view: PodView, event: KubeEvent): number {
  return view.context.memory.seen.get(event.metadata.uid ?? '') ?? view.context.now;
}

const missingMount: PodSymptom = {
  name: 'volume of a missing Secret or ConfigMap',
  rows: [
    [
      'event FailedMount, secret or configmap not found',
      'config-missing',
      '20 s, and a read shows it missing',
      'deployment/volume-secret-missing',
    ],
  ],
  sees(view) {
    const event = latest(view, ['FailedMount']);
    const proof = missingIn(event?.message ?? '', view.pod.metadata?.namespace ?? '');
    if (!event || !proof || !isStarting(view)) return undefined;
    return {
      code: 'config-missing',
      ...provedMissing(proof, { from: seenAt(view, event), ms: missingMs }, view.context),
      what: `a volume needs ${proofWords(proof)}, which is missing`,
      evidence: [plain(event.message ?? ''), ...answerWords(proof, view.context)],
      proof,
    };
  },
};

const failedMount: PodSymptom = {
  name: 'failed mount',
  rows: [
    [
      'event FailedMount',
      'volume-mount-failed',
      '4 min without progress',
      'deployment/mount-failed',
    ],
    [
      'event FailedAttachVolume, Multi-Attach',
      'volume-mount-failed',
      '4 min without progress',
      'deployment/multi-attach',
    ],
  ],
  sees(view) {
    const event = latest(view, ['FailedMount', 'FailedAttachVolume']);
    if (!event || !isStarting(view)) return undefined;
    const from = Math.max(seenAt(view, event), view.revisionPods.progressAt);
    if (!view.context.isPast(from + mountWarnMs)) return undefined;
    const message = plain(event.message ?? '');
    return {
      code: 'volume-mount-failed',
      ...byTime(from + mountFatalMs, view.context),
      what: 'a volume cannot be mounted',
      evidence: [message],
      cause: 'mount',
      ...(/multi-attach/i.test(message)
        ? {
            hint: 'An older pod still holds the disk: use strategy Recreate, or a StatefulSet.',
          }
        : {}),
    };
  },
};

const sandbox: PodSymptom = {
  name: 'failed sandbox',
  rows: [
    [
      'event FailedCreatePodSandBox',
      'container-start-failed',
      '2 min without progress',
      'deployment/sandbox-failed',
    ],
  ],
  sees(view) {
    const event = latest(view, ['FailedCreatePodSandBox']);
    if (!event || !isStarting(view)) return undefined;
    const from = Math.max(seenAt(view, event), view.revisionPods.progressAt);
    return {
      code: 'container-start-failed',
      ...byTime(from + sandboxMs, view.context),
      what: 'a node cannot set up the pod’s network or sandbox',
      evidence: [plain(event.message ?? '')],
      cause: 'sandbox',
      hint: 'Look at the node and its network plugin; the manifest is probably not to blame.',
    };
  },
};

const gate: PodSymptom = {
  name: 'readiness gate',
  rows: [['a readiness gate stays open', 'probe-failing', 'never', 'deployment/readiness-gate']],
  sees(view) {
    const is = (type: string): boolean =>
      (view.pod.status?.conditions ?? []).some(
        (each) => each.type === type && each.status === 'True',
      );
    const open = (view.pod.spec?.readinessGates ?? []).filter((each) => !is(each.conditionType));
    if (!open.length || !is('ContainersReady')) return undefined;
    const from = since(view, 'Ready/ReadinessGatesNotReady');
    if (!view.context.isPast(from + gateMs)) return undefined;
    return {
      code: 'probe-failing',
      severity: 'warning',
      certain: false,
      what: `a pod waits for its readiness gate ${open.map((each) => plain(each.conditionType)).join(', ')}`,
      evidence: [],
      hint: 'The controller that owns the gate has to set it, for example a load balancer’s.',
    };
  },
};

export const surroundingSymptoms: readonly PodSymptom[] = [
  missingMount,
  failedMount,
  sandbox,
  gate,
];
