// Runs one session with the real ports, for a runner and a terminal alike.

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
  /** What differs between the two. */
  readonly facts?: Partial<Facts>;
}

/** For a hung run: the watchdog does what the run no longer can. */
export interface Watched {
  /** The URL of the started file; the watchdog's file is next to it. */
  readonly entry: string;
  /** The rendered outcome, ready to be written. */
  lastWords(outcome: Outcome): Pick<Will, 'fd' | 'text' | 'files'>;
  /** Files that nothing else would remove. */
  secretFiles(): readonly string[];
}

/** Masks before any output; a signal ends the session. Never throws: a defect becomes an outcome. */
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
  // In dist/ it is next to the entry.
  const file = entry.endsWith('.ts') ? 'platform/watchdog-thread.ts' : 'watchdog.js';
  const thread = new URL(file, entry);
  return (look: () => Outcome): (() => void) => {
    let shownFacts = '';
    let words: ReturnType<typeof lastWords> = { fd: 1, text: '', files: [] };
    const will = (): Will => {
      const outcome = look();
      const facts = factsOf(outcome);
      if (facts !== shownFacts) words = lastWords(outcome);
      shownFacts = facts;
      return { ...words, mark: hangMark, remove: secretFiles(), programs: programs() };
    };
    return startWatchdog({ thread, will, onOddity: log.info }).note;
  };
}

/** What the rendered words depend on; cheap to compute, four times a second. */
function factsOf({ findings, changes, undone, workloads, release, namespace }: Outcome): string {
  const counts = [changes.length, workloads.length, release?.number, undone?.workloads.length];
  return JSON.stringify([findings, undone?.objects, namespace, ...counts]);
}

/** `doctor` uses the same ports, without a plan; undefined if it was interrupted. */
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
