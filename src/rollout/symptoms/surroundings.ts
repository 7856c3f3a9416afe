// What keeps a scheduled pod from starting or being Ready though its containers are not to blame.
import { proofKey } from '../memory.ts';
import { answerWords, missingIn, proofWords, provedMissing } from '../missing-config.ts';
import { plain } from '../plain-text.ts';
import { statusesOf } from '../pod-memory.ts';
import { byTime, type PodSymptom, type PodView, since } from '../sight.ts';
import type { KubeEvent } from '../typed.ts';

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

// An event's own times are the node's; when it was first seen here is the server's time.
function seenAt(view: PodView, event: KubeEvent): number {
  return view.sight.memory.seen.get(event.metadata.uid ?? '') ?? view.sight.now;
}

const missingMount: PodSymptom = {
  name: 'volume of a missing Secret or ConfigMap',
  sees(view) {
    const event = latest(view, ['FailedMount']);
    const proof = missingIn(event?.message ?? '', view.pod.metadata?.namespace ?? '');
    if (!event || !proof || !isStarting(view)) return undefined;
    const answer = view.sight.memory.answers.get(proofKey(proof));
    return {
      code: 'config-missing',
      ...provedMissing(proof, { from: seenAt(view, event), ms: missingMs }, view.sight),
      what: `a volume needs ${proofWords(proof)}, which is missing`,
      evidence: [plain(event.message ?? ''), ...answerWords(answer)],
      proof,
    };
  },
};

const failedMount: PodSymptom = {
  name: 'failed mount',
  sees(view) {
    const event = latest(view, ['FailedMount', 'FailedAttachVolume']);
    if (!event || !isStarting(view)) return undefined;
    const from = Math.max(seenAt(view, event), view.crew.progressAt);
    if (view.sight.now < from + mountWarnMs) return undefined;
    const message = plain(event.message ?? '');
    return {
      code: 'volume-mount-failed',
      ...byTime(from + mountFatalMs, view.sight),
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
  sees(view) {
    const event = latest(view, ['FailedCreatePodSandBox']);
    if (!event || !isStarting(view)) return undefined;
    const from = Math.max(seenAt(view, event), view.crew.progressAt);
    return {
      code: 'container-start-failed',
      ...byTime(from + sandboxMs, view.sight),
      what: 'a node cannot set up the pod’s network or sandbox',
      evidence: [plain(event.message ?? '')],
      cause: 'sandbox',
      hint: 'Look at the node and its network plugin; the manifest is hardly to blame.',
    };
  },
};

const gate: PodSymptom = {
  name: 'readiness gate',
  sees(view) {
    const is = (type: string): boolean =>
      (view.pod.status?.conditions ?? []).some(
        (each) => each.type === type && each.status === 'True',
      );
    const open = (view.pod.spec?.readinessGates ?? []).filter((each) => !is(each.conditionType));
    if (!open.length || !is('ContainersReady')) return undefined;
    if (view.sight.now < since(view, 'Ready/ReadinessGatesNotReady') + gateMs) return undefined;
    return {
      code: 'probe-failing',
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
