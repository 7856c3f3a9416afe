// Composition root of the action: takes the runner's environment, produces outputs and an exit code.
import { randomUUID } from 'node:crypto';
import { EOL } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { RunContext } from '../core/context.ts';
import { refuseRunner } from '../core/guard.ts';
import type { Log } from '../core/ports.ts';
import { version } from '../core/version.ts';
import { keepComment, type PullRequest } from '../github/pull-request.ts';
import { rawFromEnvironment } from '../inputs/raw.ts';
import { realClock } from '../platform/clock.ts';
import { realFiles } from '../platform/files.ts';
import { githubLog } from '../platform/log.ts';
import { writingOut } from '../platform/watchdog.ts';
import { commentBody, commentMarker } from '../report/comment.ts';
import { isGood } from '../report/headline.ts';
import type { Outcome } from '../report/outcome.ts';
import {
  annotationsOf,
  outputsOf,
  renderReport,
  renderSummary,
  renderText,
} from '../report/render.ts';
import type { RunFacts } from '../report/sections.ts';
import { outputsWithoutSecrets, shownOutcome } from '../report/without-secrets.ts';
import { defectFindings, refusedOutcome } from '../run/conclude.ts';
import { removeSecretFiles } from './post.ts';
import { runContext } from './run-context.ts';
import { startSession, type Watched } from './start.ts';
import { rollbackWorkflowOf } from './workflow-files.ts';

const state = { files: 'secret-files', main: 'main' };

/** The main step, or the post step if the main step has set its state. */
export async function main(entry: string): Promise<void> {
  const log = githubLog(writingOut((text) => process.stdout.write(text)));
  try {
    await run(log, entry);
  } catch (error) {
    // What was published until then stays; the post step removes secret files.
    for (const each of defectFindings(error)) log.annotate(each);
    await leave(1);
  }
}

async function run(log: Log, entry: string): Promise<void> {
  if (core.getState(state.main)) return post(log);
  core.saveState(state.main, 'true');
  log.info(`webgen-deploy ${version}`);
  const refusal = refuseRunner(process.env['RUNNER_OS'], process.platform);
  if (refusal) {
    // Nothing is read or written on an unsupported system, not even a report.
    const outcome = refusedOutcome('deploy', [refusal], realClock());
    for (const [name, value] of Object.entries(outputsOf(outcome))) core.setOutput(name, value);
    say(outcome, log);
    return leave(1);
  }
  const raw = rawFromEnvironment(process.env);
  const context = await contextOf();
  const secretFiles: string[] = [];
  const session = await startSession({
    entry,
    lastWords: (outcome) => lastWords(outcome, context),
    // The post step gets their list.
    secretFiles: () => [],
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

/** `@actions/github` reads the event's payload; it is loaded after the first line is printed. */
async function contextOf(): Promise<Place> {
  const { context } = await import('@actions/github');
  const surroundings = { workspace: process.cwd(), temp: process.env['RUNNER_TEMP'] ?? '/tmp' };
  const place = runContext(process.env, context.payload, surroundings);
  // Read now, since a hung run can no longer do so.
  const rollbackWorkflow = await rollbackWorkflowOf(place.workspace);
  return { ...place, ...(rollbackWorkflow === undefined ? {} : { rollbackWorkflow }) };
}

type Place = RunContext & RunFacts;

interface Publishing {
  readonly context: Place;
  readonly log: Log;
  readonly summary: boolean;
  readonly pullRequest?: PullRequest;
}

/** Outputs, report files, summary, annotations, and last the block that people read first. */
async function publish(original: Outcome, publishing: Publishing): Promise<void> {
  const { context, log } = publishing;
  const files = realFiles(context.temp);
  const folder = original.folder ?? (await files.makeTemp('webgen-deploy-report-'));
  const path = join(folder, 'report.json');
  const { outcome, outputs } = shown(original, { 'report-path': path });
  const { json, markdown } = renderReport(outcome);
  await files.write(path, json);
  await files.write(path.replace(/json$/, 'md'), markdown);
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  const summary = (await preview(outcome, publishing)) === 'summary' || publishing.summary;
  if (summary && process.env['GITHUB_STEP_SUMMARY']) {
    await core.summary.addRaw(renderSummary(outcome, context)).write();
  }
  say(outcome, log);
}

/** The outcome and its outputs without secrets, ready to be published. */
function shown(original: Outcome, more: Readonly<Record<string, string>> = {}) {
  const { outputs, withheld } = outputsWithoutSecrets({ ...outputsOf(original), ...more });
  const outcome = shownOutcome(
    withheld ? { ...original, findings: [...original.findings, withheld] } : original,
  );
  const { findings = '' } = outputsOf(outcome);
  return { outcome, outputs: { ...outputs, findings } };
}

function say(outcome: Outcome, log: Log): void {
  for (const finding of annotationsOf(outcome)) log.annotate(finding);
  for (const line of renderText(outcome)) log.info(line);
}

/** The same, synchronously and without a library: text for the log and for the runner's files. */
function lastWords(original: Outcome, context: Place): ReturnType<Watched['lastWords']> {
  const { outcome, outputs } = shown(original);
  const said: string[] = [];
  say(
    outcome,
    githubLog((text) => said.push(text)),
  );
  const { GITHUB_OUTPUT: file, GITHUB_STEP_SUMMARY: summary } = process.env;
  return {
    fd: 1,
    // Closes whatever line or group is open.
    text: `\n::endgroup::\n${said.join('')}`,
    files: [
      ...(file ? [{ path: file, text: outputPairs(outputs) }] : []),
      ...(summary ? [{ path: summary, text: renderSummary(outcome, context) }] : []),
    ],
  };
}

/** As `core.setOutput` writes them; no value can contain a random delimiter. */
function outputPairs(outputs: Readonly<Record<string, string>>): string {
  const delimiter = `ghadelimiter_${randomUUID()}`;
  return Object.entries(outputs)
    .map(([name, value]) => [`${name}<<${delimiter}`, value, delimiter, ''].join(EOL))
    .join('');
}

/** Keeps the preview on the pull request; without permission for that, the summary has it. */
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

/** Kept-alive connections would delay the exit for seconds; everything that matters is written. */
async function leave(code: number): Promise<void> {
  await new Promise<void>((done) => process.stdout.write('', () => done()));
  process.exit(code);
}
