// Builds the run's context from the runner's variables and the event's payload.

import type { RunContext } from '../core/context.ts';
import { fieldsAt, textAt } from '../kube/json.ts';

/** Fallbacks for what the runner does not provide. */
export interface Surroundings {
  readonly workspace: string;
  readonly temp: string;
}

/** Pure: `env` holds the `GITHUB_*` and `RUNNER_*` variables, `payload` the parsed event file. */
export function runContext(
  env: Readonly<Record<string, string | undefined>>,
  payload: unknown,
  surroundings: Surroundings,
): RunContext {
  if (env['GITHUB_ACTIONS'] !== 'true') return terminalContext(surroundings);
  const get = (name: string) => env[name] ?? '';
  const event = get('GITHUB_EVENT_NAME');
  const repository = get('GITHUB_REPOSITORY');
  const server = get('GITHUB_SERVER_URL') || 'https://github.com';
  const run = get('GITHUB_RUN_ID');
  const merged = event === 'pull_request' && isMerge(payload);
  return {
    on: 'github',
    event,
    ref: get('GITHUB_REF'),
    // The variable is set for two of the pull request events only; the payload has it for all.
    ...pullRequestOf(payload),
    baseRef: get('GITHUB_BASE_REF') || baseOf(payload),
    repository,
    ...repositoryIdOf(get('GITHUB_REPOSITORY_ID')),
    sha: (merged ? '' : textAt(payload, 'pull_request', 'head', 'sha')) || get('GITHUB_SHA'),
    defaultBranch: textAt(payload, 'repository', 'default_branch') ?? '',
    ...commitTimeOf(payload),
    actor: get('GITHUB_ACTOR'),
    apiUrl: get('GITHUB_API_URL') || 'https://api.github.com',
    runUrl: repository && run ? `${server}/${repository}/actions/runs/${run}` : '',
    attempt: Number(get('GITHUB_RUN_ATTEMPT')) || 1,
    fromFork: isFromFork(event, payload, repository),
    ...(merged ? { merged } : {}),
    ...startedByOf(event, payload),
    ...(event === 'issue_comment' ? { people: peopleOf(payload) } : {}),
    workspace: get('GITHUB_WORKSPACE') || surroundings.workspace,
    temp: get('RUNNER_TEMP') || surroundings.temp,
  };
}

/** The context of a run from a terminal: no event, no branch, nothing derived from them. */
export function terminalContext({ workspace, temp }: Surroundings): RunContext {
  const nothing = {
    event: '',
    ref: '',
    baseRef: '',
    repository: '',
    sha: '',
    actor: '',
    defaultBranch: '',
  };
  const none = { runUrl: '', apiUrl: '', attempt: 1, fromFork: false };
  return { on: 'terminal', ...nothing, ...none, workspace, temp };
}

/** An old GitHub Enterprise Server may not provide it. */
function repositoryIdOf(id: string): Pick<RunContext, 'repositoryId'> {
  return /^\d{1,20}$/.test(id) ? { repositoryId: id } : {};
}

/** A comment on a pull request is an issue event. */
function pullRequestOf(payload: unknown): { readonly pullRequest?: number } {
  const issue = fieldsAt(payload, 'issue');
  const number =
    fieldsAt(payload, 'pull_request')['number'] ??
    (Object.hasOwn(issue, 'pull_request') ? issue['number'] : undefined);
  return typeof number === 'number' ? { pullRequest: number } : {};
}

function commitTimeOf(payload: unknown): Pick<RunContext, 'commitTime'> {
  const commitTime = textAt(payload, 'head_commit', 'timestamp');
  return commitTime ? { commitTime } : {};
}

/** In a merge queue it is a full ref. */
function baseOf(payload: unknown): string {
  const queue = textAt(payload, 'merge_group', 'base_ref') ?? '';
  return textAt(payload, 'pull_request', 'base', 'ref') || queue.replace(/^refs\/heads\//, '');
}

/** Only at the merge: the author of a pull request may still edit its title afterwards. */
function isMerge(payload: unknown): boolean {
  const isClosed = textAt(payload, 'action') === 'closed';
  return isClosed && fieldsAt(payload, 'pull_request')['merged'] === true;
}

/** Also true if the payload does not say: a deleted fork leaves no head repository. */
function isFromFork(event: string, payload: unknown, repository: string): boolean {
  const own = textAt(payload, 'repository', 'full_name') || repository;
  const isOther = (name: string | undefined) =>
    own === '' || name?.toLowerCase() !== own.toLowerCase();
  if (event === 'workflow_run') {
    return isOther(textAt(payload, 'workflow_run', 'head_repository', 'full_name'));
  }
  if (!event.startsWith('pull_request')) return false;
  const head = fieldsAt(payload, 'pull_request', 'head');
  return Object.hasOwn(head, 'repo') && isOther(textAt(head, 'repo', 'full_name'));
}

function startedByOf(event: string, payload: unknown): Pick<RunContext, 'startedBy'> {
  const startedBy = textAt(payload, 'workflow_run', 'event');
  return event === 'workflow_run' && startedBy ? { startedBy } : {};
}

/** A comment may be changed by someone other than its author. */
function peopleOf(payload: unknown): readonly string[] {
  const author = textAt(payload, 'comment', 'user', 'login');
  const sender = textAt(payload, 'sender', 'login');
  return author && sender ? [...new Set([author, sender])] : [];
}
