// All that leaves a run, through the doors that it really has: logs, summary, comment, report.
import type { Finding } from '../../src/core/errors.ts';
import type { Log } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import { githubLog, terminalLog } from '../../src/platform/log.ts';
import { commentBody, commentMarker } from '../../src/report/comment.ts';
import type { Outcome } from '../../src/report/outcome.ts';
import {
  annotationsOf,
  outputsOf,
  renderReport,
  renderSummary,
  renderText,
} from '../../src/report/render.ts';
import { outputsWithoutSecrets, shownOutcome } from '../../src/report/without-secrets.ts';
import { canaries } from '../support/canaries.ts';

/** What code under test has to say. */
export interface Said {
  readonly findings?: readonly Finding[];
  /** For the log. */
  readonly lines?: readonly string[];
  /** Parts of the outcome. */
  readonly outcome?: Partial<Outcome>;
  /** For standard output as it is: the answer of `--output json`. */
  readonly printed?: readonly string[];
  /** Files that others read, as they are written: SARIF. */
  readonly files?: readonly string[];
  /** Nothing in it can be a secret of the run: a file that somebody mailed in. */
  readonly foreign?: boolean;
}

export interface Published {
  /** For the runner: the log, and what is printed. No line may be a command. */
  readonly lines: string;
  /** Annotations: a command on every line, and nothing else. */
  readonly annotations: string;
  readonly terminal: string;
  readonly markdown: readonly string[];
  /** JSON. */
  readonly report: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

const start = Date.UTC(2026, 10, 27, 12);

export const plainOutcome: Outcome = {
  command: 'deploy',
  status: 'failed',
  app: 'shop',
  environment: 'staging',
  namespace: 'web',
  images: {},
  changes: [],
  restarts: [],
  unverified: [],
  workloads: [],
  scans: [],
  findings: [],
  timings: [],
  startedAt: start,
  endedAt: start + 48_000,
  apiRequests: 3,
};

export const run = {
  sha: '1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d',
  actor: 'octocat',
  repository: 'org/shop',
  runUrl: 'https://github.com/org/shop/actions/runs/1',
  rollbackWorkflow: 'on: {workflow_dispatch: {inputs: {environment: {}, to-release: {}}}}',
};

/** As a run does it before anything else: every secret is known from then on. */
const masking = githubLog(() => undefined);
for (const each of canaries) masking.mask(new Secret(each));

/** As `main.ts` and `terminal.ts` publish it. */
export function publish(said: Said): Published {
  const told: Outcome = { ...plainOutcome, ...said.outcome, findings: said.findings ?? [] };
  const { outputs, withheld } = outputsWithoutSecrets(outputsOf(told));
  const outcome = shownOutcome(
    withheld ? { ...told, findings: [...told.findings, withheld] } : told,
  );
  const { findings = '' } = outputsOf(outcome);
  const logged = written(githubLog);
  for (const line of [...(said.lines ?? []), ...renderText(outcome)]) logged.log.info(line);
  const annotated = written(githubLog);
  for (const each of annotationsOf(outcome)) annotated.log.annotate(each);
  const terminal = written((write) => terminalLog(write, { colour: false }));
  for (const each of said.findings?.slice(0, 30) ?? []) terminal.log.annotate(each);
  for (const line of [...(said.lines ?? []), ...renderText(outcome)]) terminal.log.info(line);
  const summary = renderSummary(outcome, run);
  const comment = commentBody(
    commentMarker(outcome),
    renderSummary(outcome, run, true),
    run.runUrl,
  );
  return {
    lines: [logged.text(), ...(said.printed ?? [])].join('\n'),
    annotations: annotated.text(),
    terminal: terminal.text(),
    markdown: [summary, comment],
    report: renderReport(outcome).json,
    outputs: { ...outputs, findings },
    files: said.files ?? [],
  };
}

function written(open: (write: (text: string) => void) => Log): {
  readonly log: Log;
  text(): string;
} {
  const texts: string[] = [];
  return { log: open((text) => texts.push(text)), text: () => texts.join('') };
}
