// Runs a whole workflow of an application under act, on this machine instead of a runner.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { exec } from '../cluster/exec.ts';
import { asCalled } from '../runner/rules/worlds.ts';
import { nodeOfRunner } from '../runner/run-action.ts';
import { type Github, ruled } from './github.ts';
import type { Hub } from './hub.ts';

export interface ActOptions {
  /** The program. */
  readonly act: string;
  readonly hub: Hub;
  readonly application: string;
  readonly event: 'push' | 'pull_request' | 'workflow_dispatch' | 'merge_group';
  readonly workflow: 'deploy' | 'pr-check' | 'rollback';
  /** The event's payload. */
  readonly payload: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  /** What github.com has of the repository: its rules hold, and give the secrets. The hub has `rules`. */
  readonly github?: Github;
  /** More variables of every step. */
  readonly env?: Readonly<Record<string, string>>;
  /** kubectl's folder comes before the machine's own PATH. */
  readonly kubectl: string;
}

export interface ActRun {
  readonly code: number;
  readonly text: string;
  /** By the job's name: did it succeed; a job that was left out is absent. */
  readonly jobs: Readonly<Record<string, boolean>>;
}

/** Nothing of it outlives the run but what it did to the cluster. */
export async function runAct(options: ActOptions): Promise<ActRun> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-act-'));
  try {
    const event = join(folder, 'event.json');
    await writeFile(event, JSON.stringify(options.payload));
    const given = await givenTo(options, folder);
    if (given.faults.length > 0) return { code: 1, text: given.faults.join('\n'), jobs: {} };
    const [secrets, variables] = [join(folder, 'secrets.env'), join(folder, 'variables.env')];
    await writeFile(secrets, dotenv(given.secrets), { mode: 0o600 });
    await writeFile(variables, dotenv(given.variables));
    const { PATH = process.env['PATH'], ...more } = { ...options.env, ...given.env };
    const path = [dirname(nodeOfRunner()), dirname(options.kubectl), PATH];
    const args = [
      options.event,
      ...['--workflows', given.path, '--eventpath', event],
      ...['--platform', 'ubuntu-24.04=-self-hosted', '--secret-file', secrets],
      ...['--var-file', variables],
      ...['--action-cache-path', join(folder, 'cache'), ...options.hub.flags],
      ...['--actor', 'mona', '--rm'],
      ...Object.entries(more).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ];
    const env = { HOME: folder, PATH: path.join(delimiter), XDG_CACHE_HOME: join(folder, 'xdg') };
    const done = await exec(options.act, args, { cwd: options.application, env });
    const text = done.stdout + done.stderr;
    return { code: done.code, text, jobs: jobsOf(text) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A JSON string is a quoted value. */
const dotenv = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
    .join('\n');

/** The workflow's path, and what it gets; with `github` as github.com would have it. */
async function givenTo(
  { application, workflow, secrets, github, hub }: ActOptions,
  folder: string,
) {
  const path = `.github/workflows/${workflow}.yml`;
  if (!github) return { faults: [], path, secrets, variables: {}, env: {} };
  const text = await readFile(join(application, path), 'utf8');
  const run = await ruled(text, asCalled(hub.workflows), github, folder);
  const rewritten = join(folder, `${workflow}.yml`);
  await writeFile(rewritten, run.workflow);
  return { ...run, path: rewritten };
}

/** act ends each job with a line of its own: `[deploy/build and scan]`, `[deploy/deploy/build and scan]`. */
function jobsOf(text: string): Readonly<Record<string, boolean>> {
  const lines = [
    ...text.matchAll(/^\[[^/\]]+((?:\/[^/\]]+?)+?)\s*\]\s+🏁\s+Job (succeeded|failed)/gmu),
  ].map(([, path = '', end]) => ({ path: path.split('/').slice(1), isGood: end === 'succeeded' }));
  // A job that calls a workflow is none of its own: its end is that of the last job in it.
  const deepest = Math.max(...lines.map(({ path }) => path.length));
  const jobs = lines.filter(({ path }) => path.length === deepest);
  return Object.fromEntries(jobs.map(({ path, isGood }) => [path.at(-1)?.trim() ?? '', isGood]));
}
