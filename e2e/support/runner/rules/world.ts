// What github.com knows beside the workflows' texts: owners, environments, secrets, events.
import { type Contexts, fill, fillText, type Value } from './expressions.ts';
import type { Job, Workflow } from './workflow.ts';

export interface Place {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface Surroundings extends Place {
  /** Somebody has to approve a job. */
  readonly reviewers?: boolean;
  /** A GitHub App decides, too. */
  readonly custom?: boolean;
}

/** The application's. */
export interface Repository extends Place {
  readonly owner: string;
  readonly name: string;
  readonly environments: Readonly<Record<string, Surroundings>>;
}

export interface Event {
  readonly name:
    | 'push'
    | 'pull_request'
    | 'workflow_dispatch'
    | 'schedule'
    | 'release'
    | 'merge_group';
  /** `refs/heads/main`. */
  readonly ref: string;
  readonly baseRef?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Whose pull request it is, where it is not the repository's own. */
  readonly from?: 'fork' | 'dependabot';
}

export interface World {
  readonly repository: Repository;
  /** The application's workflows, by file name without its end. */
  readonly own: Readonly<Record<string, string>>;
  /** The texts of those that it calls, by what stands behind `uses:`. */
  readonly called: Readonly<Record<string, string>>;
}

export function githubOf(
  { owner, name }: Repository,
  event: Event,
  workflow: string,
  run = '1',
): Value {
  const repository = `${owner}/${name}`;
  const [, kind = 'heads', ...rest] = event.ref.split('/');
  const head = event.from === 'fork' ? `eve/${name}` : repository;
  const user = event.from === 'dependabot' ? 'dependabot[bot]' : 'mona';
  const pull = { head: { repo: { full_name: head } }, user: { login: user } };
  return {
    ...{ repository, repository_owner: owner, workflow, run_id: run, run_attempt: '1' },
    ...{ event_name: event.name, ref: event.ref, ref_name: rest.join('/') },
    ...{ ref_type: kind === 'tags' ? 'tag' : 'branch', base_ref: event.baseRef ?? '' },
    ...{ sha: 'a'.repeat(40), actor: user, triggering_actor: user },
    event: {
      ...(event.inputs ? { inputs: event.inputs } : {}),
      ...(event.name === 'pull_request' ? { number: 7, pull_request: pull } : {}),
      ...{ repository: { full_name: repository, default_branch: 'main' }, ref: event.ref },
    },
  };
}

/** Of a run's own jobs. */
export function inputsOf(event: Event, { dispatch }: Workflow): Readonly<Record<string, Value>> {
  return event.name === 'workflow_dispatch' ? { ...dispatch, ...event.inputs } : {};
}

/** Of a called workflow's jobs: what is passed, as its own kind, before the defaults. */
export function passedOf(job: Job, { call }: Workflow, contexts: Contexts): Contexts {
  const passed = Object.entries(job.with).map(([name, value]) => {
    const filled = typeof value === 'string' ? fill(value, contexts) : value;
    return [name, typeof call[name] === 'boolean' ? `${filled}` === 'true' : filled];
  });
  return { ...call, ...Object.fromEntries(passed) };
}

/** The environment that a job names; empty: none. */
export function environmentName(job: Job, contexts: Contexts): string {
  return fillText(job.environment?.name ?? '', contexts);
}

/** `owner/name/.github/workflows/deploy.yml@v1` → `owner`; what is called by a path is ours. */
export const ownerOf = (uses: string, owner: string) =>
  uses.startsWith('./') ? owner : (uses.split('/')[0] ?? '');

/** Whether the event starts the workflow: named, and on one of its branches (of the base, of a pull request). */
export function isStarted({ on }: Workflow, event: Event): boolean {
  const branches = on[event.name];
  const branch = event.baseRef ?? event.ref.replace(/^refs\/heads\//, '');
  return branches !== undefined && (branches.length === 0 || branches.includes(branch));
}
