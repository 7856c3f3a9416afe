// GitHub's REST API through the toolkit's Octokit, with its proxies and base URL.
import type { Clock, GitHub, GitHubResponse } from '../core/ports.ts';
import { TransportError } from '../core/ports.ts';
import { reveal, type Secret } from '../core/secret.ts';

export interface GitHubOptions {
  readonly token: Secret;
  readonly userAgent: string;
  readonly clock: Clock;
}

type Parameters = Readonly<Record<string, unknown>>;
type Octokit = ReturnType<typeof import('@actions/github')['getOctokit']>;

const attempts = 3;
const answerMs = 10_000;
const firstWaitMs = 300;
const longestWaitMs = 10_000;

/** Loads and connects nothing before the first request. */
export function realGithub(options: GitHubOptions): GitHub {
  let opened: Promise<Octokit> | undefined;
  const octokit = (): Promise<Octokit> => {
    opened ??= open(options);
    return opened;
  };
  return {
    async send(route, parameters) {
      const { request } = await octokit();
      return patiently(route, options.clock, async () =>
        answerOf(await request(route, withLimits(parameters))),
      );
    },
    async list(route, parameters) {
      const { paginate } = await octokit();
      return patiently(route, options.clock, async () => {
        const data = await paginate(route, withLimits({ per_page: 100, ...parameters }));
        return { status: 200, data };
      });
    },
  };
}

async function open({ token, userAgent }: GitHubOptions): Promise<Octokit> {
  const { getOctokit } = await import('@actions/github');
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  return getOctokit(reveal(token), { userAgent, log });
}

// The token never follows a redirect; GitHub sends one for a renamed repository.
function withLimits(parameters: Parameters): Record<string, unknown> {
  const signal = AbortSignal.timeout(answerMs);
  return { ...parameters, request: { signal, redirect: 'manual' } };
}

function answerOf({ status, data }: { readonly status: number; readonly data: unknown }) {
  return { status, data };
}

interface Failed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** Octokit throws for every status from 400 on; to us that is an answer. */
function failureOf(error: unknown): Failed | TransportError {
  const { response, message } = error as { readonly response?: Failed; readonly message?: string };
  if (response) return response;
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return new TransportError('GITHUB', message ?? 'no answer');
}

/** Retries transient failures; a request that may have arrived is not sent twice. */
async function patiently(
  route: string,
  clock: Clock,
  work: () => Promise<GitHubResponse>,
): Promise<GitHubResponse> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      const waitMs = pauseAfter(failure, route, attempt);
      if (attempt < attempts && waitMs !== undefined) {
        await clock.sleep(waitMs);
      } else if (failure instanceof TransportError) throw failure;
      else return { status: failure.status, data: failure.data };
    }
  }
}

/** Milliseconds; undefined if a retry would not help, or would wait too long. */
function pauseAfter(failure: Failed | TransportError, route: string, attempt: number) {
  const again = firstWaitMs * 4 ** (attempt - 1);
  const repeatable = !route.startsWith('POST ');
  if (failure instanceof TransportError) return repeatable ? again : undefined;
  const { status, headers } = failure;
  const named = Number(headers['retry-after']);
  if ((status === 429 || status === 403) && named > 0) {
    return named * 1000 <= longestWaitMs ? named * 1000 : undefined;
  }
  return status >= 500 && repeatable ? again : undefined;
}
