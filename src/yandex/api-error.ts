// Error answers of Yandex Cloud's API: google.rpc.Status as evidence and a code.

import type { Code } from '../core/codes.ts';
import { ActionError, finding } from '../core/errors.ts';
import type { HttpResponse } from '../core/ports.ts';
import { TransportError } from '../core/ports.ts';
import { clip } from '../core/text.ts';

export interface ApiProblem {
  readonly status: number;
  readonly message: string;
  /** The id that Yandex Cloud's support asks for. */
  readonly requestId?: string;
}

export interface Explanation {
  /** What was being done: `read cluster catabc`. */
  readonly doing: string;
  readonly codes?: Partial<Record<number, Code>>;
  readonly hints?: Partial<Record<number, string>>;
  readonly evidence?: readonly string[];
}

const usualCodes: Readonly<Record<number, Code>> = {
  400: 'input-invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'input-invalid',
};
const passing = 'Run it again; if it stays so, give the request id to Yandex Cloud support.';

/** Reads any error answer. The body may be anything, a proxy's page for example. */
export function problemOf(response: HttpResponse): ApiProblem {
  const body = jsonOf(response.body);
  const details = Array.isArray(body['details']) ? body['details'] : [];
  const info = details.map(asRecord).find((each) => typeof each['requestId'] === 'string');
  const requestId = info?.['requestId'] ?? response.headers['x-request-id'];
  const message = body['message'] ?? body['error_description'] ?? body['error'];
  return {
    status: response.status,
    message: typeof message === 'string' && message ? message : `HTTP ${response.status}`,
    ...(typeof requestId === 'string' ? { requestId } : {}),
  };
}

/** The server's message, then the request id. */
export function evidenceOf(problem: ApiProblem): readonly string[] {
  const words = clip(problem.message, 500);
  return problem.requestId ? [words, `request id: ${problem.requestId}`] : [words];
}

export function apiError(response: HttpResponse, explanation: Explanation): ActionError {
  const problem = problemOf(response);
  const { doing, codes, hints, evidence = [] } = explanation;
  const code = codes?.[problem.status] ?? usualCodes[problem.status] ?? 'api-error';
  const hint = hints?.[problem.status] ?? (code === 'api-error' ? passing : undefined);
  return new ActionError(
    finding(code, `Yandex Cloud refused to ${doing} (HTTP ${problem.status}).`, {
      evidence: [...evidenceOf(problem), ...evidence],
      ...(hint === undefined ? {} : { hint }),
    }),
  );
}

/** Turns a missing answer into a finding; rethrows anything else. For `.catch`. */
export function unreachable(address: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof TransportError)) throw error;
    const hint =
      'Check yc-api-endpoint, the proxy variables, and that the runner may connect there (TCP 443).';
    throw new ActionError(
      finding('cluster-unreachable', `Yandex Cloud's API at ${address} did not answer.`, {
        evidence: [`${error.reason}: ${error.message}`],
        hint,
      }),
    );
  };
}

/** The body as a JSON object; empty if it is something else. */
export function jsonOf(body: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(body));
  } catch {
    return {};
  }
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}
