// Which of two commits is older, according to GitHub, however little of the history was checked out.

import type { Clock, GitHubResponse } from '../core/ports.ts';
import { spell } from '../core/text.ts';
import { textAt } from '../kube/json.ts';
import { answered, type OnGitHub, refusalWords } from './repository.ts';

/** The second commit relative to the first: `ahead` if it comes after it. */
export type Relation = 'ahead' | 'behind' | 'identical' | 'diverged';

/** Or why it is unknown, in words. */
export type Comparison = { readonly relation: Relation } | { readonly unknown: string };

const relations: readonly string[] = [
  'ahead',
  'behind',
  'identical',
  'diverged',
] satisfies readonly Relation[];

/** It runs in parallel with the dry run, under the lock, so other runs wait for it. */
const longestMs = 15_000;

/**
 * Never throws for an answer of GitHub, and ends within 15 s, or with `signal`. Both commits are full: see
 * `isCommit`. Source: https://docs.github.com/rest/commits/commits#compare-two-commits
 */
export async function compareCommits(
  { github, owner, repo }: OnGitHub,
  { base, head }: { readonly base: string; readonly head: string },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Comparison> {
  const over = new AbortController();
  // Commits come in pages; if the head is older, as is usual, there are no commits and no files.
  const asked = answered(
    github.send('GET /repos/{owner}/{repo}/compare/{basehead}', {
      owner,
      repo,
      basehead: `${base}...${head}`,
      per_page: 1,
    }),
  );
  const late: Comparison = { unknown: `GitHub did not answer within ${spell(longestMs)}` };
  const limit = clock.sleep(longestMs, AbortSignal.any([signal, over.signal])).then(
    () => late,
    () => late,
  );
  try {
    return await Promise.race([asked.then(readComparison), limit]);
  } finally {
    over.abort();
  }
}

function readComparison(response: GitHubResponse): Comparison {
  const { status, data } = response;
  if (status === 404) {
    const message = textAt(data, 'message') ?? '';
    const why = /^no common ancestor/i.test(message)
      ? 'the two have no common history'
      : 'GitHub does not know both commits, or github-token may not see them (permissions: contents: read)';
    return { unknown: why };
  }
  if (status !== 200) return { unknown: refusalWords(response, 'contents: read') };
  const relation = textAt(data, 'status') ?? '';
  if (relations.includes(relation)) return { relation: relation as Relation };
  return { unknown: 'GitHub’s answer says nothing of the two commits' };
}
