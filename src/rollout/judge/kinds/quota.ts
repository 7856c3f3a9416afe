// ResourceQuotas: ready when the server enforces them; a limit below current use is reported.
import type { V1ResourceQuota } from '@kubernetes/client-node';
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject, Raw } from '../../../kube/objects.ts';
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

const sizes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity such as `500m`, `1Gi` or `2e3` as a number; NaN where it is none. */
export function amountOf(text: string): number {
  const [, number = '', unit = ''] =
    /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]{0,2})$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Number(number) * (sizes[unit] ?? Number.NaN);
}
