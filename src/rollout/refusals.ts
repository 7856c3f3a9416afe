// Pods that the API server refuses to make: quota, policy, webhook, service account.
import type { KubeObject } from '../cluster/objects.ts';
import type { Code } from '../errors.ts';
import { proofKey } from './memory.ts';
import { answerWords, provedMissing } from './missing-config.ts';
import { plain } from './plain-text.ts';
import { byTime, type Crew, eventsSince, type Sight, type Sign } from './sight.ts';
import { conditionOf, countOf, type KubeEvent } from './typed.ts';
import type { Proof } from './verdict.ts';

interface Refusal {
  readonly message: string;
  readonly from: number;
  readonly count: number;
}

interface Class {
  readonly code: Code;
  readonly words: RegExp;
  readonly what: string;
  readonly hint?: string;
  /** Without progress for this long it is certain; 0: at once. */
  readonly ms: number;
}

const classes: readonly Class[] = [
  {
    code: 'quota-exceeded',
    words: /exceeded quota|failed quota/i,
    what: 'a ResourceQuota refuses its pods',
    ms: 15_000,
  },
  {
    code: 'admission-denied',
    words: /failed calling webhook|failed to call webhook/i,
    what: 'an admission webhook does not answer, so its pods are refused',
    hint: 'Bring back the Service behind the webhook named above, or remove its configuration.',
    ms: 60_000,
  },
  {
    code: 'admission-denied',
    words: /violates PodSecurity|ValidatingAdmissionPolicy|denied the request|denied by/i,
    what: 'an admission policy refuses its pods',
    ms: 0,
  },
  {
    code: 'admission-denied',
    words: /(minimum|maximum) \S+ usage per|limit to request ratio/i,
    what: 'a LimitRange refuses its pods',
    hint: 'Bring requests and limits within the LimitRange of the namespace.',
    ms: 0,
  },
  {
    code: 'config-missing',
    words: /no PriorityClass with name/i,
    what: 'its PriorityClass is missing, so its pods are refused',
    hint: 'Create the PriorityClass, or correct priorityClassName.',
    ms: 10_000,
  },
  {
    code: 'rollout-failed',
    words: /./s,
    what: 'its pods cannot be made',
    ms: 60_000,
  },
];

/** What refuses the pods of `maker` (a ReplicaSet, or the workload itself), if anything still does. */
export function refusalOf(
  maker: KubeObject,
  { crew, sight, short }: { readonly crew: Crew; readonly sight: Sight; readonly short: boolean },
): Sign | undefined {
  const refusal = refusalIn(maker, sight);
  if (!refusal || !short) return undefined;
  const account = accountSign(maker, refusal, sight);
  if (account) return account;
  const found = classes.find(({ words }) => words.test(refusal.message));
  if (!found) return undefined;
  const from = Math.max(refusal.from, crew.progressAt);
  const surge = found.code === 'quota-exceeded' && crew.olderPods > 0;
  return {
    code: found.code,
    ...(found.ms === 0 ? { certain: true } : byTime(from + found.ms, sight)),
    what: found.what,
    cause: found.what,
    evidence: [plain(refusal.message), `refused ${refusal.count} times`],
    ...(surge ? { hint: 'The older pods hold the quota: set maxSurge: 0, or raise it.' } : {}),
    ...(found.hint ? { hint: found.hint } : {}),
  };
}

function refusalIn(maker: KubeObject, sight: Sight): Refusal | undefined {
  const uid = maker.metadata.uid ?? '';
  const events = eventsSince(sight, uid).filter((event) => event.reason === 'FailedCreate');
  const condition = conditionOf(maker, 'ReplicaFailure');
  const stands = condition?.status === 'True';
  const message = events.at(-1)?.message ?? (stands ? condition.message : undefined);
  // A ReplicaSet says by its condition whether pods are still refused; others only have events.
  if (message === undefined || (maker.kind === 'ReplicaSet' && !stands)) return undefined;
  const seen = events.map((event) => seenAt(event, sight));
  return {
    message,
    from: Math.min(sight.memory.seen.get(`${uid}/refused`) ?? sight.now, ...seen),
    count: events.reduce((sum, event) => sum + countOf(event), 0) || 1,
  };
}

function seenAt(event: KubeEvent, sight: Sight): number {
  return sight.memory.seen.get(event.metadata.uid ?? '') ?? sight.now;
}

function accountSign(maker: KubeObject, refusal: Refusal, sight: Sight): Sign | undefined {
  const name = /serviceaccount "([^"]{1,253})" not found/i.exec(refusal.message)?.[1];
  const namespace = maker.metadata.namespace;
  if (name === undefined || namespace === undefined) return undefined;
  const proof: Proof = { kind: 'ServiceAccount', namespace, name };
  return {
    code: 'config-missing',
    ...provedMissing(proof, { from: refusal.from, ms: 10_000 }, sight),
    what: `its ServiceAccount ${name} is missing, so its pods are refused`,
    evidence: [plain(refusal.message), ...answerWords(sight.memory.answers.get(proofKey(proof)))],
    hint: 'Create the ServiceAccount, or correct serviceAccountName.',
    proof,
  };
}
