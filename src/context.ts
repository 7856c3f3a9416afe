// What the run itself is: the event, the branch, the folders. Read once by the composition root.
import type { Repository } from './release/repository.ts';

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
  /** `workflow_run` only: the triggering run came from another repository, or from a pull request. */
  readonly fromFork: boolean;
  /** The checked-out repository; files in messages are relative to it. */
  readonly workspace: string;
  /** A folder that is gone after the job. */
  readonly temp: string;
}

/** Whose run it is; undefined where nothing says it. */
export function repositoryOf(context: RunContext): Repository | undefined {
  const { on, repository: name, repositoryId: id, runUrl, remote } = context;
  if (on === 'terminal') return remote;
  if (!name || !URL.canParse(runUrl)) return undefined;
  return { server: new URL(runUrl).origin, ...(id === undefined ? {} : { id }), name };
}
