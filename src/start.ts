// One session against the real world: what a runner and a terminal begin alike.
import type { RunContext } from './context.ts';
import { type DoctorDone, doctor } from './doctor.ts';
import { environmentSecrets, secretsToMask } from './inputs/mask.ts';
import type { RawInputs } from './inputs/raw.ts';
import type { Facts } from './inputs/work.ts';
import { overlaysOf, realEngine } from './platform/engine.ts';
import { interruption } from './platform/signals.ts';
import { workflowsOf } from './platform/workflow-files.ts';
import type { Log } from './ports.ts';
import type { Engine } from './running.ts';
import { runSession, type Session } from './session.ts';

export interface Start extends Pick<Engine, 'exports' | 'onSecretFile'> {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What only one of the two knows. */
  readonly facts?: Partial<Facts>;
}

/** Masks before anything is said; a signal ends the session. */
export async function startSession(start: Start): Promise<Session> {
  const { raw, context, log, environment, exports, onSecretFile } = start;
  maskKnown(start);
  const signal = interruption();
  const overlays = await overlaysOf(context.workspace);
  return runSession({
    raw,
    context,
    facts: { overlays, ...start.facts },
    signal,
    engine: () => realEngine({ context, log, signal, environment, exports, onSecretFile }),
  });
}

function maskKnown({ raw, environment, log }: Pick<Start, 'raw' | 'environment' | 'log'>): void {
  for (const secret of [...secretsToMask(raw), ...environmentSecrets(environment)])
    log.mask(secret);
}

/** `doctor` looks at the same world, and has no plan. */
export async function startDoctor(
  start: Start & { readonly defaultKubeconfig: string | undefined },
): Promise<DoctorDone> {
  const { raw, context, log, environment, exports, onSecretFile, defaultKubeconfig } = start;
  maskKnown(start);
  const { workspace } = context;
  const [workflows, overlays] = await Promise.all([workflowsOf(workspace), overlaysOf(workspace)]);
  const signal = interruption();
  const engine = realEngine({ context, log, signal, environment, exports, onSecretFile });
  return doctor({ raw, repository: { workflows, overlays }, workspace, defaultKubeconfig, engine });
}
