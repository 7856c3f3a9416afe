// Which check rejected a well-formed object: the authorizer, a quota, a policy or a webhook.

import { forbiddenFinding, permissionDenied, type Status } from '../cluster/api-errors.ts';
import type { Code } from '../core/codes.ts';
import { type Finding, finding } from '../core/errors.ts';
import { nameOf } from '../kube/objects.ts';
import { type Refused, whereIs, wordsOf } from './rejection.ts';

interface Denial {
  readonly says: RegExp;
  readonly code: Code;
  /** `detail` is the first group of the expression. */
  what(name: string, detail: string): string;
  hint?(detail: string): string;
}

const denials: readonly Denial[] = [
  {
    says: /failed calling webhook "([^"]+)"/,
    code: 'api-error',
    what: (name, hook) => `${name} cannot be written: the admission webhook ${hook} fails.`,
    hint: (hook) => `Check the Service and the pods behind the webhook ${hook}, or remove it.`,
  },
  {
    says: /attempting to grant RBAC permissions/,
    code: 'forbidden',
    what: (name) => `${name} grants permissions that the account does not hold itself.`,
    hint: () => 'Give the account these permissions too, or the verb escalate on roles.',
  },
  {
    says: /exceeded quota|failed quota|insufficient quota/,
    code: 'quota-exceeded',
    what: (name) => `A ResourceQuota leaves no room for ${name}.`,
  },
  {
    says: /in namespace (\S+) because it is being terminated/,
    code: 'api-error',
    what: (name, namespace) =>
      `${name} cannot be created: the namespace ${namespace} is being deleted.`,
    hint: () => 'Wait until the namespace is gone, then run it again.',
  },
  {
    says: /admission webhook "([^"]+)" denied/,
    code: 'admission-denied',
    what: (name, hook) => `The admission webhook ${hook} refused ${name}.`,
  },
  {
    says: /ValidatingAdmissionPolicy '([^']+)'/,
    code: 'admission-denied',
    what: (name, policy) => `The admission policy ${policy} refused ${name}.`,
  },
  {
    says: /violates PodSecurity "([^"]+)"/,
    code: 'admission-denied',
    what: (name, level) => `The pod security level ${level} of the namespace refused ${name}.`,
    hint: () => 'Change the securityContext as the evidence says.',
  },
];

/** The finding for a denial; undefined if the answer is not one. */
export function denialFinding(refused: Refused, { message = '' }: Status): Finding | undefined {
  const { response, request, object } = refused;
  const where = whereIs(refused);
  if (permissionDenied(response)) return { ...forbiddenFinding(response, request), ...where };
  const evidence = message ? [wordsOf(object, message)] : [];
  for (const { says, code, what, hint } of denials) {
    const match = says.exec(message);
    if (!match) continue;
    const detail = match[1] ?? '';
    const said = hint ? { hint: hint(detail) } : {};
    return finding(code, what(nameOf(object), detail), { ...where, evidence, ...said });
  }
  if (response.status !== 403) return undefined;
  const what = `Admission control refused ${nameOf(object)}.`;
  return finding('admission-denied', what, { ...where, evidence });
}
