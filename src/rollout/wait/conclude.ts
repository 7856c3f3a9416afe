// The end of a wait: what was wrong, and what it still waited for when the time was up.

import { byGravity, finding } from '../../core/errors.ts';
import { spell } from '../../core/text.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import type { LiveFinding, Verdict } from '../facts/verdict.ts';
import { isSettled } from './narrate.ts';

export interface Judged {
  readonly object: KubeObject;
  readonly verdict: Verdict;
}

/** What is told of one that was not ready in time, with the best that is known. */
function lateFinding({ object, verdict }: Judged, timeoutMs: number): LiveFinding {
  const { namespace } = object.metadata;
  const [best] = verdict.findings.filter((each) => each.severity !== 'note');
  const late = finding('timed-out', `${nameOf(object)} was not ready in ${spell(timeoutMs)}`, {
    object: nameOf(object),
    ...(namespace === undefined ? {} : { namespace }),
    evidence: [
      `waited for: ${verdict.words}`,
      ...(best ? [`${best.code}: ${best.what}`, ...best.evidence] : []),
    ],
    ...(best ? { hint: best.hint } : {}),
  });
  return {
    ...late,
    ...(best?.pod === undefined ? {} : { pod: best.pod }),
    ...(best?.node === undefined ? {} : { node: best.node }),
    ...(best?.count === undefined ? {} : { count: best.count }),
    ...(best?.container === undefined ? {} : { container: best.container }),
    ...(best?.logs === undefined ? {} : { logs: best.logs }),
  };
}

/** Every finding of all, the fatal ones first; with a time limit also what was late. */
export function conclude(
  judged: readonly Judged[],
  timedOutAfterMs: number | undefined,
): readonly LiveFinding[] {
  const findings = judged.flatMap((each) => {
    const own = each.verdict.findings;
    if (timedOutAfterMs === undefined || isSettled(each.verdict)) return own;
    return [lateFinding(each, timedOutAfterMs), ...own];
  });
  return [...findings].sort(byGravity);
}
