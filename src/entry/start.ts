// One session against the real world: what a runner and a terminal begin alike.

import { type DoctorDone, doctor } from '../commands/doctor/doctor.ts';
import type { RunContext } from '../core/context.ts';
import type { Log } from '../core/ports.ts';
import { untilAborted } from '../core/wake.ts';
import { environmentSecrets, secretsToMask } from '../inputs/mask.ts';
import type { RawInputs } from '../inputs/raw.ts';
import type { Facts } from '../inputs/work.ts';
import { realClock } from '../platform/clock.ts';
import { defaultBranchHere } from '../platform/git-remote.ts';
import { programs } from '../platform/shell.ts';
import { interruption } from '../platform/signals.ts';
import { startWatchdog } from '../platform/watchdog.ts';
import type { Will } from '../platform/watchdog-thread.ts';
import type { Outcome } from '../report/outcome.ts';
import { failedSession, runSession, type Session } from '../run/session.ts';
import type { Engine } from '../run/state/engine.ts';
import { hangMark } from '../run/state/state.ts';
import { overlaysOf, realEngine } from './engine.ts';
import { workflowsOf } from './workflow-files.ts';

export interface Start extends Pick<Engine, 'exports' | 'onSecretFile'> {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What only one of the two knows. */
  readonly facts?: Partial<Facts>;
}

/** For a run that hangs: the watchdog does what the run cannot do any more. */
export interface Watched {
  /** The address of the file that was started; the watchdog's lies beside it. */
  readonly entry: string;
  /** How an outcome is told here, ready to be written. */
  lastWords(outcome: Outcome): Pick<Will, 'fd' | 'text' | 'files'>;
  /** What nobody else would remove. */
  secretFiles(): readonly string[];
}

/** Masks before anything is said; a signal ends the session. Never throws: a defect is an outcome. */
export async function startSession(start: Start & Watched): Promise<Session> {
  try {
    return await sessionOf(start);
  } catch (error) {
    return failedSession(error, start.raw, realClock());
  }
}

async function sessionOf(start: Start & Watched): Promise<Session> {
  const { raw, context, log, environment, exports, onSecretFile } = start;
  maskKnown(start);
  const { signal, over } = interruption();
  const overlays = await overlaysOf(context.workspace);
  const watch = watchOver(start);
  return runSession({
    raw,
    context,
    facts: { overlays, ...start.facts },
    signal,
    over,
    engine: () => ({
      ...realEngine({ context, log, signal, environment, exports, onSecretFile }),
      watch,
    }),
  });
}

function maskKnown({ raw, environment, log }: Pick<Start, 'raw' | 'environment' | 'log'>): void {
  for (const secret of [...secretsToMask(raw), ...environmentSecrets(environment)])
    log.mask(secret);
}

function watchOver({ entry, log, lastWords, secretFiles }: Start & Watched) {
  // In dist/ it lies beside the entry.
  const file = entry.endsWith('.ts') ? 'platform/watchdog-thread.ts' : 'watchdog.js';
  const thread = new URL(file, entry);
  return (look: () => Outcome): (() => void) => {
    let told = '';
    let words: ReturnType<typeof lastWords> = { fd: 1, text: '', files: [] };
    const will = (): Will => {
      const outcome = look();
      const facts = factsOf(outcome);
      if (facts !== told) words = lastWords(outcome);
      told = facts;
      return { ...words, mark: hangMark, remove: secretFiles(), programs: programs() };
    };
    return startWatchdog({ thread, will, onOddity: log.info }).note;
  };
}

/** What makes a difference to the words; to look at it costs little, four times a second. */
function factsOf({ findings, changes, undone, workloads, release, namespace }: Outcome): string {
  const counts = [changes.length, workloads.length, release?.number, undone?.workloads.length];
  return JSON.stringify([findings, undone?.objects, namespace, ...counts]);
}

/** `doctor` looks at the same world, and has no plan; undefined where it was interrupted. */
export async function startDoctor(
  start: Start & { readonly defaultKubeconfig: string | undefined },
): Promise<DoctorDone | undefined> {
  const { raw, context, log, environment, exports, onSecretFile, defaultKubeconfig } = start;
  maskKnown(start);
  const { workspace, remote } = context;
  const [workflows, overlays] = await Promise.all([workflowsOf(workspace), overlaysOf(workspace)]);
  const { signal } = interruption();
  const engine = realEngine({ context, log, signal, environment, exports, onSecretFile });
  const defaultBranch = await defaultBranchHere(engine.ports.shell, workspace);
  const repository = {
    workflows,
    overlays,
    ...(remote === undefined ? {} : { name: remote.name }),
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
  };
  const work = doctor({ raw, repository, workspace, defaultKubeconfig, engine });
  const done = await Promise.race([work, untilAborted(signal)]);
  return signal.aborted ? undefined : (done ?? undefined);
}
