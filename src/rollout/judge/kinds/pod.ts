// Bare pods: running ones must be Ready, others must succeed.
import type { KubeObject } from '../../../kube/objects.ts';
import { isPodReady, type Pod, typed } from '../../../kube/typed.ts';
import { exitWords } from '../../facts/exit-words.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import { plain } from '../../facts/plain-text.ts';
import { statusesOf } from '../../facts/pod-memory.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type LogRequest, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';
import { groupFindings, startedWords, unsteadyPods } from './pods.ts';

export const podRows: readonly SignalRow[] = [
  ['a pod that may not restart: phase Failed', 'rollout-failed', 'at once', 'pod/never-failed'],
];

/** Ready, or Succeeded where it may not restart. */
export function judgePod(live: KubeObject, context: JudgeContext): Verdict {
  const pod = typed<Pod>(live);
  const phase = pod.status?.phase ?? 'Pending';
  const always = (pod.spec?.restartPolicy ?? 'Always') === 'Always';
  if (phase === 'Succeeded') return verdictOf('ready', 'succeeded');
  if (phase === 'Failed') {
    return verdictOf('waiting', 'failed', { findings: [failedPod(live, pod)] });
  }
  if (always && isPodReady(pod) && unsteadyPods([pod], context) === 0) {
    return verdictOf('ready', `ready${startedWords(pod.spec)}`);
  }
  const group = { owner: live, maker: live, pods: [pod], olderPods: 0, short: false };
  const words = always ? phase.toLowerCase() : `${phase.toLowerCase()}, awaited to end`;
  return verdictOf('waiting', words, { findings: groupFindings(group, context) });
}

function failedPod(live: KubeObject, pod: Pod): LiveFinding {
  const worst = statusesOf(pod).find((each) => (each.state?.terminated?.exitCode ?? 0) !== 0);
  const code = worst?.state?.terminated?.exitCode;
  const reason = pod.status?.reason ?? worst?.state?.terminated?.reason ?? '';
  const base = findingOf(live, {
    code: 'rollout-failed',
    certain: true,
    what: code === undefined ? 'the pod failed' : `the pod failed: ${exitWords(code)}`,
    evidence: [plain([reason, pod.status?.message ?? ''].filter(Boolean).join(': '))],
    hint: 'Read the log lines; the next deploy makes the pod anew.',
  });
  return {
    ...base,
    pod: live.metadata.name,
    ...(worst ? { container: worst.name, logs: lastLog(pod, worst.name) } : {}),
  };
}

/** A request for the log of a pod that has ended. */
export function lastLog(pod: Pod, container: string): readonly LogRequest[] {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  return [{ namespace, pod: name, container, previous: false }];
}
