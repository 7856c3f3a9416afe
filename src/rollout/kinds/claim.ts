// PersistentVolumeClaims: bound, or rightly waiting for the first pod that uses them.
import type { KubeObject } from '../../cluster/objects.ts';
import { findingOf } from '../diagnose.ts';
import { plain } from '../plain-text.ts';
import { byTime, eventsSince, type Sight, type Sign } from '../sight.ts';
import { type Claim, countOf, type KubeEvent, typed } from '../typed.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

const classMs = 10_000;
const bindingMs = 30_000;
const provisioningMs = 60_000;
const patient = /^WaitFor(FirstConsumer|PodScheduled)$/;

/** Bound is ready; so is waiting for a first consumer, whose pods are awaited on their own. */
export function judgeClaim(live: KubeObject, sight: Sight): Verdict {
  const { spec, status } = typed<Claim>(live);
  if (status?.phase === 'Bound') return verdictOf('ready', 'bound');
  if (status?.phase === 'Lost') {
    const lost = findingOf(live, {
      code: 'volume-unbound',
      certain: true,
      what: 'its volume is lost',
      evidence: ['status.phase: Lost'],
      hint: 'Restore the PersistentVolume, or make the claim anew.',
    });
    return verdictOf('waiting', 'lost', { findings: [lost] });
  }
  const events = eventsSince(sight, live.metadata.uid);
  const last = events.at(-1);
  if (last && patient.test(last.reason ?? '')) return verdictOf('ready', 'waits for its first pod');
  const sign = signOf(events, spec?.storageClassName, sight);
  return verdictOf('waiting', 'pending', { findings: sign ? [findingOf(live, sign)] : [] });
}

function signOf(
  events: readonly KubeEvent[],
  storageClass: string | undefined,
  sight: Sight,
): Sign | undefined {
  const failed = events.filter((each) =>
    /^(ProvisioningFailed|FailedBinding)$/.test(each.reason ?? ''),
  );
  const last = failed.at(-1);
  if (!last) return undefined;
  const message = last.message ?? '';
  const seen = failed.map((each) => sight.memory.seen.get(each.metadata.uid ?? '') ?? sight.now);
  const from = Math.min(...seen);
  const count = failed.reduce((sum, each) => sum + countOf(each), 0);
  const noClass = /storageclass\S* "[^"]*" not found/i.test(message);
  const limit = noClass ? classMs : last.reason === 'FailedBinding' ? bindingMs : provisioningMs;
  return {
    code: 'volume-unbound',
    ...(last.reason === 'FailedBinding' || count >= 2
      ? byTime(from + limit, sight)
      : { certain: false }),
    what: noClass
      ? `its storage class ${plain(storageClass ?? '')} does not exist`
      : 'it gets no volume',
    cause: 'unbound',
    evidence: [plain(message), `tried ${count} times`],
  };
}
