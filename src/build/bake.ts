// Runs one `docker buildx bake`: streams its progress and reads which digests it pushed.
import { resolve } from 'node:path';
import { ActionError, finding } from '../core/errors.ts';
import type { Ports, RunOptions, RunResult } from '../core/ports.ts';
import { invalid } from '../core/readers.ts';
import { clip, oneLine } from '../core/text.ts';
import type { OpenRegistry } from '../registry/login.ts';
import { pushedDigests } from './bake-definition.ts';
import { buildFailure } from './build-failure.ts';
import { type Builder, readBuilder } from './builder.ts';
import { buildLog, narrateBuild } from './narrate-build.ts';
import { type Progress, readProgress } from './progress.ts';

export interface Buildx {
  readonly ports: Pick<Ports, 'shell' | 'files' | 'clock' | 'log'>;
  readonly workspace: string;
  readonly builder?: string;
  /** Of the child: Docker's and BuildKit's own variables, and the build secrets. */
  readonly environment: NonNullable<RunOptions['env']>;
  readonly signal: AbortSignal;
  readonly onSecretFile: (path: string) => void;
}

export function runBuildx(
  buildx: Buildx,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { ports, workspace, environment, signal } = buildx;
  const all = { cwd: workspace, env: environment, signal, ...options };
  return ports.shell.run('docker', ['buildx', ...args], all);
}

/** The same with the run's login, if `hosts` need it. Throws ActionError as `configFor` does. */
export async function loggedIn(
  buildx: Buildx,
  registry: Pick<OpenRegistry, 'configFor'>,
  hosts: readonly (string | undefined)[],
): Promise<Buildx> {
  const DOCKER_CONFIG = await registry.configFor(hosts);
  return { ...buildx, environment: { ...buildx.environment, DOCKER_CONFIG } };
}

const bootMs = 180_000;

/** What the builder supports; starts it if it is stopped. Throws ActionError if there is none. */
export async function inspectBuilder(buildx: Buildx): Promise<Builder> {
  const named = buildx.builder === undefined ? [] : [buildx.builder];
  const args = ['inspect', '--bootstrap', ...named];
  const { code, stdout, stderr } = await runBuildx(buildx, args, { timeoutMs: bootMs });
  const builder = readBuilder(stdout);
  if (code === 0 && builder.error === undefined) return builder;
  const said = clip(oneLine(builder.error ?? stderr.trim().split('\n').at(-1) ?? ''), 500);
  const evidence = [said];
  if (/unknown command|is not a docker command|unknown flag/.test(stderr)) {
    const hint = 'Install buildx (docker/setup-buildx-action), or use a runner that has it.';
    const what = 'Docker is here without buildx, which builds the images.';
    throw new ActionError(finding('tool-unavailable', what, { evidence, hint }));
  }
  if (buildx.builder !== undefined && /no builder/.test(stderr)) {
    const hint = 'Make it in an earlier step: docker buildx create --name …';
    throw new ActionError({
      ...invalid('builder', 'is not the name of a buildx builder', hint),
      evidence,
    });
  }
  const hint = 'Start the Docker engine, or name a builder that runs in `builder`.';
  throw new ActionError(finding('build-failed', 'No builder answers.', { evidence, hint }));
}

export interface Bake {
  /** The definition's text. */
  readonly json: string;
  /** Bake target → image name. */
  readonly targets: Readonly<Record<string, string>>;
  /** Image name → its Dockerfile, relative to the workspace. */
  readonly dockerfiles: Readonly<Record<string, string>>;
  readonly logLines: number;
  /** Where it pushes, if that is the run's own registry. */
  readonly repositories: readonly string[];
}

export interface Baked {
  readonly progress: Progress;
  /** Bake target → digest. */
  readonly digests: Readonly<Record<string, string>>;
}

const lookAgainMs = 5_000;

/** Builds everything once. Throws `BakeFailure`, or the abort's own error. */
export async function bake(request: Bake, buildx: Buildx): Promise<Baked> {
  const { ports } = buildx;
  const folder = await ports.files.makeTemp('webgen-deploy-bake-');
  const [file, metadata] = [`${folder}/bake.json`, `${folder}/metadata.json`];
  buildx.onSecretFile(file);
  try {
    await ports.files.write(file, request.json, 0o600);
    const args = ['bake', '--file', file, '--metadata-file', metadata, '--progress', 'rawjson'];
    const named = buildx.builder === undefined ? [] : ['--builder', buildx.builder];
    const progress = readProgress(Object.keys(request.targets));
    const { code } = await narrated(progress, request, buildx, (onLine) =>
      runBuildx(buildx, [...args, ...named], { onLine }),
    );
    buildx.signal.throwIfAborted();
    if (code !== 0) {
      const texts = await textsOf(request.dockerfiles, buildx);
      throw new BakeFailure({ ...request, texts, progress, exitCode: code });
    }
    const text = await ports.files.read(metadata).catch(() => '');
    return { progress, digests: pushedDigests(text) };
  } finally {
    await ports.files.remove(folder);
  }
}

/** Unreadable Dockerfiles are left out: the failure is then reported without a line. */
export async function textsOf(
  dockerfiles: Bake['dockerfiles'],
  { ports, workspace }: Pick<Buildx, 'ports' | 'workspace'>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(dockerfiles).map(async ([name, path]) => {
    const text = await ports.files.read(resolve(workspace, path)).catch(() => '');
    return [name, text] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Why a bake failed, and whether a retry may succeed. */
export class BakeFailure extends ActionError {
  readonly passing: boolean;
  readonly progress: Progress;
  constructor(failed: Parameters<typeof buildFailure>[0]) {
    const { finding: found, passing } = buildFailure(failed);
    super(found);
    this.name = 'BakeFailure';
    this.passing = passing;
    this.progress = failed.progress;
  }
}

async function narrated<T>(
  progress: Progress,
  { targets }: Bake,
  { ports: { clock, log } }: Buildx,
  work: (onLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  const narrator = narrateBuild(progress, targets);
  const ended = new AbortController();
  const watch = async () => {
    for (;;) {
      await clock.sleep(lookAgainMs, ended.signal);
      narrator.waiting(clock.now()).forEach(log.info);
    }
  };
  void watch().catch(() => undefined);
  try {
    return await work((line) => narrator.changed(progress.line(line)).forEach(log.info));
  } finally {
    ended.abort();
    await tellLogs(progress, targets, log);
  }
}

async function tellLogs(
  progress: Progress,
  targets: Bake['targets'],
  log: Ports['log'],
): Promise<void> {
  const alone = Object.keys(targets).length === 1;
  for (const { text, file, line } of progress.warnings) {
    log.info(`warning: ${text}${file === undefined ? '' : ` (${file}:${line ?? 1})`}`);
  }
  for (const [target, image] of Object.entries(targets)) {
    const lines = buildLog(progress, alone ? undefined : target);
    if (lines.length === 0) continue;
    await log.group(`Build log: ${image}`, async () => lines.forEach(log.info));
  }
}
