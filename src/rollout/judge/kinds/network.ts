// Services and Ingresses: ready at once; an address may take minutes and is only reported.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Service, typed } from '../../../kube/typed.ts';
import { diagnoseBackends } from '../../facts/ingress-backends.ts';
import { eventsSince, type JudgeContext } from '../../facts/judge-context.ts';
import { mismatchOf } from '../../facts/service-pods.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

interface Balanced {
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

function addressesOf(live: KubeObject): readonly string[] {
  const ingress = typed<Balanced>(live).status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
}

export const networkRows: readonly SignalRow[] = [
  [
    'Service: no address of its load balancer',
    'address-pending',
    'never',
    'service/balancer-pending',
  ],
  ['Service: event SyncLoadBalancerFailed', 'address-pending', 'never', 'service/balancer-refused'],
  ['Ingress: no address', 'address-pending', 'never', 'ingress/no-address'],
];

/** A Service is ready; missing backends and a missing address are warnings, never waited for. */
export function judgeService(live: KubeObject, context: JudgeContext): Verdict {
  const mismatch = mismatchOf(live, context);
  const found = mismatch ? [findingOf(live, mismatch)] : [];
  const addresses = addressesOf(live);
  if (addresses.length > 0) {
    return verdictOf('ready', plain(addresses.join(', '), 100), { findings: found });
  }
  if (typed<Service>(live).spec?.type !== 'LoadBalancer') {
    return verdictOf('ready', 'exists', { findings: found });
  }
  const failed = eventsSince(context, live.metadata.uid)
    .filter((event) => event.reason === 'SyncLoadBalancerFailed')
    .at(-1);
  const waiting = findingOf(live, {
    code: 'address-pending',
    severity: 'warning',
    certain: false,
    what: 'its load balancer has no address yet',
    evidence: failed ? [plain(failed.message ?? '')] : [],
  });
  return verdictOf('ready', 'no address yet', { findings: [...found, waiting] });
}

/** An Ingress has no conditions: a missing address is a note. */
export function judgeIngress(live: KubeObject, context: JudgeContext): Verdict {
  const nowhere = diagnoseBackends(live, context);
  const found = nowhere ? [findingOf(live, nowhere)] : [];
  const addresses = addressesOf(live);
  if (addresses.length > 0) {
    return verdictOf('ready', plain(addresses.join(', '), 100), { findings: found });
  }
  const note = findingOf(live, {
    code: 'address-pending',
    severity: 'note',
    certain: false,
    what: 'it has no address yet',
    evidence: [],
  });
  return verdictOf('ready', 'no address yet', { findings: [...found, note] });
}
