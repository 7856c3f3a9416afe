// The environment that a runner gives a step: a clean one, whatever this process has.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface JobOptions {
  /** GITHUB_EVENT_NAME; default `push`. */
  readonly eventName?: string;
  /** Written to GITHUB_EVENT_PATH; default `{}`. */
  readonly event?: unknown;
  /** Default `refs/heads/main`. */
  readonly ref?: string;
  /** Pull requests: the branch it comes from, and the one it wants to change. */
  readonly headRef?: string;
  readonly baseRef?: string;
  /** Default `acme/shop`. */
  readonly repository?: string;
  readonly actor?: string;
  readonly sha?: string;
  /** GITHUB_WORKSPACE, the step's working directory. Default: an empty folder. */
  readonly workspace?: string;
  /** Added last: OIDC's variables, proxies, PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Files that the runner hands a step, by the variable that names them. */
export const COMMAND_FILES = [
  'GITHUB_OUTPUT',
  'GITHUB_ENV',
  'GITHUB_PATH',
  'GITHUB_STATE',
  'GITHUB_STEP_SUMMARY',
] as const;

export type CommandFile = (typeof COMMAND_FILES)[number];

const DEFAULTS = {
  eventName: 'push',
  ref: 'refs/heads/main',
  headRef: '',
  baseRef: '',
  repository: 'acme/shop',
  actor: 'octocat',
  sha: '1f0c2d3e4b5a69788796a5b4c3d2e1f001234567',
};

/** A job's folders below `root`, and the variables that every step of it sees. */
export async function makeJob(
  root: string,
  options: JobOptions,
): Promise<Readonly<Record<string, string>>> {
  const at = (name: string) => join(root, name);
  const workspace = options.workspace ?? at('workspace');
  for (const folder of [workspace, at('temp'), at('tools'), at('home'), at('event')]) {
    await mkdir(folder, { recursive: true });
  }
  const eventPath = join(at('event'), 'event.json');
  await writeFile(eventPath, JSON.stringify(options.event ?? {}));
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: at('home'),
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    RUNNER_TEMP: at('temp'),
    RUNNER_TOOL_CACHE: at('tools'),
    RUNNER_OS: process.platform === 'darwin' ? 'macOS' : 'Linux',
    RUNNER_ARCH: process.arch === 'x64' ? 'X64' : process.arch.toUpperCase(),
    RUNNER_NAME: 'stand-in',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_WORKSPACE: root,
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_PATH: eventPath,
    ...runVariables({ ...DEFAULTS, ...options }),
    ...options.env,
  };
}

function runVariables(run: typeof DEFAULTS): Readonly<Record<string, string>> {
  const { ref, repository } = run;
  return {
    GITHUB_EVENT_NAME: run.eventName,
    GITHUB_REF: ref,
    GITHUB_REF_NAME: ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_HEAD_REF: run.headRef,
    GITHUB_BASE_REF: run.baseRef,
    GITHUB_SHA: run.sha,
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_OWNER: repository.split('/')[0] ?? '',
    GITHUB_ACTOR: run.actor,
    GITHUB_TRIGGERING_ACTOR: run.actor,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_WORKFLOW: 'deploy',
    GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/deploy.yml@${ref}`,
    GITHUB_JOB: 'deploy',
    GITHUB_ACTION: '__org_webgen-deploy',
    GITHUB_RUN_ID: '4242',
    GITHUB_RUN_NUMBER: '7',
    GITHUB_RUN_ATTEMPT: '1',
  };
}
