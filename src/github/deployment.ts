// GitHub's own record of a deploy: a deployment with its statuses, unless GitHub already keeps one.

import type { Clock, Log, Ports } from '../core/ports.ts';
import { known } from '../core/redaction/redaction.ts';
import { clip } from '../core/text.ts';
import type { Inputs } from '../inputs/types.ts';
import { fieldsAt, textAt } from '../kube/json.ts';
import { headline } from '../report/headline.ts';
import type { Outcome, Status } from '../report/outcome.ts';
import {
  answered,
  type GitHubAccess,
  githubOf,
  type OnGitHub,
  refusalWords,
} from './repository.ts';

export interface Deploying {
  readonly on: OnGitHub;
  readonly app: string;
  readonly environment: string;
  readonly environmentUrl?: string;
  readonly log: Pick<Log, 'info'>;
  readonly clock: Clock;
}

export interface DeploymentRecord {
  /** Reports the result to GitHub. Never throws, and is short; after `over` it takes almost no time. */
  finish(outcome: Outcome, over?: AbortSignal): Promise<void>;
}

/** Undefined if nothing is deployed, or without access to GitHub. */
export function deploymentFor(access: GitHubAccess & Run): DeploymentRecord | undefined {
  const { inputs, engine } = access;
  const on = githubOf(access);
  if (!on || inputs.command !== 'deploy' || !inputs.environment) return undefined;
  const { app, environment, environmentUrl } = inputs;
  return recordDeployment({
    on,
    app,
    environment,
    ...addressOf(environmentUrl, engine.ports.log),
    ...engine.ports,
  });
}

/** Visible to everybody who sees the repository: an address that contains a secret is left out, never altered. */
export function addressOf(
  environmentUrl: string | undefined,
  log: Pick<Log, 'info'>,
): Pick<Deploying, 'environmentUrl'> {
  if (!environmentUrl) return {};
  if (!known.holds(environmentUrl)) return { environmentUrl };
  log.info('GitHub gets no environment-url: a secret is in it.');
  return {};
}

interface Run {
  readonly inputs: Inputs;
  readonly engine: { readonly ports: Pick<Ports, 'log' | 'clock'> };
}

const permission = 'deployments: write';
/** A cancelled run has 7.5 s in total. */
const hurryMs = 2_000;
/** Used if its time was already over. */
const lastMs = 250;
const patienceMs = 8_000;
const longestDescription = 140;

const states: Readonly<Record<Status, string>> = {
  deployed: 'success',
  unchanged: 'success',
  succeeded: 'success',
  failed: 'failure',
  'rolled-back': 'failure',
  cancelled: 'error',
};

/** Starts in parallel with the deploy, which never waits for it. */
export function recordDeployment(deploying: Deploying): DeploymentRecord {
  const { log, clock } = deploying;
  const begun = quietly(log, () => begin(deploying));
  return {
    async finish(outcome, over) {
      const end = quietly(log, async () => {
        const id = await begun;
        if (id !== undefined) await sendStatus(deploying, id, endOf(outcome));
      });
      const ended = new AbortController();
      const limit = async () => {
        const patience = outcome.status === 'cancelled' ? hurryMs : patienceMs;
        const either = over ? AbortSignal.any([ended.signal, over]) : ended.signal;
        await clock.sleep(patience, either).catch(() => undefined);
        if (over?.aborted) await clock.sleep(lastMs, ended.signal).catch(() => undefined);
      };
      await Promise.race([end, limit()]);
      ended.abort();
    },
  };
}

/** The result of a finished deploy does not change if reporting fails. */
async function quietly<T>(log: Pick<Log, 'info'>, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    log.info(`The deploy was not reported to GitHub: ${clip(`${name}: ${message}`, 200)}`);
    return undefined;
  }
}

/** The deployment's id; undefined if we have none. */
async function begin(deploying: Deploying): Promise<number | undefined> {
  const { on, app, environment, log } = deploying;
  const kept = await isKeptByGitHub(deploying);
  if (kept !== false) {
    log.info(kept);
    return undefined;
  }
  const { github, owner, repo, sha } = on;
  const response = await answered(
    github.send('POST /repos/{owner}/{repo}/deployments', {
      owner,
      repo,
      ref: sha,
      environment,
      task: 'deploy',
      description: clip(`${app} by webgen-deploy`, longestDescription),
      // Required checks and merging are up to the workflow.
      auto_merge: false,
      required_contexts: [],
      payload: { 'webgen-deploy': app },
      production_environment: environment === 'production',
    }),
  );
  const id = fieldsAt(response.data)['id'];
  if (response.status !== 201 || typeof id !== 'number') {
    log.info(`No deployment on GitHub: ${refusalWords(response, permission)}.`);
    return undefined;
  }
  await sendStatus(deploying, id, {
    state: 'in_progress',
    description: 'webgen-deploy is running',
  });
  return id;
}

/**
 * A job that names an environment gets a deployment from GitHub before its first step runs, and its
 * statuses point to the run. Returns a sentence if that is the case, or cannot be determined.
 */
async function isKeptByGitHub({ on, environment }: Deploying): Promise<string | false> {
  const { github, owner, repo, sha, runUrl } = on;
  const place = { owner, repo };
  const route = 'GET /repos/{owner}/{repo}/deployments';
  const found = await answered(github.send(route, { ...place, sha, environment, per_page: 20 }));
  if (found.status !== 200 || !Array.isArray(found.data)) {
    const why = refusalWords(found, permission);
    return `No deployment on GitHub by this step: ${why}. A job that names an environment has one.`;
  }
  const others = found.data.filter(
    (each) => !Object.hasOwn(fieldsAt(each, 'payload'), 'webgen-deploy'),
  );
  const made = await Promise.all(
    others.map(async (each) => {
      const statuses = await answered(
        github.send('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
          ...place,
          deployment_id: fieldsAt(each)['id'],
          per_page: 20,
        }),
      );
      const list: readonly unknown[] = Array.isArray(statuses.data) ? statuses.data : [];
      return list.some((status) => `${textAt(status, 'log_url')}/`.startsWith(`${runUrl}/`));
    }),
  );
  const words = `GitHub keeps the deployment to ${environment} itself, since the job names it.`;
  return made.includes(true) ? words : false;
}

interface DeploymentStatus {
  readonly state: string;
  readonly description: string;
}

/** A superseded deploy is not live, and has not failed either. */
function endOf(outcome: Outcome): DeploymentStatus {
  const description = clip(known.redact(headline(outcome)), longestDescription);
  const isLeft = outcome.status === 'unchanged' && outcome.overtaken !== undefined;
  return { state: isLeft ? 'inactive' : states[outcome.status], description };
}

async function sendStatus(
  deploying: Deploying,
  id: number,
  status: DeploymentStatus,
): Promise<void> {
  const { on, environment, environmentUrl, log } = deploying;
  const { github, owner, repo, runUrl } = on;
  const { state, description } = status;
  const response = await answered(
    github.send('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
      owner,
      repo,
      deployment_id: id,
      state,
      description,
      environment,
      log_url: runUrl,
      ...(environmentUrl ? { environment_url: environmentUrl } : {}),
      // Earlier deployments; a deploy that is not live does not supersede them.
      auto_inactive: state !== 'inactive',
    }),
  );
  if (response.status === 201) return;
  log.info(
    `The status ${state} was not reported to GitHub: ${refusalWords(response, permission)}.`,
  );
}
