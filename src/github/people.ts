// Whether the people behind a comment may write to the repository, according to GitHub alone.

import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { textAt } from '../kube/json.ts';
import { answered, type OnGitHub, refusalWords } from './repository.ts';

/** The endpoint's legacy levels: it reports `write` for the role maintain, and `read` for triage. */
const writing: readonly unknown[] = ['admin', 'write'];

/**
 * Empty if every one of `people` may write; refused without a token, an answer or a name.
 * Never throws for an answer of GitHub.
 */
export async function refusePeople(
  on: OnGitHub | undefined,
  people: readonly string[],
): Promise<readonly Finding[]> {
  if (people.length === 0) return [refused('The event does not say who wrote the comment.')];
  if (!on)
    return [refused('Without `github-token` it cannot be checked whether its author may write.')];
  const { github, owner, repo } = on;
  const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission';
  const findings = people.map(async (username) => {
    const response = await answered(github.send(route, { owner, repo, username }));
    const level = textAt(response.data, 'permission');
    if (response.status === 200 && writing.includes(level)) return [];
    const name = clip(oneLine(username), 100);
    const said = response.status === 200 ? `permission: ${clip(oneLine(level ?? ''), 100)}` : '';
    const why = said || refusalWords(response, 'metadata: read');
    return [refused(`${name} is not known to have write access to ${owner}/${repo}.`, why)];
  });
  return (await Promise.all(findings)).flat();
}

const hint =
  'Let somebody with write access write the comment, or start the run by workflow_dispatch.';

const refused = (what: string, ...evidence: readonly string[]): Finding =>
  finding('event-refused', `Anybody may comment, so a comment starts nothing by itself. ${what}`, {
    evidence,
    hint,
  });
