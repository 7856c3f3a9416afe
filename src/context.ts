// What the run itself is: the event, the branch, the folders. Read once by the composition root.

export interface RunContext {
  readonly on: 'github' | 'terminal';
  /** `push`, `pull_request`, …; empty on a terminal. */
  readonly event: string;
  /** `refs/heads/main`; for pull requests the merge ref. */
  readonly ref: string;
  /** The branch a pull request wants to change; else empty. */
  readonly baseRef: string;
  /** `owner/name`. */
  /** The pull request that it is about, if it is about one. */
  readonly pullRequest?: number;
  readonly repository: string;
  readonly sha: string;
  readonly actor: string;
  readonly runUrl: string;
  /** From 1; a run that is started again keeps its address. */
  readonly attempt: number;
  /** `workflow_run` only: the triggering run came from another repository, or from a pull request. */
  readonly fromFork: boolean;
  /** The checked-out repository; files in messages are relative to it. */
  readonly workspace: string;
  /** A folder that is gone after the job. */
  readonly temp: string;
}
