// Builds the `Api` on top of one `Cluster`: retries, concurrency, discovery, the server's clock.
import { ActionError, type Finding, finding } from '../core/errors.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type Clock,
  type Cluster,
  type Log,
  TransportError,
} from '../core/ports.ts';
import type { Api } from './api.ts';
import { unauthenticatedFinding } from './api-errors.ts';
import { slots } from './concurrency.ts';
import { discovery } from './discovery.ts';
import { type Outage, outage } from './outage.ts';
import { patienceWith, pauseBefore, repeatable, retryAfter, surelyNotSent } from './retry.ts';
import { serverClock } from './server-clock.ts';
import { isSoundAnswer } from './sound.ts';
import { unreachableFinding } from './unreachable.ts';

export interface ApiDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

// On a local network 16, 32 and 64 at once take the same time (200 patches: 0.13–0.25 s, the server's own);
// at 80 ms round trip this start and this growth take 0.37–0.46 s, near the best that 64 can.
// The API server's own default limit is 200 writes at once.
const room = { start: 32, most: 64 };

/** Everything above one exchange; nothing is sent yet. */
export function createApi(cluster: Cluster, dependencies: ApiDependencies): Api {
  const { clock, log, random = Math.random } = dependencies;
  const places = slots(room);
  const time = serverClock();
  const trouble = outage(clock, log);
  let requests = 0;
  const counted = async (work: () => Promise<ApiResponse>): Promise<ApiResponse> => {
    requests += 1;
    const asked = clock.now();
    const response = await work();
    time.observe(response.headers['date'], asked, clock.now());
    return response;
  };
  const context: Sending = {
    server: cluster.server,
    trouble,
    clock,
    random,
    exchange: (request) => places.run(() => counted(() => cluster.send(request))),
    overloaded: () => places.halve(clock.now()),
  };
  const send = (request: ApiRequest): Promise<ApiResponse> => sendUntilAnswered(context, request);
  return {
    server: cluster.server,
    namespace: cluster.namespace,
    get requests() {
      return requests;
    },
    send,
    async stream(request, onEvent) {
      requests += 1;
      return cluster.stream(request, onEvent);
    },
    ...discovery(send),
    now: () => time.at(clock.now()),
  };
}

interface Sending {
  readonly server: string;
  readonly trouble: Outage;
  readonly clock: Clock;
  readonly random: () => number;
  exchange(request: ApiRequest): Promise<ApiResponse>;
  overloaded(): void;
}

type Result = ApiResponse | TransportError;

async function sendUntilAnswered(context: Sending, request: ApiRequest): Promise<ApiResponse> {
  const began = context.clock.now();
  for (let attempt = 1; ; attempt += 1) {
    request.signal?.throwIfAborted();
    const result = await attemptOnce(context, request, began);
    const spent = context.clock.now() - began;
    const pause = pauseAfter(context, { request, result, attempt, spent });
    if (pause === undefined) return conclude(context, { request, result, spent });
    context.trouble.note(result, attempt);
    await context.clock.sleep(pause, request.signal);
  }
}

/** One exchange; before the first contact it is limited to the time allowed for that. */
async function attemptOnce(
  { exchange, trouble, clock }: Sending,
  request: ApiRequest,
  began: number,
): Promise<Result> {
  const left = Math.max(1000, trouble.firstContactMs - (clock.now() - began));
  const timeoutMs = Math.min(request.timeoutMs ?? left, left);
  try {
    const response = await exchange(trouble.contacted() ? request : { ...request, timeoutMs });
    trouble.answered(response);
    return response;
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}

interface Attempt {
  readonly request: ApiRequest;
  readonly result: Result;
  readonly attempt: number;
  readonly spent: number;
}

/** Milliseconds until the next attempt; undefined if this result is final. */
function pauseAfter(context: Sending, { request, result, attempt, spent }: Attempt) {
  const answered = !(result instanceof TransportError);
  if (answered && result.status === 429) context.overloaded();
  const harmless = answered ? result.status === 429 : surelyNotSent(result);
  if (!harmless && !repeatable(request)) return undefined;
  const patience = patienceWith(result, request, context.trouble.contacted());
  const named = answered ? retryAfter(result) : undefined;
  const jitter = pauseBefore(attempt, context.random);
  // All clients got the same Retry-After: the jitter on top spreads them.
  const pause = named === undefined ? jitter : named + jitter / 4;
  return spent + pause > patience ? undefined : pause;
}

interface Ended {
  readonly request: ApiRequest;
  readonly result: Result;
  /** Milliseconds. */
  readonly spent: number;
}

function conclude({ server, trouble }: Sending, { request, result, spent }: Ended): ApiResponse {
  if (result instanceof TransportError) {
    throw new ActionError(unreachableFinding(server, result, spent));
  }
  if (result.status === 401) throw new ActionError(unauthenticatedFinding(server, result));
  trouble.settled(result);
  if (!isSoundAnswer(result, request)) throw new ActionError(unsoundFinding(server, request));
  return result;
}

/** `api-error`: the answer does not come from a Kubernetes API, or has another shape. The body is not shown. */
function unsoundFinding(server: string, { method, path }: ApiRequest): Finding {
  const [asked] = path.split('?');
  const what = `The answer from ${server} is not a Kubernetes API object.`;
  return finding('api-error', what, {
    evidence: [`the answer to ${method} ${asked} has another shape`],
    hint: 'Check the address of the server in the kubeconfig, and what stands between: a proxy may answer in its place.',
  });
}
