// GitHub's own record of a deploy: a deployment with its statuses, unless GitHub keeps one already.

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
  /** Tells GitHub how it ended. Never throws, and does not take long; nearly nothing after `over`. */
  finish(outcome: Outcome, over?: AbortSignal): Promise<void>;
}

/** Undefined where nothing is deployed, or where there is no GitHub to tell. */
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

/** Everybody who sees the repository sees it: an address with a secret in it is left out, never altered. */
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
/** A cancelled run has 7.5 s for everything. */
const hurryMs = 2_000;
/** Where its time was over before. */
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

/** Begins beside the deploy, which never waits for it. */
export function recordDeployment(deploying: Deploying): DeploymentRecord {
  const { log, clock } = deploying;
  const begun = quietly(log, () => begin(deploying));
  return {
    async finish(outcome, over) {
      const end = quietly(log, async () => {
        const id = await begun;
        if (id !== undefined) await tell(deploying, id, endOf(outcome));
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

/** A finished deploy stays what it is, whatever becomes of the reporting. */
async function quietly<T>(log: Pick<Log, 'info'>, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    log.info(`GitHub was not told about the deploy: ${clip(`${name}: ${message}`, 200)}`);
    return undefined;
  }
}

/** The deployment's id; undefined where there is none of ours. */
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
      // Checks are the workflow's business, and so is what is merged.
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
  await tell(deploying, id, { state: 'in_progress', description: 'webgen-deploy is at work' });
  return id;
}

/**
 * A job that names an environment gets a deployment from GitHub before its first step runs, and its
 * statuses point to the run. A sentence where that is so, or where it cannot be known.
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

interface Told {
  readonly state: string;
  readonly description: string;
}

/** What was overtaken is not live, and not failed either. */
function endOf(outcome: Outcome): Told {
  const description = clip(known.redact(headline(outcome)), longestDescription);
  const isLeft = outcome.status === 'unchanged' && outcome.overtaken !== undefined;
  return { state: isLeft ? 'inactive' : states[outcome.status], description };
}

async function tell(deploying: Deploying, id: number, told: Told): Promise<void> {
  const { on, environment, environmentUrl, log } = deploying;
  const { github, owner, repo, runUrl } = on;
  const { state, description } = told;
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
      // Of the deployments before it, which one that is not live does not replace.
      auto_inactive: state !== 'inactive',
    }),
  );
  if (response.status === 201) return;
  log.info(`GitHub was not told ${state}: ${refusalWords(response, permission)}.`);
}
