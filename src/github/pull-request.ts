// The one comment that a preview keeps up to date on its pull request.

import type { Inputs } from '../inputs/types.ts';
import { fieldsAt, textAt } from '../kube/json.ts';
import {
  answered,
  type GitHubAccess,
  githubOf,
  type OnGitHub,
  refusalWords,
} from './repository.ts';

/** The pull request that has the preview. */
export interface PullRequest {
  readonly on: OnGitHub;
  readonly number: number;
}

/** Undefined if nothing is previewed, or if there is no pull request. */
export function pullRequestFor(
  access: GitHubAccess & { readonly inputs: Pick<Inputs, 'command' | 'comment'> },
): PullRequest | undefined {
  const { inputs, context } = access;
  const { pullRequest: number } = context;
  if (inputs.command !== 'diff' || !inputs.comment || number === undefined) return undefined;
  const on = githubOf(access);
  return on && { on, number };
}

/** `undefined` if it was written; else why not, in words. */
export type CommentResult = string | undefined;

const permission = 'pull-requests: write';

/** Authors whose comment may carry the marker; anybody else's would be an impersonation. */
const trusted = ['OWNER', 'MEMBER', 'COLLABORATOR'];

/**
 * Writes `body`, whose first line is `marker`, into the comment that begins with it, or into a new one.
 * Never throws for an answer of GitHub.
 */
export async function keepComment(
  { on: { github, owner, repo }, number }: PullRequest,
  { marker, body }: { readonly marker: string; readonly body: string },
): Promise<CommentResult> {
  const place = { owner, repo };
  const comments = '/repos/{owner}/{repo}/issues/{issue_number}/comments';
  const listed = await answered(github.list(`GET ${comments}`, { ...place, issue_number: number }));
  if (listed.status !== 200 || !Array.isArray(listed.data)) return refusalWords(listed, permission);
  const old = listed.data.find((each) => isOurs(each, marker));
  if (old !== undefined && textAt(old, 'body') === body) return undefined;
  if (old !== undefined) {
    const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
    const comment_id = fieldsAt(old)['id'];
    const changed = await answered(github.send(route, { ...place, comment_id, body }));
    if (changed.status === 200) return undefined;
    // Deleted meanwhile, or owned by an earlier token's account: a new one is better than none.
    if (changed.status !== 404 && changed.status !== 403) return refusalWords(changed, permission);
  }
  const made = await answered(
    github.send(`POST ${comments}`, { ...place, issue_number: number, body }),
  );
  return made.status === 201 ? undefined : refusalWords(made, permission);
}

function isOurs(comment: unknown, marker: string): boolean {
  if (!textAt(comment, 'body')?.startsWith(`${marker}\n`)) return false;
  const isBot = textAt(comment, 'user', 'type') === 'Bot';
  return isBot || trusted.includes(textAt(comment, 'author_association') ?? '');
}
