// One session against the real world: what a runner and a terminal begin alike.
import type { RunContext } from './context.ts';
import { type DoctorDone, doctor } from './doctor.ts';
import { secretsToMask } from './inputs/mask.ts';
import type { RawInputs } from './inputs/raw.ts';
import type { Facts } from './inputs/work.ts';
import { realClock } from './platform/clock.ts';
import { overlaysOf, realEngine } from './platform/engine.ts';
import type { MaskingLog } from './platform/log.ts';
import { interruption } from './platform/signals.ts';
import { workflowsOf } from './platform/workflow-files.ts';
import type { Engine } from './running.ts';
import { failedSession, runSession, type Session } from './session.ts';

export interface Start extends Pick<Engine, 'exports' | 'onSecretFile'> {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly log: MaskingLog;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What only one of the two knows. */
  readonly facts?: Partial<Facts>;
}

/** Masks before anything is said; a signal ends the session. Never throws: a defect is an outcome. */
export async function startSession(start: Start): Promise<Session> {
  try {
    return await sessionOf(start);
  } catch (error) {
    return failedSession(error, start.raw, realClock());
  }
}

async function sessionOf(start: Start): Promise<Session> {
  const { raw, context, log, environment, exports, onSecretFile } = start;
  for (const secret of secretsToMask(raw)) log.mask(secret);
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

/** `doctor` looks at the same world, and has no plan. */
export async function startDoctor(
  start: Start & { readonly defaultKubeconfig: string | undefined },
): Promise<DoctorDone> {
  const { raw, context, log, environment, exports, onSecretFile, defaultKubeconfig } = start;
  for (const secret of secretsToMask(raw)) log.mask(secret);
  const { workspace } = context;
  const [workflows, overlays] = await Promise.all([workflowsOf(workspace), overlaysOf(workspace)]);
  const signal = interruption();
  const engine = realEngine({ context, log, signal, environment, exports, onSecretFile });
  return doctor({ raw, repository: { workflows, overlays }, workspace, defaultKubeconfig, engine });
}
