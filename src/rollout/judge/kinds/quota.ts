// ResourceQuotas: ready when the server enforces them; a limit below current use is reported.

import type { V1ResourceQuota } from '@kubernetes/client-node';
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject, Raw } from '../../../kube/objects.ts';
import { amountOf } from '../../../kube/quantity.ts';
import { typed } from '../../../kube/typed.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const quotaRows: readonly SignalRow[] = [
  ['ResourceQuota: less than what is used', 'quota-exceeded', 'never', 'resourcequota/over'],
];

/** Until `status.hard` equals `spec.hard`, the old limits apply, or none. */
export function judgeQuota(live: KubeObject): Verdict {
  const { spec, status } = typed<Raw<V1ResourceQuota>>(live);
  const wanted = Object.entries(spec?.hard ?? {});
  const isFilled = wanted.every(([what, most]) => status?.hard?.[what] === most);
  if (!isFilled) return verdictOf('waiting', 'not yet counted');
  return verdictOf('ready', 'counted', { findings: overFindings(live) });
}

function overFindings(live: KubeObject): readonly LiveFinding[] {
  const { status } = typed<Raw<V1ResourceQuota>>(live);
  const over = Object.entries(status?.used ?? {}).filter(
    ([what, used]) => amountOf(used) > amountOf(status?.hard?.[what] ?? ''),
  );
  if (over.length === 0) return [];
  const found = findingOf(live, {
    code: 'quota-exceeded',
    severity: 'warning',
    certain: false,
    what: 'it is below what is already used, so new pods are rejected',
    evidence: over.map(([what, used]) =>
      plain(`${what}: used ${used} of ${status?.hard?.[what]}`, 200),
    ),
    hint: 'Raise it, or remove what exceeds it.',
  });
  return [found];
}
