// probe.yml's two steps: what github.com did against what the workflows rely on. Needs no package.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectOf } from './project.ts';

/** `needs` of the comparing job, as GitHub writes it. */
export type Needs = Readonly<
  Record<
    string,
    { readonly result: string; readonly outputs: Readonly<Record<string, string>> } | undefined
  >
>;

export interface Seen {
  readonly needs: Needs;
  /** Does the running repository have the project's owner? */
  readonly sameOwner: boolean;
}

/** What could not be tried, and what is missing for it. */
interface NotTried {
  readonly notTried: string;
}

export interface Rule {
  readonly rule: string;
  /** Where it is written or was reported. */
  readonly source: string;
  readonly expected: (seen: Seen) => string;
  readonly seen: (seen: Seen) => string | NotTried;
}

const output = ({ needs }: Seen, job: string, name: string) => needs[job]?.outputs[name] ?? '';
const result = ({ needs }: Seen, job: string) => needs[job]?.result ?? 'absent';

const reuse = 'https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows';
const gates = 'https://docs.github.com/en/actions/reference/workflows-and-actions/expressions';
const groups =
  'https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency';
const syntax = 'https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax';
const runner = 'https://github.com/actions/runner/issues';

const noSecret = { notTried: 'set PROBE_SECRET in the environment probe' };

/** A secret that is nowhere cannot arrive anywhere. */
const withSecret = (seen: Seen, value: string) =>
  output(seen, 'outputs', 'secret') === 'empty' ? noSecret : value;

/** An output that was dropped is empty; so is all that a broken job never said. */
function survival(seen: Seen, name: string): string | NotTried {
  const secret = output(seen, 'outputs', 'secret');
  if (secret === 'one-line') return { notTried: 'store PROBE_SECRET with its line breaks' };
  if (secret !== 'pretty') return withSecret(seen, '');
  return output(seen, 'outputs', name) === '' ? 'dropped' : 'kept';
}

function queueOrder(seen: Seen): string | NotTried {
  const jobs = ['queue-1', 'queue-2', 'queue-3'];
  const failed = jobs.find((job) => result(seen, job) !== 'success');
  if (failed !== undefined) return `${failed}: ${result(seen, failed)}`;
  const ended = Number(output(seen, 'queue-1', 'ended'));
  const [second = 0, third = 0] = ['queue-2', 'queue-3'].map((job) =>
    Number(output(seen, job, 'started')),
  );
  if (Math.min(second, third) < ended) return 'not one after the other';
  return second <= third ? '1, 2, 3' : '1, 3, 2';
}

export const rules: readonly Rule[] = [
  {
    rule: "an environment's secret, passed by name, in a called workflow of the same repository",
    source: reuse,
    expected: () => 'arrived',
    seen: (seen) => withSecret(seen, output(seen, 'here', 'secret')),
  },
  {
    rule: "an environment's secret, passed by name, in a called workflow of the project",
    source: `${runner}/4453`,
    expected: ({ sameOwner }) => (sameOwner ? 'arrived' : 'empty'),
    seen: (seen) => withSecret(seen, output(seen, 'upstream', 'secret')),
  },
  {
    rule: "an environment's variable in a called workflow of the project",
    source: reuse,
    expected: () => 'arrived',
    seen: (seen) =>
      output(seen, 'here', 'variable') === 'empty'
        ? { notTried: 'set PROBE_VARIABLE in the environment probe' }
        : output(seen, 'upstream', 'variable'),
  },
  {
    rule: 'a JSON output beside a secret whose lines are `{` and `}`',
    source: `${runner}/1488`,
    expected: () => 'dropped',
    seen: (seen) => survival(seen, 'json'),
  },
  {
    rule: 'an output of `name=sha256:…` beside the same secret',
    source: `${runner}/1488`,
    expected: () => 'kept',
    seen: (seen) => survival(seen, 'lines'),
  },
  {
    rule: 'a job with `environment: {name: ""}`',
    source: syntax,
    expected: () => 'success',
    seen: (seen) => result(seen, 'nameless'),
  },
  {
    rule: '`needs.*.result` of a job that ran out of time',
    source: gates,
    expected: () => 'cancelled',
    seen: (seen) => result(seen, 'timeout'),
  },
  {
    rule: '`!failure() && !cancelled()` behind it',
    source: gates,
    expected: () => 'success',
    seen: (seen) => result(seen, 'unless-failure'),
  },
  {
    rule: 'the condition by `needs.*.result` behind it',
    source: gates,
    expected: () => 'skipped',
    seen: (seen) => result(seen, 'unless-result'),
  },
  {
    rule: 'the group of a job that waits for approval',
    source: groups,
    expected: () => 'held',
    seen: (seen) => {
      const group = output(seen, 'observe', 'group');
      return group === 'not-waiting'
        ? { notTried: 'give the environment probe-approval a required reviewer' }
        : group;
    },
  },
  {
    rule: 'the order of `queue: max`',
    source: groups,
    expected: () => '1, 2, 3',
    seen: queueOrder,
  },
  {
    rule: '`deployment: false` with a custom protection rule',
    source: syntax,
    expected: () => 'failure',
    seen: (seen) =>
      result(seen, 'custom-rule') === 'skipped'
        ? { notTried: 'give the environment probe-custom a custom rule, and set PROBE_CUSTOM' }
        : result(seen, 'custom-rule'),
  },
];

export interface Row {
  readonly rule: string;
  readonly expected: string;
  readonly seen: string;
  readonly verdict: 'as expected' | 'differs' | 'not tried';
  readonly source: string;
}

/** One row a rule. What a job that broke never said differs, too. */
export function compare(seen: Seen): readonly Row[] {
  return rules.map(({ rule, source, ...each }) => {
    const [expected, found] = [each.expected(seen), each.seen(seen)];
    if (typeof found !== 'string') {
      return { rule, source, expected, seen: found.notTried, verdict: 'not tried' };
    }
    const verdict = found === expected ? 'as expected' : 'differs';
    return { rule, source, expected, seen: found || 'nothing', verdict };
  });
}

const cell = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 300).replaceAll('|', '\\|');

/** For the job's summary. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map(({ rule, expected, seen, verdict, source }) =>
    [rule, expected, seen, verdict, source].map(cell).join(' | '),
  );
  const head = ['rule | expected | seen | verdict | source', '--- | --- | --- | --- | ---'];
  return [...head, ...lines].map((line) => `| ${line} |\n`).join('');
}

/** Of one job, as the API shows it. */
interface JobStatus {
  readonly name?: unknown;
  readonly status?: unknown;
}

/**
 * Whether the waiting job holds its group; undefined while that cannot be said yet.
 * Statuses: https://docs.github.com/en/rest/actions/workflow-jobs
 */
export function groupSeen(jobs: readonly JobStatus[]): 'free' | 'not-waiting' | undefined {
  const status = (name: string) => jobs.find((job) => job.name === name)?.status;
  if (status('waiting') !== 'waiting') return 'not-waiting';
  return status('behind') === 'completed' ? 'free' : undefined;
}

export interface Watching {
  /** Of GitHub's API, for the jobs of this attempt. */
  readonly url: string;
  readonly token: string;
  /** Looks, and milliseconds between two of them. */
  readonly times: number;
  readonly every: number;
}

/** `held` where the job behind got no turn in all that time, though it runs for a second. */
export async function observe({ url, token, times, every }: Watching): Promise<string> {
  for (let turn = 0; turn < times; turn++) {
    if (turn > 0) await sleep(every);
    const response = await fetch(url, {
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
      redirect: 'error',
    });
    if (!response.ok)
      throw new Error(`GitHub did not show the jobs of this run: ${response.status}`);
    const { jobs } = (await response.json()) as { readonly jobs?: unknown };
    const group = groupSeen(Array.isArray(jobs) ? jobs : []);
    if (group !== undefined) return group;
  }
  return 'held';
}

const environment = (name: string) => {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is empty; this script is a part of probe.yml.`);
};

async function watchThisRun(): Promise<void> {
  const [url, repository] = [environment('GITHUB_API_URL'), environment('GITHUB_REPOSITORY')];
  const run = `${environment('GITHUB_RUN_ID')}/attempts/${environment('GITHUB_RUN_ATTEMPT')}`;
  const group = await observe({
    url: `${url}/repos/${repository}/actions/runs/${run}/jobs?per_page=100`,
    token: environment('PROBE_TOKEN'),
    times: 18,
    every: 10_000,
  });
  appendFileSync(environment('GITHUB_OUTPUT'), `group=${group}\n`);
}

function compareThisRun(): void {
  const packageText = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  const owner = (name: string) => name.split('/')[0]?.toLowerCase();
  const rows = compare({
    needs: JSON.parse(environment('NEEDS')) as Needs,
    sameOwner: owner(environment('GITHUB_REPOSITORY')) === owner(projectOf(packageText)),
  });
  const table = renderTable(rows);
  appendFileSync(environment('GITHUB_STEP_SUMMARY'), table);
  console.log(table);
  const differ = rows.filter(({ verdict }) => verdict === 'differs').length;
  if (differ === 0) return;
  console.log(`::error title=Probe::${differ} of ${rows.length} rules are not what they were.`);
  process.exitCode = 1;
}

if (import.meta.main) {
  const [name] = process.argv.slice(2);
  if (name === 'observe') await watchThisRun();
  else if (name === 'compare') compareThisRun();
  else throw new Error('observe or compare');
}
