// Why the API server rejects pods: its messages, and how soon each becomes fatal.
import type { Code } from '../../core/codes.ts';
import { plain } from '../../core/plain-text.ts';
import type { SignalRow } from './verdict.ts';

export interface RefusalClass {
  readonly code: Code;
  readonly row: SignalRow;
  readonly words: RegExp;
  readonly what: string;
  readonly hint?: string;
  /** Without progress for this long it is certain; 0: immediately. */
  readonly ms: number;
}

export const classes: readonly RefusalClass[] = [
  {
    code: 'quota-exceeded',
    row: [
      'event FailedCreate: failed quota, must specify',
      'quota-exceeded',
      'at once',
      'deployment/quota-unspecified',
    ],
    words: /failed quota: .* must specify/i,
    what: 'a ResourceQuota limits what its pods do not request, so it rejects them',
    hint: 'Set the requests or limits that the quota names on every container, or defaults by a LimitRange.',
    ms: 0,
  },
  {
    code: 'quota-exceeded',
    row: [
      'event FailedCreate: exceeded quota',
      'quota-exceeded',
      '15 s without progress, and no older pod left to go',
      'deployment/quota',
    ],
    words: /exceeded quota|failed quota/i,
    what: 'a ResourceQuota rejects its pods',
    ms: 15_000,
  },
  {
    code: 'admission-denied',
    row: [
      'event FailedCreate: failed calling webhook',
      'admission-denied',
      '60 s without progress',
      'deployment/webhook-down',
    ],
    words: /failed calling webhook|failed to call webhook/i,
    what: 'an admission webhook does not answer, so its pods are rejected',
    hint: 'Restore the Service behind the webhook named above, or remove its configuration.',
    ms: 60_000,
  },
  {
    code: 'admission-denied',
    row: [
      'event FailedCreate: violates PodSecurity, denied by a policy or webhook',
      'admission-denied',
      'at once',
      'deployment/pod-security',
    ],
    words: /violates PodSecurity|ValidatingAdmissionPolicy|denied the request|denied by/i,
    what: 'an admission policy rejects its pods',
    ms: 0,
  },
  {
    code: 'admission-denied',
    row: [
      'event FailedCreate: minimum or maximum usage (LimitRange)',
      'admission-denied',
      'at once',
      'deployment/limit-range',
    ],
    words: /(minimum|maximum) \S+ usage per|limit to request ratio/i,
    what: 'a LimitRange rejects its pods',
    hint: 'Bring requests and limits within the LimitRange of the namespace.',
    ms: 0,
  },
  {
    code: 'rollout-failed',
    row: [
      'event FailedCreate, any other message',
      'rollout-failed',
      '60 s without progress',
      'deployment/pods-refused',
    ],
    words: /./s,
    what: 'its pods cannot be created',
    ms: 60_000,
  },
];

/** `quota small: pods: asks for 1, used 2 of 2`, from the admission plugin's message. */
export function quotaWords(message: string): readonly string[] {
  const [, name = '', asked = '', used = '', limited = ''] =
    /exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (.+)$/.exec(message) ?? [];
  const amounts = (text: string) => new Map(text.split(',').map((each) => pairOf(each)));
  const [has, most] = [amounts(used), amounts(limited)];
  return [...amounts(asked)]
    .filter(([what]) => what !== '')
    .map(([what, amount]) =>
      plain(
        `quota ${name}: ${what}: asks for ${amount}, used ${has.get(what)} of ${most.get(what)}`,
        200,
      ),
    );
}

function pairOf(text: string): readonly [string, string] {
  const [what = '', amount = ''] = text.split('=');
  return [what.trim(), amount.trim()];
}
