// From raw inputs to an outcome: the way that a runner and a terminal share.

import { refusedOutcome } from './conclude-run.ts';
import type { RunContext } from './context.ts';
import { type DeployRequest, deploy } from './deploy.ts';
import { ActionError, type Finding, finding } from './errors.ts';
import { deploymentFor } from './github/deployment.ts';
import { type PullRequest, pullRequestFor } from './github/pull-request.ts';
import { mayRun } from './guard.ts';
import type { RawInputs } from './inputs/raw.ts';
import type { Facts } from './inputs/work.ts';
import { type Command, readInputs } from './inputs.ts';
import type { Outcome } from './outcome.ts';
import { describePlan, makePlan } from './plan.ts';
import type { Clock } from './ports.ts';
import type { Engine } from './running.ts';

export interface SessionOptions {
  readonly raw: RawInputs;
  readonly context: RunContext;
  readonly facts: Facts;
  readonly signal: AbortSignal;
  engine(): Engine;
}

export interface Session {
  readonly outcome: Outcome;
  /** The inputs or the event were refused: nothing was begun. */
  readonly refused: boolean;
  readonly summary: boolean;
  /** Where a preview is to be kept as a comment, if it is. */
  readonly pullRequest?: PullRequest;
}

/** Expected failures are in the outcome; so is a defect, with its stack as evidence. */
export async function runSession(options: SessionOptions): Promise<Session> {
  const { raw, context, facts, signal } = options;
  const refusals = mayRun(context);
  const { inputs, findings } = readInputs(raw, context, facts);
  const engine = options.engine();
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
  const outcome = await outcomeOf({ inputs, context, engine, signal }, problems);
  await record?.finish(outcome);
  const pullRequest = pullRequestFor(access);
  return { outcome, refused: false, summary, ...(pullRequest ? { pullRequest } : {}) };
}

async function outcomeOf(request: DeployRequest, problems: readonly Finding[]): Promise<Outcome> {
  try {
    const outcome = await deploy(request);
    return { ...outcome, findings: [...problems, ...outcome.findings] };
  } catch (error) {
    const { inputs, engine } = request;
    return refusedOutcome(inputs.command, [...problems, ...defect(error)], engine.ports.clock);
  }
}

function commandOf(raw: RawInputs): Command {
  const known: readonly Command[] = [
    'deploy',
    'diff',
    'status',
    'rollback',
    'history',
    'setup',
    'build',
    'scan',
  ];
  return known.find((command) => command === raw['command']) ?? 'deploy';
}

/** A session that could not even be begun: the outcome is published all the same. */
export function failedSession(error: unknown, raw: RawInputs, clock: Clock): Session {
  const outcome = refusedOutcome(commandOf(raw), defect(error), clock);
  return { outcome, refused: false, summary: raw['summary']?.trim().toLowerCase() !== 'false' };
}

/** What was thrown, as findings: expected ones, else `internal-error` with its stack. */
export function defect(error: unknown): readonly Finding[] {
  if (error instanceof ActionError) return error.findings;
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const evidence = stack
    .split('\n')
    .slice(1, 6)
    .map((line) => line.trim());
  return [finding('internal-error', `webgen-deploy itself failed: ${message}`, { evidence })];
}
