// Why a build or a push failed: the failed step's own error → a code, a place, a hint.

import type { Code } from '../core/codes.ts';
import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import type { BuildStep, Progress } from './progress.ts';

interface Row {
  readonly code: Code;
  readonly said: RegExp;
  /** Worth a retry: it may be transient. */
  readonly passing?: true;
  readonly hint?: string;
}

/**
 * Messages of BuildKit and of registries, the most specific first. Sources: moby/buildkit (solver
 * and dockerfile frontend), distribution's error codes, Yandex Cloud's pages on registry errors.
 */
const rows: readonly Row[] = [
  { code: 'disk-full', said: /no space left on device|disk quota exceeded|ENOSPC/i },
  {
    code: 'registry-unauthenticated',
    said: /must be OAuth token/i,
    hint: 'The password is of another kind than its user says, or has white space around it: use registry-username: iam with an IAM token.',
  },
  {
    code: 'registry-unauthenticated',
    said: /unauthorized|authentication required|no basic auth credentials|\b401\b|incorrect username or password/i,
  },
  {
    code: 'registry-read-only',
    said: /read[- ]only|405 Method Not Allowed|unsupported: The operation is unsupported/i,
  },
  {
    code: 'registry-denied',
    said: /name unknown: Registry|registry .{0,60} not found/i,
    hint: 'Check the registry id: yc container registry list, or yc cloud-registry registry list.',
  },
  {
    code: 'registry-denied',
    said: /insufficient_scope|access denied|permission denied ; requestId|\bdenied:|requested access to the resource|\b403\b/i,
  },
  {
    code: 'registry-unreachable',
    passing: true,
    said: /toomanyrequests|\b429\b/i,
    hint: 'The registry limits pulls: log in to it, or take base images from a mirror such as mirror.gcr.io.',
  },
  {
    code: 'registry-unreachable',
    passing: true,
    said: /connection refused|connection reset|no such host|i\/o timeout|TLS handshake|unexpected EOF|broken pipe|context deadline exceeded|\b50[0234] |server misbehaving|network is unreachable|x509:/i,
  },
  {
    code: 'build-failed',
    said: /exec format error|no match for platform/i,
    hint: 'The image is for another processor: correct `platforms` and the base image, or set up QEMU on the runner.',
  },
  {
    code: 'build-failed',
    said: /exit code: 137|signal: killed|cannot allocate memory/i,
    hint: 'The step ran out of memory: give the runner more, or make the step use less.',
  },
  {
    code: 'dockerfile-invalid',
    said: /failed to read dockerfile|dockerfile parse error|unknown instruction|dockerfile.{0,40}(?:empty|no build stage)|invalid reference format|repository name must be lowercase|target stage .* could not be found|failed to parse stage name|unknown flag/i,
  },
  {
    code: 'dockerfile-invalid',
    said: /: not found|no such file or directory/i,
    hint: 'A file that the Dockerfile copies is not in the context: check `context` and .dockerignore. A base image may also be missing.',
  },
];

export interface BuildFailure {
  readonly finding: Finding;
  /** A retry may succeed. */
  readonly passing: boolean;
}

export interface FailedBuild {
  readonly progress: Progress;
  /** Bake target → image name. */
  readonly targets: Readonly<Record<string, string>>;
  /** Image name → its Dockerfile, relative to the workspace. */
  readonly dockerfiles: Readonly<Record<string, string>>;
  /** Image name → what its Dockerfile says, as far as it could be read. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly exitCode: number;
  readonly logLines: number;
}

/** Pure: the same lines give the same finding. */
export function buildFailure(failed: FailedBuild): BuildFailure {
  const { progress } = failed;
  const step = failedStep(progress);
  const said = step?.error ?? lastWords(progress.plain);
  const isRun = step !== undefined && /^(?:RUN|\w+ \/)/.test(step.name);
  // The user's own program may print any of these messages; only the exit code comes from BuildKit.
  const ownProgram = isRun && /did not complete successfully/.test(said);
  const row = rows.find((each) => each.said.test(said) && (!ownProgram || isOfBuild(each.code)));
  const code = row?.code ?? 'build-failed';
  const image = imageOf(failed, step);
  const hint = row?.hint;
  return {
    passing: row?.passing === true,
    finding: finding(code, sentence(code, image, step), {
      ...placeOf(failed, step, image),
      evidence: evidenceOf(failed, step, said),
      ...(hint === undefined ? {} : { hint }),
    }),
  };
}

const isOfBuild = (code: Code): boolean => code === 'build-failed';

/**
 * The first step that failed itself: others only report that they were cancelled with it. None if
 * a Dockerfile could not be read: only the final message says that.
 */
function failedStep({ steps, plain }: Progress): BuildStep | undefined {
  const failed = [...steps.values()].filter(({ error }) => error !== undefined);
  const own = failed.filter(({ error }) => !isCancelled(error ?? ''));
  const first = own.toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0))[0];
  const words = lastWords(plain);
  return first ?? (words === '' || isCancelled(words) ? failed[0] : undefined);
}

const isCancelled = (said: string): boolean => /context canceled|: canceled/i.test(said);

function lastWords(plain: readonly string[]): string {
  return plain.findLast((line) => /^\s*ERROR:/.test(line)) ?? plain.at(-1) ?? '';
}

function imageOf(failed: FailedBuild, step: BuildStep | undefined): string | undefined {
  const { targets } = failed;
  const names = Object.values(targets);
  if (names.length === 1) return names[0];
  if (step) return step.target === '' ? undefined : targets[step.target];
  return shownIn(failed);
}

/** The image whose Dockerfile has the line that BuildKit rejects without naming an image. */
function shownIn({ progress, texts = {} }: FailedBuild): string | undefined {
  const [, number = '', word] = parseError.exec(lastWords(progress.plain)) ?? [];
  if (word === undefined) return undefined;
  const has = (text: string) => text.split('\n')[Number(number) - 1]?.includes(word) ?? false;
  const found = Object.entries(texts).filter(([, text]) => has(text));
  return found.length === 1 ? found[0]?.[0] : undefined;
}

/** `dockerfile parse error on line 3: unknown instruction: RNU (did you mean RUN?)`. */
const parseError = /parse error on line (\d+): .*?: (\S+)/;

function sentence(code: Code, image = 'An image', step: BuildStep | undefined): string {
  const which = image === 'An image' ? image : `Image ${image}`;
  const at = step && step.name !== '' ? `: ${clip(oneLine(step.name), 200)}` : '';
  if (code === 'build-failed') return `${which} could not be built${at}`;
  if (code === 'dockerfile-invalid') return `${which} has a Dockerfile that cannot be built${at}`;
  if (code === 'disk-full') return `${which} could not be built or pushed: a disk is full.`;
  return `${which} could not be pulled from or pushed to its registry${at}`;
}

/** `Dockerfile:5` above the excerpt that buildx prints. */
function placeOf(
  { progress, dockerfiles }: FailedBuild,
  step: BuildStep | undefined,
  image: string | undefined,
): Pick<Finding, 'file' | 'line'> {
  const file = image === undefined ? undefined : dockerfiles[image];
  if (file === undefined || (step && !isInstruction(step))) return {};
  const at = progress.plain.findIndex((line) => /^-{10,}$/.test(line.trim()));
  const shown = /:(\d+)$/.exec(progress.plain[at - 1]?.trim() ?? '')?.[1];
  const line = Number(shown ?? parseError.exec(lastWords(progress.plain))?.[1] ?? 0);
  return line > 0 ? { file, line } : { file };
}

const isInstruction = ({ name }: BuildStep): boolean => !/^(?:exporting|pushing)/.test(name);

function evidenceOf(
  { progress, exitCode, logLines }: FailedBuild,
  step: BuildStep | undefined,
  said: string,
): readonly string[] {
  const words = said === '' ? `docker buildx bake ended with exit code ${exitCode}` : said;
  const log = step && logLines > 0 ? progress.logOf(step.digest).slice(-logLines) : [];
  return [clip(oneLine(words), 2_000), ...log.map((line) => clip(line, 500))];
}
