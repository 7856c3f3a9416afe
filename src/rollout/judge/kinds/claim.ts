// PersistentVolumeClaims: bound, or waiting for the first pod that uses them, as intended.
import { plain } from '../../../core/plain-text.ts';
import type { KubeObject } from '../../../kube/objects.ts';
import { type Claim, conditionsOf, countOf, type KubeEvent, typed } from '../../../kube/typed.ts';
import { byTime, eventsSince, type JudgeContext } from '../../facts/judge-context.ts';
import { answerWords, provedMissing } from '../../facts/missing-config.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type Diagnosis, type Proof, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';

export const claimRows: readonly SignalRow[] = [
  [
    'claim: storageclass not found',
    'volume-unbound',
    '10 s, and a read shows it missing',
    'persistentvolumeclaim/class-missing',
  ],
  [
    'claim: event ProvisioningFailed',
    'volume-unbound',
    'second try, 60 s',
    'persistentvolumeclaim/provisioning-failed',
  ],
  ['claim: event FailedBinding', 'volume-unbound', '30 s', 'persistentvolumeclaim/no-volume'],
  ['claim: phase Lost', 'volume-unbound', 'at once', 'persistentvolumeclaim/lost'],
  [
    'claim: resize failed or infeasible',
    'volume-unbound',
    'at once',
    'persistentvolumeclaim/resize-refused',
  ],
];

const classMs = 10_000;
const bindingMs = 30_000;
const provisioningMs = 60_000;
const patient = /^WaitFor(FirstConsumer|PodScheduled)$/;

/** Bound is ready; so is waiting for a first consumer, whose pods are awaited themselves. */
export function judgeClaim(live: KubeObject, context: JudgeContext): Verdict {
  const { spec, status } = typed<Claim>(live);
  if (status?.phase === 'Bound') return boundVerdict(live);
  if (status?.phase === 'Lost') {
    const lost = findingOf(live, {
      code: 'volume-unbound',
      certain: true,
      what: 'its volume is lost',
      evidence: ['status.phase: Lost'],
      hint: 'Restore the PersistentVolume, or create the claim again.',
    });
    return verdictOf('waiting', 'lost', { findings: [lost] });
  }
  const events = eventsSince(context, live.metadata.uid);
  const last = events.at(-1);
  if (last && patient.test(last.reason ?? '')) return verdictOf('ready', 'waits for its first pod');
  const sign = diagnosisOf(events, spec?.storageClassName, context);
  const findings = sign ? [findingOf(live, sign, context.patience)] : [];
  return verdictOf('waiting', 'pending', { findings });
}

// Bound says nothing about an expansion, which the storage may reject.
function boundVerdict(live: KubeObject): Verdict {
  const { spec, status } = typed<Claim>(live);
  const resize = conditionsOf(live).find(
    ({ type, status: state, reason, message }) =>
      /Resiz/.test(type) &&
      state === 'True' &&
      /fail|error|infeasible/i.test(`${reason} ${message}`),
  );
  const failed = Object.values(status?.allocatedResourceStatuses ?? {}).find((each) =>
    /Infeasible|Failed/.test(each),
  );
  if (!resize && failed === undefined) return verdictOf('ready', 'bound');
  const [asks, has] = [spec?.resources?.requests?.['storage'], status?.capacity?.['storage']];
  const rejected = findingOf(live, {
    code: 'volume-unbound',
    certain: true,
    what: `its volume cannot be expanded: it requests ${asks} and has ${has}`,
    evidence: [plain(resize?.message ?? failed ?? '')],
    hint: 'Restore the old size, or use a storage class with allowVolumeExpansion.',
  });
  return verdictOf('waiting', 'resize failed', { findings: [rejected] });
}

function diagnosisOf(
  events: readonly KubeEvent[],
  storageClass: string | undefined,
  context: JudgeContext,
): Diagnosis | undefined {
  const failed = events.filter((each) =>
    /^(ProvisioningFailed|FailedBinding)$/.test(each.reason ?? ''),
  );
  const last = failed.at(-1);
  if (!last) return undefined;
  const message = last.message ?? '';
  const seen = failed.map(
    (each) => context.memory.seen.get(each.metadata.uid ?? '') ?? context.now,
  );
  const from = Math.min(...seen);
  const count = failed.reduce((sum, each) => sum + countOf(each), 0);
  const noClass = /storageclass\S* "[^"]*" not found/i.test(message);
  const limit = noClass ? classMs : last.reason === 'FailedBinding' ? bindingMs : provisioningMs;
  const proof: Proof = { kind: 'StorageClass', namespace: '', name: storageClass ?? '' };
  const byCount =
    last.reason === 'FailedBinding' || count >= 2
      ? byTime(from + limit, context)
      : { certain: false };
  const certainty = noClass ? provedMissing(proof, { from, ms: classMs }, context) : byCount;
  return {
    code: 'volume-unbound',
    ...certainty,
    what: noClass
      ? `its storage class ${plain(storageClass ?? '')} does not exist`
      : 'it gets no volume',
    cause: 'unbound',
    evidence: [
      plain(message),
      `tried ${count} times`,
      ...(noClass ? answerWords(proof, context) : []),
    ],
    ...(noClass
      ? { proof, hint: 'Correct storageClassName, or leave it out to take the default class.' }
      : {}),
  };
}
