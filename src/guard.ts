// Who may run it: events that anybody can start must not reach credentials or start programs.
import type { RunContext } from './context.ts';
import { type Finding, finding } from './errors.ts';

/** Refusals of the event itself; empty where the run may go on. */
export function mayRun(context: RunContext): readonly Finding[] {
  if (context.event === 'pull_request_target') {
    const what = 'The event `pull_request_target` runs with secrets on code that anybody wrote.';
    const hint = 'Use `pull_request` for diff, and deploy from push or workflow_dispatch.';
    return [finding('event-refused', what, { hint })];
  }
  if (context.event === 'workflow_run' && context.fromFork) {
    const what = 'This `workflow_run` was started by a run that belongs to a fork.';
    const hint = 'Start it from push or workflow_dispatch, or filter out forks in the workflow.';
    return [finding('event-refused', what, { hint })];
  }
  return [];
}

// `issue_comment` too: workflows that answer a comment often check out the pull request.
const proposed = /^(?:pull_request(?:_.+)?|issue_comment)$/;

/** The checked-out files may be a proposal that nobody has reviewed. */
export function isUntrusted({ event, fromFork }: RunContext): boolean {
  return fromFork || proposed.test(event);
}

/** Whether `path` is `folder` or lies in it; both absolute and resolved, links included. */
export function isWithin(path: string, folder: string): boolean {
  const parts = (text: string) => text.split(/[/\\]+/).filter((part) => part !== '');
  const [inner, outer] = [parts(path), parts(folder)];
  return outer.length > 0 && outer.every((part, index) => part === inner[index]);
}

export interface KubeconfigFile {
  /** Resolved: links followed. */
  readonly path: string;
  /** The workspace, resolved likewise. */
  readonly workspace: string;
  /** A user in it has `exec` or `auth-provider`. */
  readonly startsPrograms: boolean;
}

/** On a pull request a kubeconfig of the workspace could start any program its author likes. */
export function checkKubeconfig(context: RunContext, file: KubeconfigFile): readonly Finding[] {
  if (!isUntrusted(context) || !file.startsPrograms) return [];
  if (!isWithin(file.path, file.workspace)) return [];
  const what =
    'The kubeconfig lies in the checked-out files of a pull request and starts programs.';
  const hint = 'Pass the kubeconfig as a secret, or use one with a token.';
  return [finding('event-refused', what, { hint })];
}
