// What every request to GitHub needs: the repository, the run, and how to explain a refusal.
import type { RunContext } from '../core/context.ts';
import type { GitHub, GitHubResponse } from '../core/ports.ts';
import { TransportError } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import type { Inputs } from '../inputs/types.ts';

/** GitHub access for one run. */
export interface OnGitHub {
  readonly github: GitHub;
  readonly owner: string;
  readonly repo: string;
  /** `https://github.com`. */
  readonly server: string;
  readonly runUrl: string;
  readonly attempt: number;
  readonly sha: string;
}

export interface GitHubAccess {
  readonly engine: { github?(token: Secret): GitHub };
  readonly inputs: Pick<Inputs, 'githubToken'>;
  readonly context: RunContext;
}

/** Undefined without a token, a repository or a run. */
export function githubOf({ engine, inputs, context }: GitHubAccess): OnGitHub | undefined {
  const github = inputs.githubToken && engine.github?.(inputs.githubToken);
  const [owner = '', repo = ''] = context.repository.split('/');
  const { runUrl, attempt, sha } = context;
  if (!github || !owner || !repo || !URL.canParse(runUrl)) return undefined;
  return { github, owner, repo, server: new URL(runUrl).origin, runUrl, attempt, sha };
}

/** The answer; if there is none, one with status 0. */
export async function answered(work: Promise<GitHubResponse>): Promise<GitHubResponse> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TransportError) return { status: 0, data: undefined };
    throw error;
  }
}

/** Why it failed, and which permission of the token would help: `github-token`'s or the job's. */
export function refusalWords({ status }: GitHubResponse, permission: string): string {
  if (status === 0) return 'GitHub did not answer';
  // GitHub answers 404 for what a token may not see.
  if (status === 401) return 'GitHub does not accept github-token';
  if (status === 403 || status === 404) return `github-token may not (permissions: ${permission})`;
  return `GitHub answered ${status}`;
}
