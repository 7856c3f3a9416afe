// preStop hooks that fail: the container is stopped all the same.
import { plain } from '../../core/plain-text.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { eventsSince, type JudgeContext } from './judge-context.ts';
import type { Diagnosis, SignalRow } from './verdict.ts';

export const stopHookRows: readonly SignalRow[] = [
  ['event FailedPreStopHook', 'rollout-failed', 'never', 'deployment/pre-stop-failing'],
];

/** Of pods of any revision: usually those of the previous release are being stopped. */
export function stopHookSign(owner: KubeObject, context: JudgeContext): Diagnosis | undefined {
  const { snapshot } = context;
  const makers = [owner, ...snapshot.childrenOf(owner.metadata.uid ?? '', 'apps/ReplicaSet')];
  const pods = makers.flatMap(({ metadata }) => snapshot.childrenOf(metadata.uid ?? '', 'Pod'));
  const failed = pods
    .flatMap(({ metadata }) => eventsSince(context, metadata.uid))
    .filter(({ reason }) => reason === 'FailedPreStopHook')
    .at(-1);
  if (!failed) return undefined;
  return {
    code: 'rollout-failed',
    severity: 'warning',
    certain: false,
    what: 'the preStop hook of its pods fails, so they are stopped without it',
    evidence: [plain(failed.message ?? '')],
    hint: 'Correct lifecycle.preStop: its command must exist in the image. To wait, use `sleep: {seconds: 5}`.',
  };
}
