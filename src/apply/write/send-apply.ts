// Sends an apply; one refusal passes by itself in a moment and is waited for.

import type { Api } from '../../cluster/api.ts';
import { statusOf } from '../../cluster/api-errors.ts';
import type { ApiRequest, ApiResponse, Clock } from '../../core/ports.ts';
import { until } from './gates.ts';

export interface Sender {
  readonly api: Pick<Api, 'send'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

// A new namespace gets this account a moment after it is Active; until then no bare Pod is taken:
// https://github.com/kubernetes/kubernetes/issues/66689
const early = /error looking up service account \S+: serviceaccount "default" not found/;
const patienceMs = 5_000;

/** The answer, after at most 5 s for the account that every namespace gets. */
export async function sendApply(request: ApiRequest, sender: Sender): Promise<ApiResponse> {
  let response = await sender.api.send(request);
  if (!isEarly(response)) return response;
  const taken = async (): Promise<boolean> => {
    response = await sender.api.send(request);
    return !isEarly(response);
  };
  await until(taken, patienceMs, sender);
  return response;
}

function isEarly(response: ApiResponse): boolean {
  return response.status === 403 && early.test(statusOf(response)?.message ?? '');
}
