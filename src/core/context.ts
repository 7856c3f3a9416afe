// What the run itself is: the event, the branch, the folders. Read once by the composition root.

export interface RunContext {
  readonly on: 'github' | 'terminal';
  /** `push`, `pull_request`, …; empty on a terminal. */
  readonly event: string;
  /** `refs/heads/main`; for pull requests the merge ref. */
  readonly ref: string;
  /** The branch a pull request wants to change; else empty. */
  readonly baseRef: string;
  /** The pull request that it is about, if it is about one. */
  readonly pullRequest?: number;
  /** `owner/name`. */
  readonly repository: string;
  /** GitHub's number for it, which a rename does not change, where the runner gives it. */
  readonly repositoryId?: string;
  /** On a terminal: the repository of the git remote, where there is one. */
  readonly remote?: Repository;
  /** The commit; on a pull request its head, never the merge that GitHub makes. */
  readonly sha: string;
  /** Of the repository; empty where the event does not say it. */
  readonly defaultBranch: string;
  /** The commit's own time, RFC 3339, where the event says it. */
  readonly commitTime?: string;
  readonly actor: string;
  readonly runUrl: string;
  /** From 1; a run that is started again keeps its address. */
  readonly attempt: number;
  /** Of GitHub's REST API, without a slash at its end; a company's own GitHub has another one. */
  readonly apiUrl: string;
  /** The pull request, or the run that `workflow_run` is about, came from another repository. */
  readonly fromFork: boolean;
  /** `pull_request` only: it is being closed by its merge, so its files are those of the base. */
  readonly merged?: true;
  /** `workflow_run` only: the event of the run that it is about. */
  readonly startedBy?: string;
  /** `issue_comment` only: who wrote the comment and who touched it now; empty where one is unknown. */
  readonly people?: readonly string[];
  /** The checked-out repository; files in messages are relative to it. */
  readonly workspace: string;
  /** A folder that is gone after the job. */
  readonly temp: string;
}

/** GitHub takes no longer ref. */
const mostRef = 255;

/** Events whose commit is what a job checks out; a comment or another run starts at the default branch. */
const ofCommit: ReadonlySet<string> = new Set([
  'push',
  'workflow_dispatch',
  'schedule',
  'release',
  'pull_request',
]);

/**
 * The branch that the commit was taken from: `main`, or a ref that is no branch's as it is
 * (`refs/tags/v1`, `refs/pull/7/merge`). Undefined where the event does not say what is deployed. GitHub
 * refuses branches whose name begins with `refs/`, so no two can meet.
 */
export function branchOf({ on, event, ref }: RunContext): string | undefined {
  if (on !== 'github' || !ofCommit.has(event)) return undefined;
  if (!ref.startsWith('refs/') || ref.length > mostRef) return undefined;
  return ref.replace(/^refs\/heads\//, '');
}

/** Whose run it is; undefined where nothing says it. */
export function repositoryOf(context: RunContext): Repository | undefined {
  const { on, repository: name, repositoryId: id, runUrl, remote } = context;
  if (on === 'terminal') return remote;
  if (!name || !URL.canParse(runUrl)) return undefined;
  return { server: new URL(runUrl).origin, ...(id === undefined ? {} : { id }), name };
}

export interface Repository {
  /** `https://github.com`, without a slash at its end. */
  readonly server: string;
  /** GitHub's number for it, which a rename does not change; absent on a terminal. */
  readonly id?: string;
  /** `owner/name`: for people, and the identity only where one of the two has no number. */
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
