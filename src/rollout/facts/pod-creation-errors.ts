// Pods that the API server rejects at creation: quota, policy, webhook, service account.

import { plain } from '../../core/plain-text.ts';
import { counted } from '../../core/text.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { conditionOf, countOf, type KubeEvent } from '../../kube/typed.ts';
import { byTime, eventsSince, type JudgeContext, type RevisionPods } from './judge-context.ts';
import { answerWords, provedMissing } from './missing-config.ts';
import { capacityFreedAt, isCapacityBeingFreed } from './quota-headroom.ts';
import { classes, quotaWords, type RefusalClass } from './rejection-classes.ts';
import type { Diagnosis, Proof, SignalRow } from './verdict.ts';

interface Refusal {
  readonly message: string;
  readonly from: number;
  readonly count: number;
}

/** Why pods of `maker` (a ReplicaSet, or the workload itself) are rejected; undefined if they no longer are. */
export function podCreationError(
  maker: KubeObject,
  {
    revisionPods,
    context,
    short,
  }: {
    readonly revisionPods: RevisionPods;
    readonly context: JudgeContext;
    readonly short: boolean;
  },
): Diagnosis | undefined {
  const refusal = refusalIn(maker, context);
  if (!refusal || !short) return undefined;
  const missing = missingSign(maker, refusal, context);
  if (missing) return missing;
  const found = classes.find(({ words }) => words.test(refusal.message));
  if (!found) return undefined;
  const { namespace = '' } = maker.metadata;
  const isQuota = found.code === 'quota-exceeded';
  const certainty =
    isQuota && isCapacityBeingFreed(namespace, revisionPods, context)
      ? { certain: false }
      : byTime(
          limitOf(refusal, found, { revisionPods, madeAt: capacityFreedAt(namespace, context) }),
          context,
        );
  const surge = isQuota && revisionPods.olderPods > 0;
  return {
    code: found.code,
    ...(found.ms === 0 ? { certain: true } : certainty),
    what: found.what,
    cause: found.what,
    evidence: [
      ...quotaWords(refusal.message),
      plain(refusal.message),
      `rejected ${counted(refusal.count, 'time')}`,
    ],
    ...(surge ? { hint: 'The older pods hold the quota: set maxSurge: 0, or raise it.' } : {}),
    ...(found.hint ? { hint: found.hint } : {}),
  };
}

interface Room {
  readonly revisionPods: RevisionPods;
  readonly madeAt: number;
}

// A deleted pod frees quota, but the controller doubles its delay before each retry.
function limitOf(
  { from }: Refusal,
  { code, ms }: RefusalClass,
  { revisionPods, madeAt }: Room,
): number {
  const limit = Math.max(from, revisionPods.progressAt) + ms;
  if (code !== 'quota-exceeded' || madeAt < from) return limit;
  return Math.max(limit, madeAt + (madeAt - from) + ms);
}

function refusalIn(maker: KubeObject, context: JudgeContext): Refusal | undefined {
  const uid = maker.metadata.uid ?? '';
  const events = eventsSince(context, uid).filter((event) => event.reason === 'FailedCreate');
  const condition = conditionOf(maker, 'ReplicaFailure');
  const stands = condition?.status === 'True';
  const said = events.at(-1)?.message?.replace(/^\(combined from similar events\): /, '');
  const message = said ?? (stands ? condition.message : undefined);
  // A ReplicaSet has a condition for rejected pods; other kinds only have events.
  if (message === undefined || (maker.kind === 'ReplicaSet' && !stands)) return undefined;
  const seen = events.map((event) => seenAt(event, context));
  return {
    message,
    from: Math.min(context.memory.seen.get(`${uid}/refused`) ?? context.now, ...seen),
    count: events.reduce((sum, event) => sum + countOf(event), 0) || 1,
  };
}

function seenAt(event: KubeEvent, context: JudgeContext): number {
  return context.memory.seen.get(event.metadata.uid ?? '') ?? context.now;
}

const missingKinds = [
  {
    words: /serviceaccount "([^"]{1,253})" not found/i,
    kind: 'ServiceAccount',
    field: 'serviceAccountName',
    row: [
      'event FailedCreate: serviceaccount not found',
      'config-missing',
      '10 s, and a read shows it missing',
      'deployment/service-account-missing',
    ],
  },
  {
    words: /no PriorityClass with name (\S{1,253}) was found/i,
    kind: 'PriorityClass',
    field: 'priorityClassName',
    row: [
      'event FailedCreate: no PriorityClass with name',
      'config-missing',
      '10 s, and a read shows it missing',
      'deployment/priority-class-missing',
    ],
  },
  {
    words: /RuntimeClass "([^"]{1,253})" not found/i,
    kind: 'RuntimeClass',
    field: 'runtimeClassName',
    row: [
      'event FailedCreate: RuntimeClass not found',
      'config-missing',
      '10 s, and a read shows it missing',
      'deployment/runtime-class-missing',
    ],
  },
] as const satisfies readonly { readonly row: SignalRow; readonly [key: string]: unknown }[];

export const podCreationRows: readonly SignalRow[] = [...missingKinds, ...classes].map(
  ({ row }) => row,
);

function missingSign(
  maker: KubeObject,
  refusal: Refusal,
  context: JudgeContext,
): Diagnosis | undefined {
  for (const { words, kind, field } of missingKinds) {
    const name = words.exec(refusal.message)?.[1];
    if (name === undefined) continue;
    const namespace = kind === 'ServiceAccount' ? (maker.metadata.namespace ?? '') : '';
    const proof: Proof = { kind, namespace, name };
    return {
      code: 'config-missing',
      ...provedMissing(proof, { from: refusal.from, ms: 10_000 }, context),
      what: `its ${kind} ${plain(name)} is missing, so its pods are rejected`,
      evidence: [plain(refusal.message), ...answerWords(proof, context)],
      hint: `Create the ${kind}, or correct ${field}.`,
      proof,
    };
  }
  return undefined;
}
