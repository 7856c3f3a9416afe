// What a fault proxy answers in the API server's place, and how it moves a server's clock.

/** One request that came by. */
export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly at: number;
  /** 0 until there is an answer. */
  status: number;
}

export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function status(code: number, reason: string, message: string): Fault {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
  return { status: code, body };
}

/** Answers in the words of real API servers. */
export const faults = {
  gone: status(410, 'Expired', 'too old resource version: 1 (2)'),
  /** API Priority and Fairness has no seat left. */
  tooMany: (seconds: number): Fault => ({
    ...status(429, 'TooManyRequests', 'too many requests, please try again later'),
    headers: { 'retry-after': String(seconds) },
  }),
  leaderChanged: status(500, 'InternalError', 'etcdserver: leader changed'),
  webhook: status(
    500,
    'InternalError',
    'Internal error occurred: failed calling webhook "check.example": failed to call webhook: ' +
      'Post "https://check.example.svc:443/": context deadline exceeded',
  ),
  unavailable: status(503, 'ServiceUnavailable', 'apiserver is shutting down'),
} as const;

/** The authorizer's words for a watch that is not allowed. */
export function refusal(path: string): Fault {
  const [, group = '', namespace, resource] =
    /^\/(?:api|apis\/([^/]+))\/v[^/]+\/(?:namespaces\/([^/]+)\/)?([^/?]+)/.exec(path) ?? [];
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const what = `cannot watch resource "${resource}" in API group "${group}" ${where}`;
  return status(403, 'Forbidden', `${resource} is forbidden: User "deployer" ${what}`);
}

/** One line of a watch that says that it failed. */
export function errorEvent(code: number): string {
  const { body } = code === 410 ? faults.gone : status(code, 'InternalError', 'the watch failed');
  return `${JSON.stringify({ type: 'ERROR', object: body })}\n`;
}

const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const httpDate = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;

/** All times of a text, that many milliseconds (whole seconds) later, as exact as they were. */
export function shifted(text: string, ms: number): string {
  if (ms === 0) return text;
  if (httpDate.test(text)) return new Date(Date.parse(text) + ms).toUTCString();
  return text.replace(stamp, (found, fraction: string | undefined) => {
    const later = new Date(Date.parse(found) + ms).toISOString();
    return later.replace(/\.\d+/, fraction ?? '');
  });
}
