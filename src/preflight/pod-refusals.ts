// Why the API server refuses a dry-run pod: which check it was, and what that check looks at.

import { permissionDenied, statusOf } from '../cluster/api-errors.ts';
import type { ApiResponse } from '../core/ports.ts';
import type { Path } from '../kube/document.ts';
import { pathOfField } from '../kube/field-path.ts';
import { type PodNeed, podNeeds } from './made-pod.ts';

export type PodAnswer =
  | { readonly by: 'nobody' }
  /** The account may not make pods. */
  | { readonly by: 'rights' }
  /** It says nothing about the pod; `why` completes "not checked, because". */
  | { readonly by: 'chance'; readonly why: string }
  | { readonly by: 'need'; readonly need: PodNeed; readonly name: string }
  | { readonly by: 'pod security'; readonly level: string }
  | { readonly by: 'limit range' }
  | { readonly by: 'policy'; readonly name: string; readonly binding: string }
  | { readonly by: 'webhook'; readonly name: string }
  /** Fields that are wrong once defaults are filled in. */
  | { readonly by: 'validation'; readonly fields: readonly Path[] }
  | { readonly by: 'another check' };

export type PodRefusal = Exclude<PodAnswer, { readonly by: 'nobody' | 'rights' | 'chance' }>;

type Row = readonly [says: RegExp, answer: (match: RegExpExecArray) => PodAnswer];

const chance = (why: string) => (): PodAnswer => ({ by: 'chance', why });
const need =
  (kind: PodNeed['kind']) =>
  ([, name = '']: RegExpExecArray): PodAnswer => {
    const found = podNeeds.find((each) => each.kind === kind);
    if (!found) throw new Error(`no row for ${kind}`);
    return { by: 'need', need: found, name };
  };

/**
 * The first that matches. The words are those of Kubernetes' own admission plugins; a policy or webhook
 * writes the rest of the message itself, so what it says is never read for anything else.
 */
const rows: readonly Row[] = [
  [
    /admission webhook "([^"]{1,253})" does not support dry run/,
    ([, name = '']) => ({ by: 'chance', why: `the webhook ${name} does not support dry runs` }),
  ],
  [
    /admission webhook "([^"]{1,253})" denied the request/,
    ([, name = '']) => ({ by: 'webhook', name }),
  ],
  [
    /ValidatingAdmissionPolicy '([^']{1,253})' with binding '([^']{1,253})'/,
    ([, name = '', binding = '']) => ({ by: 'policy', name, binding }),
  ],
  [
    /failed (?:calling|to call) webhook "([^"]{1,253})"/,
    ([, name = '']) => ({ by: 'chance', why: `the webhook ${name} does not answer` }),
  ],
  // Arithmetic decides about quotas, not an answer that counts one pod more than the old ones.
  [/exceeded quota|failed quota|insufficient quota/, () => ({ by: 'nobody' })],
  // The account of a namespace comes a moment after it.
  [/serviceaccount "default" not found/i, chance('the namespace has no account yet')],
  [/serviceaccount "([^"]{1,253})" not found/i, need('ServiceAccount')],
  [/no PriorityClass with name (\S{1,253}) was found/i, need('PriorityClass')],
  [/RuntimeClass "([^"]{1,253})" not found/i, need('RuntimeClass')],
  [/violates PodSecurity "([^"]{1,80})"/, ([, level = '']) => ({ by: 'pod security', level })],
  [/(?:minimum|maximum) \S+ usage per|limit to request ratio per/i, () => ({ by: 'limit range' })],
  [/because it is being terminated/, chance('the namespace is being deleted')],
  // OwnerReferencesPermissionEnforcement asks what only controllers may do.
  [/cannot set (?:an ownerRef|blockOwnerDeletion)/, chance('the account may not name an owner')],
];

/** What the answer to a dry-run POST of a pod means. */
export function podAnswer(response: ApiResponse, pod: unknown): PodAnswer {
  // AlreadyExists comes from the store, behind every check.
  if (response.status <= 201 || response.status === 409) return { by: 'nobody' };
  if (permissionDenied(response)) return { by: 'rights' };
  const { message = '', details } = statusOf(response) ?? {};
  for (const [says, answer] of rows) {
    const match = says.exec(message);
    if (match) return answer(match);
  }
  if (response.status === 404) return { by: 'chance', why: 'its namespace does not exist yet' };
  if (response.status === 422) {
    const named = (details?.causes ?? []).flatMap(({ field }) => field ?? []);
    return { by: 'validation', fields: named.map((each) => pathOfField(pod, each)) };
  }
  if (response.status === 400 || response.status === 403) return { by: 'another check' };
  return { by: 'chance', why: `the API answered ${response.status}` };
}

/** Fields whose values come from a LimitRange's defaults and from nothing else that asks for the user. */
export function isOfResources(fields: readonly Path[]): boolean {
  const isOne = ([spec, list, , part]: Path) =>
    spec === 'spec' && /^(?:initC|c)ontainers$/.test(String(list)) && part === 'resources';
  return fields.length > 0 && fields.every(isOne);
}

/** What a CEL expression may ask of a request without learning who asks, or that it is a dry run. */
const harmless =
  /\brequest\s*\.\s*(?:operation|namespace|kind|resource|subResource|requestKind|requestResource)\b/g;

/**
 * Whether a policy's verdict may depend on who asks, or on the dry run itself: then it says nothing about
 * the controller's own pods. Over-careful: the words in a string count too.
 */
export function looksAtCaller(policy: unknown): boolean {
  const expressions: string[] = [];
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (key === 'expression') expressions.push(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, each] of Object.entries(value)) collect(each, name);
    }
  };
  collect((policy as { readonly spec?: unknown }).spec, '');
  return expressions.some((each) => /\b(?:request|authorizer)\b/.test(each.replace(harmless, '')));
}
