// Starts the bundled action exactly as a GitHub runner does, and reads back what it left.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ActionManifest, evaluate, readAction } from './action-yml.ts';
import { COMMAND_FILES, type CommandFile, type JobOptions, makeJob } from './environment.ts';
import { readPairs, readPaths } from './files.ts';
import { type StepProcess, startStep, type TimedLine } from './step-process.ts';

export interface ActionOptions extends JobOptions {
  /** `with:` of the step; names as in action.yml. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What `${{ github.token }}` is; default empty. */
  readonly githubToken?: string;
  /** The folder with action.yml; default this project. */
  readonly action?: string;
  readonly onLine?: (line: TimedLine) => void;
  /** Ends the run by SIGKILL; default 300 000. */
  readonly timeoutMs?: number;
}

export interface ActionResult {
  /** The exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams' lines, as they came, with milliseconds since the start. */
  readonly lines: readonly TimedLine[];
  readonly durationMs: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** What it wrote to GITHUB_ENV, GITHUB_PATH, GITHUB_STATE and the job summary. */
  readonly env: Readonly<Record<string, string>>;
  readonly paths: readonly string[];
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Everything of the job: `temp` (RUNNER_TEMP), `home`, `tools`, `workspace` lie in it. */
  readonly folder: string;
  /** RUNNER_TEMP. */
  readonly tempDir: string;
  /** Runs the post step with the state of this run, as the runner does at the job's end. */
  post(): Promise<ActionResult>;
  /** Removes `folder`. */
  cleanUp(): Promise<void>;
}

export interface RunningAction {
  readonly pid: number;
  /** As the result's: there from the start, for whoever ends the run by a signal. */
  readonly folder: string;
  readonly finished: Promise<ActionResult>;
  kill(signal: NodeJS.Signals): void;
  /** As a cancelled run: SIGINT, after 7.5 s SIGTERM, after another 2.5 s SIGKILL. */
  cancel(): Promise<void>;
}

const PROJECT = join(import.meta.dirname, '..', '..', '..');

/** Runs the action to its end. */
export async function runAction(options: ActionOptions): Promise<ActionResult> {
  const running = await startAction(options);
  return running.finished;
}

/** Starts the action, for runs that a test wants to interrupt. */
export async function startAction(options: ActionOptions): Promise<RunningAction> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'webgen-job-')));
  const action = options.action ?? PROJECT;
  const manifest = await readAction(action);
  const job = await makeJob(folder, options);
  const inputs = inputVariables(manifest, options);
  return startPhase({ options, folder, action, manifest, job, variables: inputs, phase: 'main' });
}

/** Node 24, as the runner brings it along: the `node` package's. */
export function nodeOfRunner(): string {
  const resolved = createRequire(import.meta.url).resolve('node/package.json');
  const path = join(dirname(resolved), 'bin', 'node');
  return existsSync(path) ? path : process.execPath;
}

/** `INPUT_*`: upper case, spaces to `_`, dashes as they are; every declared input is there. */
function inputVariables(
  manifest: ActionManifest,
  options: ActionOptions,
): Readonly<Record<string, string>> {
  const values = { 'github.token': options.githubToken ?? '' };
  const defaults = Object.entries(manifest.defaults).map(
    ([name, text]) => [name, evaluate(text, values)] as const,
  );
  const all = { ...Object.fromEntries(defaults), ...options.inputs };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      // The runner trims neither; @actions/core does.
      value,
    ]),
  );
}

interface Phase {
  readonly options: ActionOptions;
  readonly folder: string;
  readonly action: string;
  readonly manifest: ActionManifest;
  readonly job: Readonly<Record<string, string>>;
  /** INPUT_* and, for the post step, STATE_*. */
  readonly variables: Readonly<Record<string, string>>;
  readonly phase: 'main' | 'post';
}

async function startPhase(phase: Phase): Promise<RunningAction> {
  const { options, folder, action, manifest, job, variables } = phase;
  const script = phase.phase === 'main' ? manifest.main : manifest.post;
  if (script === undefined) throw new Error(`action.yml has no ${phase.phase}`);
  const files: Record<string, string> = {};
  for (const name of COMMAND_FILES) {
    const path = join(folder, 'temp', `_${phase.phase}_${name.toLowerCase()}`);
    await writeFile(path, '');
    files[name] = path;
  }
  const step = startStep({
    command: [nodeOfRunner(), join(action, script)],
    cwd: `${job['GITHUB_WORKSPACE']}`,
    env: { ...job, GITHUB_ACTION_PATH: action, ...files, ...variables },
    timeoutMs: options.timeoutMs ?? 300_000,
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  return {
    pid: step.pid,
    folder,
    kill: step.kill,
    cancel: () => cancel(step),
    finished: step.finished.then((ended) => collect(phase, files, ended)),
  };
}

async function cancel(step: StepProcess): Promise<void> {
  const ended = step.finished.then(() => true);
  for (const [signal, ms] of [
    ['SIGINT', 7500],
    ['SIGTERM', 2500],
  ] as const) {
    step.kill(signal);
    if (await Promise.race([ended, sleep(ms, false, { ref: false })])) return;
  }
  step.kill('SIGKILL');
  await ended;
}

type Ended = Awaited<StepProcess['finished']>;

async function collect(
  phase: Phase,
  files: Readonly<Record<string, string>>,
  ended: Ended,
): Promise<ActionResult> {
  const read = async (name: CommandFile) => readFile(`${files[name]}`, 'utf8');
  const env = readPairs(await read('GITHUB_ENV'));
  const paths = readPaths(await read('GITHUB_PATH'));
  const state = readPairs(await read('GITHUB_STATE'));
  const outputs = readPairs(await read('GITHUB_OUTPUT'));
  const summary = await read('GITHUB_STEP_SUMMARY');
  // The runner takes these files away after each step.
  for (const name of COMMAND_FILES) await rm(`${files[name]}`, { force: true });
  const { folder } = phase;
  return {
    ...ended,
    outputs,
    env,
    paths,
    state,
    summary,
    folder,
    tempDir: join(folder, 'temp'),
    post: async () => {
      const job = { ...phase.job, ...env, PATH: [...paths, phase.job['PATH']].join(delimiter) };
      const saved = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value] as const);
      const variables = { ...phase.variables, ...Object.fromEntries(saved) };
      const running = await startPhase({ ...phase, job, variables, phase: 'post' });
      return running.finished;
    },
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
}
