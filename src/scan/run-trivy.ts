// Starts Trivy: an explicit environment, an empty working folder, and nothing that it reads by itself.
import type { RunResult, Shell } from '../core/ports.ts';

export interface Trivy {
  readonly program: string;
  readonly shell: Shell;
  /** Where its login to registries lies; nothing else of our environment reaches it. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Trivy for a scan or download that reaches these images: with our login where they need it. */
export type TrivyFor = (references: readonly string[]) => Promise<Trivy>;

export interface TrivyCall {
  readonly args: readonly string[];
  /** A folder without `trivy.yaml`, `.trivyignore` or `trivy-secret.yaml`: it takes those unasked. */
  readonly cwd: string;
  readonly timeoutMs: number;
}

// Version notices and telemetry are two switches; a scan reports to nobody but us.
const quiet = ['--no-progress', '--skip-version-check', '--disable-telemetry'];

/** Which of `quiet` a subcommand knows: an unknown flag would fail it. */
const knows: Readonly<Record<string, readonly string[]>> = {
  image: quiet,
  config: ['--skip-version-check', '--disable-telemetry'],
  convert: [],
};

/** `args` begin with the subcommand. Exit code 0 alone means that it did its work. */
export function runTrivy(trivy: Trivy, { args, cwd, timeoutMs }: TrivyCall): Promise<RunResult> {
  const [command = '', ...rest] = args;
  const { shell, program, env, signal } = trivy;
  const all = [command, ...(knows[command] ?? []), ...rest];
  return shell.run(program, all, { env, cwd, timeoutMs, signal });
}
