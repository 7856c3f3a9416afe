// Which events may run what: events that anybody can trigger must not reach credentials or start programs.
import type { RunContext } from './context.ts';
import { type Finding, finding } from './errors.ts';
import { clip, oneLine } from './text.ts';

/** What a run may do, by its event; docs/reference/events.md is the table for users. */
interface Rule {
  /** `ask`: everything, but only after GitHub has confirmed that the people behind it may write. */
  readonly may: 'write' | 'ask' | 'compare' | 'nothing';
  /** The checked-out files may be unreviewed (a pull request). */
  readonly foreign: boolean;
  /** Why not, as a sentence. */
  readonly why?: string;
  readonly hint?: string;
}

const started = 'Deploy from push, workflow_dispatch, release or schedule instead.';
const preview = `On this event use command: diff. ${started}`;

/** Only people with write access to the repository can trigger it. */
const writers: Rule = { may: 'write', foreign: false };
const proposal: Rule = { may: 'write', foreign: true };

const comparing = (why: string): Rule => ({ may: 'compare', foreign: true, why, hint: preview });
const refused = (why: string, hint: string): Rule => ({ may: 'nothing', foreign: true, why, hint });

const ofWriters = ['push', 'workflow_dispatch', 'schedule', 'release', 'repository_dispatch'];

/**
 * A called workflow has the event of its caller, so `workflow_call` has no row. Source:
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
const events = new Map<string, Rule | ((context: RunContext) => Rule)>([
  ...ofWriters.map((event) => [event, writers] as const),
  ['workflow_run', afterRun],
  ['pull_request', ofPullRequest],
  [
    'pull_request_review',
    comparing('Anybody who can read may write a review, so it starts no deploy.'),
  ],
  [
    'pull_request_review_comment',
    comparing('Anybody who can read may comment on a review, so it starts no deploy.'),
  ],
  ['merge_group', comparing('A merge queue tests what is not merged yet, so it only compares.')],
  ['issue_comment', { may: 'ask', foreign: true }],
  [
    'pull_request_target',
    refused(
      'The event `pull_request_target` runs with secrets on code that anybody wrote.',
      'Use `pull_request` for diff, and deploy from push or workflow_dispatch.',
    ),
  ],
]);

/** In the order of the table. */
export const knownEvents: readonly string[] = [...events.keys()];

function ofPullRequest({ fromFork, merged }: RunContext): Rule {
  if (merged) return writers;
  return fromFork
    ? comparing('A pull request from a fork only compares, and writes nothing.')
    : proposal;
}

/** The start of a chain of runs is unknown, and may have been a stranger's. */
function afterRun({ fromFork, startedBy }: RunContext): Rule {
  if (fromFork) {
    const hint = 'Start it from push or workflow_dispatch, or filter out forks in the workflow.';
    return refused('This `workflow_run` was started by a run that belongs to a fork.', hint);
  }
  // GitHub always names the triggering event.
  if (!startedBy || startedBy === 'pull_request' || ofWriters.includes(startedBy)) return writers;
  const hint = 'Start it after a run on push, workflow_dispatch, release or schedule.';
  const what = `This \`workflow_run\` was started by a run on ${named(startedBy)}`;
  return refused(`${what}, which may not be a writer's.`, hint);
}

const named = (event: string) => `\`${clip(oneLine(event), 100)}\``;

function ruleFor(context: RunContext): Rule {
  const { on, event } = context;
  if (on === 'terminal') return writers;
  const row = events.get(event);
  if (typeof row === 'function') return row(context);
  return (
    row ??
    refused(
      `The event ${named(event)} starts nothing here: not only writers may cause it.`,
      started,
    )
  );
}

/** Refusals of the event itself; empty if a run that `writes`, or only compares, may continue. */
export function mayRun(context: RunContext, writes: boolean): readonly Finding[] {
  const { may, why, hint } = ruleFor(context);
  if (why === undefined || (may === 'compare' && !writes)) return [];
  return [finding('event-refused', why, { hint: hint ?? started })];
}

/** Whether GitHub must first confirm that `people` of the context may write. */
export const asksForPeople = (context: RunContext): boolean => ruleFor(context).may === 'ask';

/** The checked-out files may be a proposal that nobody has reviewed. */
export const isUntrusted = (context: RunContext): boolean => ruleFor(context).foreign;

/** Whether `path` is `folder` or inside it; both absolute, with links resolved. */
export function isWithin(path: string, folder: string): boolean {
  const parts = (text: string) => text.split(/[/\\]+/).filter((part) => part !== '');
  const [inner, outer] = [parts(path), parts(folder)];
  return outer.length > 0 && outer.every((part, index) => part === inner[index]);
}

export interface KubeconfigFile {
  /** It is in the workspace, or its path is: a link there may point anywhere. */
  readonly isForeign: boolean;
  /** One of its users has `exec` or `auth-provider`. */
  readonly startsPrograms: boolean;
  /** What it reaches outside the workspace: `tokenFile: ../token`, or itself, if it is a link. */
  readonly outside: readonly string[];
}

/** On a pull request, a kubeconfig in the workspace could start a program or leak a file. */
export function checkKubeconfig(context: RunContext, file: KubeconfigFile): readonly Finding[] {
  if (!isUntrusted(context) || !file.isForeign) return [];
  const hint = 'Pass the kubeconfig as a secret, or use one with a token.';
  const subject = 'The kubeconfig lies in the checked-out files of a pull request and';
  const programs = finding('event-refused', `${subject} starts programs.`, { hint });
  const what = `${subject} reaches files beyond the workspace.`;
  const evidence = file.outside.map((each) => clip(oneLine(each), 300));
  return [
    ...(file.startsPrograms ? [programs] : []),
    ...(evidence.length > 0 ? [finding('event-refused', what, { evidence, hint })] : []),
  ];
}

/** Runner systems by Node's name, as GitHub calls them: supported on terminals only. */
const foreignSystems: Readonly<Record<string, string>> = { win32: 'Windows', darwin: 'macOS' };

/**
 * Why the action cannot run on this runner; undefined if it can. `runnerOs` is `RUNNER_OS`
 * (https://docs.github.com/actions/reference/workflows-and-actions/variables), `platform` Node's.
 */
export function refuseRunner(runnerOs: string | undefined, platform: string): Finding | undefined {
  const named = Object.values(foreignSystems).find((each) => each === runnerOs);
  const system = foreignSystems[platform] ?? named;
  if (system === undefined) return undefined;
  return finding('runner-unsupported', `The action does not work on a runner of ${system}.`);
}
