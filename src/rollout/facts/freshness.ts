// Whether a status can already reflect our write: many controllers of custom kinds do not say.
import type { KubeObject } from '../../kube/objects.ts';
import { type Condition, timeOf } from '../../kube/typed.ts';
import type { JudgeContext } from './judge-context.ts';

/** A controller that has not reacted to a change by then is assumed to have nothing to report. */
const firstLookMs = 8_000;
// Creation and condition times have whole seconds.
const slackMs = 1_000;

/**
 * False where the status, or this condition of it, may still describe the previous release: the object
 * existed before, something was written a moment ago, and its controller keeps no observedGeneration.
 */
export function isOfThisRelease(
  live: KubeObject,
  { writtenAt, isPast }: JudgeContext,
  condition?: Condition,
): boolean {
  if (writtenAt === undefined || isPast(writtenAt + firstLookMs)) return true;
  const { status } = live as { readonly status?: { readonly observedGeneration?: unknown } };
  const counts = [
    status?.observedGeneration,
    (condition as { readonly observedGeneration?: unknown } | undefined)?.observedGeneration,
  ];
  if (counts.some((count) => typeof count === 'number' && count > 0)) return true;
  const times = [
    live.metadata.creationTimestamp,
    condition?.lastTransitionTime,
    condition?.lastUpdateTime,
  ];
  return times.some((time) => (timeOf(time) ?? 0) >= writtenAt - slackMs);
}
