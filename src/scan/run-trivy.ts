// Runs Trivy with an explicit environment and an empty working folder, so that it reads no implicit files.
import type { RunResult, Shell } from '../core/ports.ts';

export interface Trivy {
  readonly program: string;
  readonly shell: Shell;
  /** The folder with its registry logins; it gets nothing else from our environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Trivy for a scan or download of these images: with our login if they need it. */
export type TrivyFor = (references: readonly string[]) => Promise<Trivy>;

export interface TrivyCall {
  readonly args: readonly string[];
  /** A folder without `trivy.yaml`, `.trivyignore` or `trivy-secret.yaml`, which it would read automatically. */
  readonly cwd: string;
  readonly timeoutMs: number;
}

// Version notices and telemetry are two switches; both are turned off.
const quiet = ['--no-progress', '--skip-version-check', '--disable-telemetry'];

/** The `quiet` flags that a subcommand supports: an unknown flag would fail it. */
const knows: Readonly<Record<string, readonly string[]>> = {
  image: quiet,
  config: ['--skip-version-check', '--disable-telemetry'],
  convert: [],
};

/** `args` begin with the subcommand. Only exit code 0 means success. */
export function runTrivy(trivy: Trivy, { args, cwd, timeoutMs }: TrivyCall): Promise<RunResult> {
  const [command = '', ...rest] = args;
  const { shell, program, env, signal } = trivy;
  const all = [command, ...(knows[command] ?? []), ...rest];
  return shell.run(program, all, { env, cwd, timeoutMs, signal });
}
