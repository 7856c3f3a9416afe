// The run's context: the event, the branch, the folders. Read once by the composition root.

export interface RunContext {
  readonly on: 'github' | 'terminal';
  /** `push`, `pull_request`, …; empty on a terminal. */
  readonly event: string;
  /** `refs/heads/main`; for pull requests the merge ref. */
  readonly ref: string;
  /** The branch a pull request wants to change; else empty. */
  readonly baseRef: string;
  /** The number of the pull request that triggered the run, if one did. */
  readonly pullRequest?: number;
  /** `owner/name`. */
  readonly repository: string;
  /** GitHub's id for it, which a rename does not change, if the runner provides it. */
  readonly repositoryId?: string;
  /** On a terminal: the repository of the git remote, if there is one. */
  readonly remote?: Repository;
  /** The commit; on a pull request its head, never GitHub's merge commit. */
  readonly sha: string;
  /** The repository's default branch; empty if the event does not have it. */
  readonly defaultBranch: string;
  /** The commit's own time, RFC 3339, if the event has it. */
  readonly commitTime?: string;
  readonly actor: string;
  readonly runUrl: string;
  /** From 1; a rerun keeps its address. */
  readonly attempt: number;
  /** Of GitHub's REST API, without a trailing slash; GitHub Enterprise Server has its own. */
  readonly apiUrl: string;
  /** The pull request, or the run that triggered `workflow_run`, came from another repository. */
  readonly fromFork: boolean;
  /** `pull_request` only: it is being closed by its merge, so its files are those of the base. */
  readonly merged?: true;
  /** `workflow_run` only: the event of the triggering run. */
  readonly startedBy?: string;
  /** `issue_comment` only: the comment's author and who changed it now; empty if either is unknown. */
  readonly people?: readonly string[];
  /** The checked-out repository; files in messages are relative to it. */
  readonly workspace: string;
  /** A folder that is removed after the job. */
  readonly temp: string;
}

/** GitHub accepts no longer ref. */
const mostRef = 255;

/** Events whose commit a job checks out; a comment or `workflow_run` starts at the default branch. */
const ofCommit: ReadonlySet<string> = new Set([
  'push',
  'workflow_dispatch',
  'schedule',
  'release',
  'pull_request',
]);

/**
 * The branch that the commit was taken from: `main`, or a ref that is not a branch in full
 * (`refs/tags/v1`, `refs/pull/7/merge`). Undefined if the event does not say what is deployed. GitHub
 * rejects branch names that begin with `refs/`, so the two cannot collide.
 */
export function branchOf({ on, event, ref }: RunContext): string | undefined {
  if (on !== 'github' || !ofCommit.has(event)) return undefined;
  if (!ref.startsWith('refs/') || ref.length > mostRef) return undefined;
  return ref.replace(/^refs\/heads\//, '');
}

/** The repository that the run belongs to; undefined if unknown. */
export function repositoryOf(context: RunContext): Repository | undefined {
  const { on, repository: name, repositoryId: id, runUrl, remote } = context;
  if (on === 'terminal') return remote;
  if (!name || !URL.canParse(runUrl)) return undefined;
  return { server: new URL(runUrl).origin, ...(id === undefined ? {} : { id }), name };
}

export interface Repository {
  /** `https://github.com`, without a trailing slash. */
  readonly server: string;
  /** GitHub's id for it, which a rename does not change; absent on a terminal. */
  readonly id?: string;
  /** `owner/name`: for people; it identifies the repository only if one of the two has no id. */
  readonly name: string;
}

/** The repository that a git remote names: `git@host:owner/name.git`, `https://host/owner/name`. */
export function repositoryOfRemote(remote: string): Repository | undefined {
  const text = remote.slice(0, 2000).trim();
  const [, scheme = '', host, port = '', path] = addressLike.exec(text) ?? [];
  const [, scpHost, scpPath] = host ? [] : (scpLike.exec(text) ?? []);
  const name = (path ?? scpPath ?? '').replace(/\/+$/, '').replace(/\.git$/, '');
  const where = host ?? scpHost;
  if (!where || !/^[\w.~-]+(?:\/[\w.~-]+)+$/.test(name)) return undefined;
  const isWeb = scheme.startsWith('http');
  return { server: `${isWeb ? scheme : 'https'}://${where}${isWeb ? port : ''}`, name };
}

const addressLike =
  /^(https?|ssh|git):\/\/(?:[^@/\s]{1,500}@)?([A-Za-z0-9.-]{1,253})(:\d{1,5})?\/([\w.~/-]{1,300})$/;

const scpLike = /^(?:[\w.~-]{1,100}@)?([A-Za-z0-9.-]{1,253}):(?!\/)([\w.~/-]{1,300})$/;
