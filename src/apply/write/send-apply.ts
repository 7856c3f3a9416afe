// Sends an apply; retries the one rejection that is only temporary.

import type { Api } from '../../cluster/api.ts';
import { statusOf } from '../../cluster/api-errors.ts';
import type { ApiRequest, ApiResponse, Clock } from '../../core/ports.ts';
import { until } from './gates.ts';

export interface Sender {
  readonly api: Pick<Api, 'send'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

// A new namespace gets this account a moment after it is Active; until then bare Pods are rejected:
// https://github.com/kubernetes/kubernetes/issues/66689
const early = /error looking up service account \S+: serviceaccount "default" not found/;
const patienceMs = 5_000;

/** The answer, after at most 5 s of waiting for the namespace's default account. */
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
