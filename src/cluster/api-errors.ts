// The API's error answers: its Status object, and the findings made from it.
import { type Finding, finding } from '../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { clip } from '../core/text.ts';
import { fieldsAt, listAt, textAt } from '../kube/json.ts';
import { type PathTarget, targetOf } from '../kube/paths.ts';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** The API's own error object, reduced to the fields we read. */
export interface Status {
  readonly status?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

type Asked = Pick<ApiRequest, 'method' | 'path'>;

/** Limits in characters for a message and for every other text; real ones are a tenth as long. */
const longestMessage = 8_192;
const longestWord = 1_024;
const mostCauses = 100;

/** The Status object of an answer, if it is one; fields of a wrong type or too long are left out. */
export function statusOf(response: Pick<ApiResponse, 'body'>): Status | undefined {
  return textAt(response.body, 'kind') === 'Status' ? readStatus(response.body) : undefined;
}

/** The same for the object of a watch's ERROR event, whatever kind it claims. */
export function readStatus(body: unknown): Status {
  const details = fieldsAt(body, 'details');
  const causes = listAt(details, 'causes').slice(0, mostCauses).map(causeOf);
  return {
    ...words(body, ['status', 'reason', 'message']),
    ...counts(body, ['code']),
    details: {
      ...words(details, ['name', 'group', 'kind']),
      ...counts(details, ['retryAfterSeconds']),
      causes,
    },
  };
}

const causeOf = (cause: unknown): StatusCause => words(cause, ['reason', 'message', 'field']);

function words<K extends string>(
  value: unknown,
  names: readonly K[],
): { readonly [k in K]?: string } {
  const found = names.flatMap((name) => {
    const text = textAt(value, name);
    const most = name === 'message' ? longestMessage : longestWord;
    return text === undefined ? [] : [[name, clip(text, most)] as const];
  });
  return Object.fromEntries(found) as { readonly [k in K]?: string };
}

function counts<K extends string>(
  value: unknown,
  names: readonly K[],
): { readonly [k in K]?: number } {
  const fields = fieldsAt(value);
  const found = names.flatMap((name) => {
    const count = fields[name];
    return typeof count === 'number' && Number.isFinite(count) ? [[name, count] as const] : [];
  });
  return Object.fromEntries(found) as { readonly [k in K]?: number };
}

/** True for a 403 from the authorizer; quotas, policies and webhooks also answer 403, with other messages. */
export function permissionDenied(response: ApiResponse): boolean {
  return response.status === 403 && denial.test(statusOf(response)?.message ?? '');
}

// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go
const denial =
  /User "(?<user>[^"]*)" cannot (?<verb>\S+) (?:resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"|path "(?<path>[^"]*)")(?: in the namespace "(?<namespace>[^"]*)")?/;

/** `forbidden`: which account may not do what and where, and the rule that would allow it. */
export function forbiddenFinding(response: ApiResponse, request: Asked): Finding {
  const message = statusOf(response)?.message ?? '';
  const said = denial.exec(message)?.groups ?? {};
  const target = targetOf(request.path);
  const resource = said['resource'] ?? resourceWords(target);
  const group = said['group'] ?? target?.group ?? '';
  const namespace = said['namespace'] ?? target?.namespace;
  const verb = said['verb'] ?? verbOf(request, target);
  const user = said['user'];
  const what = said['path'] ?? (group ? `${resource}.${group}` : resource);
  const where = namespace ? `in namespace ${namespace}` : 'in the whole cluster';
  return finding('forbidden', `${user || 'The account'} may not ${verb} ${what} ${where}.`, {
    ...(namespace ? { namespace } : {}),
    evidence: message ? [message] : [],
    hint: ruleHint({ verb, group, resource, namespace, user }),
  });
}

interface Missing {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly user: string | undefined;
}

function ruleHint({ verb, group, resource, namespace, user }: Missing): string {
  const kind = namespace ? `Role in namespace ${namespace}` : 'ClusterRole';
  const verbs = together.find((each) => each.includes(verb)) ?? [verb];
  const rule = roleRule({ group, resource, verbs });
  return `Add this rule to a ${kind} that is bound to ${user || 'the account'}:\n${rule}`;
}

interface Rule {
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** A rule of a Role as YAML, to be pasted below its `rules`. */
export function roleRule({ group, resource, verbs }: Rule): string {
  return [
    `- apiGroups: ["${group}"]`,
    `  resources: ["${resource}"]`,
    `  verbs: [${verbs.map((each) => `"${each}"`).join(', ')}]`,
  ].join('\n');
}

// An account that needs one of these soon needs the others: asked for together, not in three rounds.
const together: readonly (readonly string[])[] = [
  ['get', 'create', 'patch'],
  ['list', 'watch'],
];

/**
 * A finding for an unexpected answer; `doing` completes "… failed": `Reading the quota`.
 * It quotes the Status, never another body; for Secrets not even the message, which may quote values.
 */
export function apiFailure(doing: string, response: ApiResponse, request: Asked): Finding {
  if (permissionDenied(response)) return forbiddenFinding(response, request);
  const status = statusOf(response);
  const reason = status?.reason ? `${response.status} ${status.reason}` : String(response.status);
  const silent = targetOf(request.path)?.resource === 'secrets';
  const message = silent ? undefined : status?.message;
  return finding('api-error', `${doing} failed: the API answered ${reason}.`, {
    evidence: message ? [message] : [],
  });
}

/** `unauthenticated`: still 401 with a renewed credential. */
export function unauthenticatedFinding(server: string, response: ApiResponse): Finding {
  const message = statusOf(response)?.message;
  return finding(
    'unauthenticated',
    `The Kubernetes API at ${server} does not accept the credentials.`,
    {
      evidence: message ? [message] : [],
    },
  );
}

function resourceWords(target: PathTarget | undefined): string {
  if (!target) return 'this path';
  return target.subresource ? `${target.resource}/${target.subresource}` : target.resource;
}

function verbOf({ method, path }: Asked, target: PathTarget | undefined): string {
  if (/[?&]watch=(true|1)/.test(path)) return 'watch';
  if (method === 'GET') return target?.name ? 'get' : 'list';
  const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;
  return verbs[method];
}

/** The texts of the Warning headers (RFC 7234, code 299), once each. */
export function warningsOf({ headers }: Pick<ApiResponse, 'headers'>): readonly string[] {
  const found = (headers['warning'] ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...new Set([...found].map(([, text = '']) => text.replace(/\\(.)/g, '$1')))];
}
