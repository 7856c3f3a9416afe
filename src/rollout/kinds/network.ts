// Services and Ingresses: they exist at once; an address may take minutes and is only told.
import type { KubeObject } from '../../cluster/objects.ts';
import { findingOf } from '../diagnose.ts';
import { plain } from '../plain-text.ts';
import { eventsSince, type Sight } from '../sight.ts';
import { type Service, typed } from '../typed.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

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

/** A Service is ready; a load balancer without an address is a warning, never waited for. */
export function judgeService(live: KubeObject, sight: Sight): Verdict {
  const addresses = addressesOf(live);
  if (addresses.length > 0) return verdictOf('ready', plain(addresses.join(', '), 100));
  if (typed<Service>(live).spec?.type !== 'LoadBalancer') return verdictOf('ready', 'exists');
  const failed = eventsSince(sight, live.metadata.uid)
    .filter((event) => event.reason === 'SyncLoadBalancerFailed')
    .at(-1);
  const waiting = findingOf(live, {
    code: 'address-pending',
    certain: false,
    what: 'its load balancer has no address yet',
    evidence: failed ? [plain(failed.message ?? '')] : [],
  });
  return verdictOf('ready', 'no address yet', { findings: [waiting] });
}

/** An Ingress has no conditions: without an address there is a note. */
export function judgeIngress(live: KubeObject): Verdict {
  const addresses = addressesOf(live);
  if (addresses.length > 0) return verdictOf('ready', plain(addresses.join(', '), 100));
  const note = findingOf(live, {
    code: 'address-pending',
    severity: 'note',
    certain: false,
    what: 'it has no address yet',
    evidence: [],
  });
  return verdictOf('ready', 'no address yet', { findings: [note] });
}
