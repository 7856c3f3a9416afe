// From raw inputs to an outcome: the path that a runner and a terminal share.

import { type Command, commandNamed, plansWrite } from '../core/commands.ts';
import type { RunContext } from '../core/context.ts';
import type { Finding } from '../core/errors.ts';
import { asksForPeople, mayRun } from '../core/guard.ts';
import type { Clock } from '../core/ports.ts';
import { untilAborted } from '../core/wake.ts';
import { deploymentFor } from '../github/deployment.ts';
import { refusePeople } from '../github/people.ts';
import { type PullRequest, pullRequestFor } from '../github/pull-request.ts';
import { githubOf } from '../github/repository.ts';
import type { RawInputs } from '../inputs/raw.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import type { Inputs } from '../inputs/types.ts';
import type { Facts } from '../inputs/work.ts';
import { notGivenBack } from '../lock/hold.ts';
import type { Outcome } from '../report/outcome.ts';
import { carryOut, settleBackground, undoIfFailed } from './carry-out.ts';
import { defectFindings, hungOutcome, outcomeOf, refusedOutcome } from './conclude.ts';
import { makePlan } from './plan.ts';
import type { Engine } from './state/engine.ts';
import { isConnected, newState, type Run } from './state/state.ts';
import type { Plan } from './state/step.ts';
import { finishRelease } from './steps/record-release.ts';
import { describePlan } from './steps.ts';

export interface SessionOptions {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly facts: Facts;
  /** Aborted by SIGINT, SIGTERM or Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted when a cancelled run has no time left. */
  readonly over: AbortSignal;
  engine(): Engine;
}

export interface Session {
  readonly outcome: Outcome;
  /** The inputs or the event were rejected: nothing was started. */
  readonly refused: boolean;
  readonly summary: boolean;
  /** Where to keep a preview as a comment, if anywhere. */
  readonly pullRequest?: PullRequest;
}

/** Never throws for an expected failure: it is in the outcome; so is a defect, with its stack as evidence. */
export async function runSession(options: SessionOptions): Promise<Session> {
  const { raw, context, facts, signal, over } = options;
  const { inputs, findings } = readInputs(raw, context, facts);
  const engine = options.engine();
  const refusals = await refusalsOf(raw, inputs, { context, engine });
  const problems = [...refusals, ...findings];
  if (refusals.length > 0 || !inputs) return refusedSession(raw, problems, engine);
  const access = { inputs, context, engine };
  const deployment = deploymentFor(access);
  const outcome = await outcomeFor({ ...access, signal, over }, problems);
  await deployment?.finish(outcome, over);
  const pullRequest = pullRequestFor(access);
  const { summary } = inputs;
  return { outcome, refused: false, summary, ...(pullRequest ? { pullRequest } : {}) };
}

type Request = Omit<Run, 'plan' | 'state' | 'note'> & Pick<SessionOptions, 'over'>;

/**
 * The run itself. The connections stay open: the process ends soon, and to destroy an HTTP/2 session
 * whose last streams still linger can throw out of nowhere, after a good deploy
 * (https://github.com/nodejs/undici/issues/5936).
 */
async function outcomeFor(request: Request, problems: readonly Finding[]): Promise<Outcome> {
  const { inputs, engine, over } = request;
  const { clock } = engine.ports;
  try {
    const plan = makePlan(inputs);
    await showPlan(plan, engine);
    const state = newState(clock.now());
    const note = engine.watch?.(() => hungOutcome(run)) ?? (() => undefined);
    const run: Run = { ...request, plan, state, note };
    await Promise.race([perform(run), untilAborted(over)]).catch((error: unknown) => {
      state.findings.push(...defectFindings(error, run));
    });
    if (over.aborted) giveUp(run);
    const outcome = outcomeOf(run);
    return { ...outcome, findings: [...problems, ...outcome.findings] };
  } catch (error) {
    return refusedOutcome(inputs.command, [...problems, ...defectFindings(error)], clock);
  }
}

/** All that a run does, in this order. */
async function perform(run: Run): Promise<void> {
  try {
    // As `makePlan` has it, for a deploy: connect, load, lock, dry-run, apply, wait.
    await carryOut(run);
    await undoIfFailed(run);
    if (isConnected(run)) await finishRelease(run);
  } finally {
    // Before the scans that only report: the next deploy need not wait for them.
    await run.state.lock?.release();
    await settleBackground(run);
  }
}

async function showPlan(plan: Plan, engine: Engine): Promise<void> {
  const { command, app, environment } = plan;
  const { log } = engine.ports;
  log.info(`${command} ${environment ? `${app} → ${environment}` : app}`);
  await log.group('Plan', async () => describePlan(plan).forEach(log.info));
}

/** What is still running ends with the process; what it leaves behind is reported. */
function giveUp({ state, engine }: Run): void {
  const { log } = engine.ports;
  const number = state.release?.head.number;
  if (state.release?.head.state === 'pending') {
    log.info(`The result of release ${number} could not be recorded: it stays pending.`);
  }
  if (state.lock?.isHeld) log.info(notGivenBack);
}

/** Checks the event before the run starts; GitHub is asked only where the table does not decide. */
async function refusalsOf(
  raw: RawInputs,
  inputs: Inputs | undefined,
  access: Pick<Request, 'context' | 'engine'>,
): Promise<readonly Finding[]> {
  const { context } = access;
  const builds = Boolean(raw['build']?.trim() || raw['bake-file']?.trim());
  const command = commandOf(raw);
  const writes = plansWrite(command) || command === 'build' || (command === 'scan' && builds);
  const refusals = mayRun(context, writes);
  if (refusals.length > 0 || !inputs || !asksForPeople(context)) return refusals;
  return refusePeople(githubOf({ ...access, inputs }), context.people ?? []);
}

function refusedSession(raw: RawInputs, problems: readonly Finding[], engine: Engine): Session {
  const outcome = refusedOutcome(commandOf(raw), problems, engine.ports.clock);
  return { outcome, refused: true, summary: wantsSummary(raw) };
}

const commandOf = (raw: RawInputs): Command => commandNamed(raw['command']) ?? 'deploy';

const wantsSummary = (raw: RawInputs): boolean => raw['summary']?.trim().toLowerCase() !== 'false';

/** A session that could not be started: its outcome is published all the same. */
export function failedSession(error: unknown, raw: RawInputs, clock: Clock): Session {
  const outcome = refusedOutcome(commandOf(raw), defectFindings(error), clock);
  return { outcome, refused: false, summary: wantsSummary(raw) };
}
