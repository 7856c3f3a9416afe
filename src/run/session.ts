// From raw inputs to an outcome: the path that a runner and a terminal share.

import { type Command, commandNamed, plansWrite } from '../core/commands.ts';
import type { RunContext } from '../core/context.ts';
import type { Finding } from '../core/errors.ts';
import { asksForPeople, mayRun } from '../core/guard.ts';
import type { Clock } from '../core/ports.ts';
import { deploymentFor } from '../github/deployment.ts';
import { refusePeople } from '../github/people.ts';
import { type PullRequest, pullRequestFor } from '../github/pull-request.ts';
import { githubOf } from '../github/repository.ts';
import type { RawInputs } from '../inputs/raw.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import type { Inputs } from '../inputs/types.ts';
import type { Facts } from '../inputs/work.ts';
import type { Outcome } from '../report/outcome.ts';
import { defectFindings, refusedOutcome } from './conclude.ts';
import { makePlan } from './plan.ts';
import { type DeployRequest, deploy } from './run.ts';
import type { Engine } from './state/engine.ts';
import { describePlan } from './steps.ts';

export interface SessionOptions {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly facts: Facts;
  readonly signal: AbortSignal;
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

/** Expected failures are in the outcome; so is a defect, with its stack as evidence. */
export async function runSession(options: SessionOptions): Promise<Session> {
  const { raw, context, facts, signal, over } = options;
  const { inputs, findings } = readInputs(raw, context, facts);
  const engine = options.engine();
  const refusals = await refusalsOf(raw, inputs, { context, engine });
  const { clock, log } = engine.ports;
  const problems = [...refusals, ...findings];
  if (refusals.length > 0 || !inputs) {
    const outcome = refusedOutcome(commandOf(raw), problems, clock);
    const summary = raw['summary']?.trim().toLowerCase() !== 'false';
    return { outcome, refused: true, summary };
  }
  const { summary } = inputs;
  const title = inputs.environment ? `${inputs.app} → ${inputs.environment}` : inputs.app;
  log.info(`${inputs.command} ${title}`);
  await log.group('Plan', async () => describePlan(makePlan(inputs)).forEach(log.info));
  const access = { inputs, context, engine };
  const record = deploymentFor(access);
  const outcome = await outcomeOf({ inputs, context, engine, signal, over }, problems);
  await record?.finish(outcome, over);
  const pullRequest = pullRequestFor(access);
  return { outcome, refused: false, summary, ...(pullRequest ? { pullRequest } : {}) };
}

/** Checks the event before the run starts; GitHub is asked only where the table does not decide. */
async function refusalsOf(
  raw: RawInputs,
  inputs: Inputs | undefined,
  access: Pick<DeployRequest, 'context' | 'engine'>,
): Promise<readonly Finding[]> {
  const { context } = access;
  const builds = Boolean(raw['build']?.trim() || raw['bake-file']?.trim());
  const command = commandOf(raw);
  const writes = plansWrite(command) || command === 'build' || (command === 'scan' && builds);
  const refusals = mayRun(context, writes);
  if (refusals.length > 0 || !inputs || !asksForPeople(context)) return refusals;
  return refusePeople(githubOf({ ...access, inputs }), context.people ?? []);
}

async function outcomeOf(request: DeployRequest, problems: readonly Finding[]): Promise<Outcome> {
  try {
    const outcome = await deploy(request);
    return { ...outcome, findings: [...problems, ...outcome.findings] };
  } catch (error) {
    const { inputs, engine } = request;
    return refusedOutcome(
      inputs.command,
      [...problems, ...defectFindings(error)],
      engine.ports.clock,
    );
  }
}

const commandOf = (raw: RawInputs): Command => commandNamed(raw['command']) ?? 'deploy';

/** A session that could not be started: its outcome is published all the same. */
export function failedSession(error: unknown, raw: RawInputs, clock: Clock): Session {
  const outcome = refusedOutcome(commandOf(raw), defectFindings(error), clock);
  return { outcome, refused: false, summary: raw['summary']?.trim().toLowerCase() !== 'false' };
}
