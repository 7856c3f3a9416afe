// Composition root of the action: the runner's environment in, outputs and exit code out.
import { join } from 'node:path';
import * as core from '@actions/core';
import type { RunContext } from './context.ts';
import { keepComment, type PullRequest } from './github/pull-request.ts';
import { rawFromEnvironment } from './inputs/raw.ts';
import type { Outcome } from './outcome.ts';
import { realFiles } from './platform/files.ts';
import { githubLog } from './platform/log.ts';
import type { Log } from './ports.ts';
import { removeSecretFiles } from './post.ts';
import { commentBody, commentMarker } from './report/comment.ts';
import { isGood } from './report/headline.ts';
import { outputsWithoutSecrets, shownOutcome } from './report/without-secrets.ts';
import { annotationsOf, outputsOf, renderReport, renderSummary, renderText } from './report.ts';
import { runContext } from './run-context.ts';
import { startSession } from './start.ts';
import { version } from './version.ts';

const state = { files: 'secret-files', main: 'main' };

/** The main step, or the post step where the main step has left its mark. */
export async function main(): Promise<void> {
  const log = githubLog((text) => process.stdout.write(text));
  if (core.getState(state.main)) return post(log);
  core.saveState(state.main, 'true');
  log.info(`webgen-deploy ${version}`);
  const raw = rawFromEnvironment(process.env);
  const context = await contextOf();
  const secretFiles: string[] = [];
  const session = await startSession({
    raw,
    context,
    log,
    environment: process.env,
    exports: { addPath: core.addPath, exportVariable: core.exportVariable },
    onSecretFile: (path) => {
      secretFiles.push(path);
      core.saveState(state.files, JSON.stringify(secretFiles));
    },
  });
  await publish(session.outcome, { ...session, context, log });
  await leave(isGood(session.outcome) ? 0 : 1);
}

/** `@actions/github` reads the event's payload; it is loaded after the first line is out. */
async function contextOf(): Promise<RunContext> {
  const { context } = await import('@actions/github');
  const surroundings = { workspace: process.cwd(), temp: process.env['RUNNER_TEMP'] ?? '/tmp' };
  return runContext(process.env, context.payload, surroundings);
}

interface Publishing {
  readonly context: RunContext;
  readonly log: Log;
  readonly summary: boolean;
  readonly pullRequest?: PullRequest;
}

/** Outputs, report files, summary, annotations, and last the block that a person reads first. */
async function publish(told: Outcome, publishing: Publishing): Promise<void> {
  const { context, log } = publishing;
  const files = realFiles(context.temp);
  const folder = told.folder ?? (await files.makeTemp('webgen-deploy-report-'));
  const path = join(folder, 'report.json');
  const { outputs, withheld } = outputsWithoutSecrets({ ...outputsOf(told), 'report-path': path });
  const outcome = shownOutcome(
    withheld ? { ...told, findings: [...told.findings, withheld] } : told,
  );
  const { json, markdown } = renderReport(outcome);
  await files.write(path, json);
  await files.write(path.replace(/json$/, 'md'), markdown);
  const { findings = '' } = outputsOf(outcome);
  for (const [name, value] of Object.entries({ ...outputs, findings })) core.setOutput(name, value);
  const summary = (await preview(outcome, publishing)) === 'summary' || publishing.summary;
  if (summary && process.env['GITHUB_STEP_SUMMARY']) {
    await core.summary.addRaw(renderSummary(outcome, context)).write();
  }
  for (const finding of annotationsOf(outcome)) log.annotate(finding);
  for (const line of renderText(outcome)) log.info(line);
}

/** Keeps the preview on the pull request; where that may not be, the summary has to have it. */
async function preview(
  outcome: Outcome,
  { context, log, pullRequest }: Publishing,
): Promise<'summary' | undefined> {
  if (!pullRequest || outcome.status === 'cancelled') return undefined;
  const marker = commentMarker(outcome);
  const body = commentBody(marker, renderSummary(outcome, context, true), context.runUrl);
  const refusal = await keepComment(pullRequest, { marker, body });
  if (refusal === undefined) return undefined;
  log.info(`The preview is in the job summary and not on the pull request: ${refusal}.`);
  return 'summary';
}

async function post(log: Log): Promise<void> {
  const temp = process.env['RUNNER_TEMP'] ?? '/tmp';
  await removeSecretFiles(core.getState(state.files), temp, { files: realFiles(temp), log });
}

/** Kept connections would hold the process for seconds; everything that matters is written. */
async function leave(code: number): Promise<void> {
  await new Promise<void>((done) => process.stdout.write('', () => done()));
  process.exit(code);
}
