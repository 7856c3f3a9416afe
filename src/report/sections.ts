// The parts of the job summary, in the order of a reader's questions.

import type { Change } from '../apply/planned/change.ts';
import type { RunContext } from '../core/context.ts';
import type { ReportedFinding } from '../core/errors.ts';
import { clip, counted, safeLines, spell } from '../core/text.ts';
import { errorPage } from '../core/version.ts';
import { causesOf, evidenceOf, leadOf, named, placeOf, podOf, subjectOf } from './findings.ts';
import { headline, moodOf, nextStep, numbers } from './headline.ts';
import { type Block, code, fence, fold, link, prose, table } from './markdown.ts';
import type { Outcome } from './outcome.ts';
import { gantt } from './timeline.ts';

/** What the summary says of the run itself. */
export interface RunFacts extends Pick<RunContext, 'sha' | 'runUrl' | 'actor' | 'repository'> {
  /** The text of the repository's own `rollback.yml`, if any. */
  readonly rollbackWorkflow?: string;
}

/** Longer tables are not read in a summary; the report file has every row. */
const mostRows = 200;

const marks = { good: '✅', open: '⏳', bad: '❌', stopped: '⏹️' } as const;

/** First line: the result; second: why; third: what to do. */
export function verdictBlock(outcome: Outcome): Block {
  const lead = leadOf(outcome);
  const next = nextStep(outcome);
  const lines = [`## ${marks[moodOf(outcome)]} ${prose(headline(outcome))}`];
  if (lead) lines.push(`**${prose(lead.what)}**`);
  if (next) lines.push(`**Next:** ${prose(safeLines(next)[0] ?? '')}`);
  lines.push(prose(numbers(outcome)));
  return { what: 'verdict', text: lines.join('\n\n') };
}

/** Commit, person, run: the origin of the deploy. */
export function originBlock(outcome: Outcome, run: RunFacts | undefined): Block[] {
  if (!run) return [];
  const parts = [
    run.repository && prose(run.repository),
    run.sha && `commit ${code(run.sha.slice(0, 12))}`,
    run.actor && `by ${prose(run.actor)}`,
    run.runUrl && link('run', run.runUrl),
    outcome.apiRequests > 0 && counted(outcome.apiRequests, 'API request'),
  ];
  const text = parts.filter(Boolean).join(' · ');
  return text ? [{ what: 'origin', text: `<sub>${text}</sub>` }] : [];
}

function factsOf(finding: ReportedFinding): string {
  const pod = podOf(finding);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['file', finding.object && placeOf(finding)],
    ['pod', pod],
    ['container', finding.container],
  ];
  return facts
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${code(value)}`]))
    .join(' · ');
}

function findingText(finding: ReportedFinding): string {
  const evidence = evidenceOf(finding);
  const parts = [
    `#### [${finding.code}](${errorPage(finding.code)}) ${prose(subjectOf(finding))}`.trimEnd(),
    prose(finding.what),
    factsOf(finding),
    evidence.length > 0 ? fence(evidence) : '',
    ...logParts(finding),
    fixText(finding.hint),
  ];
  return parts.filter(Boolean).join('\n\n');
}

// A hint of several lines ends with something to paste: a rule, a command.
function fixText(hint: string): string {
  const [first = '', ...rest] = safeLines(hint);
  const text = `**Fix:** ${prose(first)}`;
  return rest.length > 0 ? `${text}\n\n${fence(rest)}` : text;
}

function logParts(finding: ReportedFinding): string[] {
  const logs = (finding.logs ?? []).filter((log) => log.lines.length > 0);
  return logs.map((log) => {
    const which = log.previous ? ', before its last restart' : '';
    const title = `Last log lines of ${code(`${log.pod}/${log.container}`)}${which}`;
    return fold(title, fence(log.lines));
  });
}

/** Every cause with its evidence and fix; logs are collapsed. */
export function findingBlocks(outcome: Outcome): Block[] {
  const causes = causesOf(outcome.findings);
  if (causes.length === 0) return [];
  const title: Block = { what: 'title', text: '### Findings' };
  return [title, ...causes.map((each) => ({ what: each.code, text: findingText(each) }))];
}

/** Only the rows that are shown are made: there may be tens of thousands. */
function limited<T>(
  title: string,
  head: readonly string[],
  all: readonly T[],
  row: (each: T) => readonly string[],
): Block[] {
  if (all.length === 0) return [];
  const more = all.length - mostRows;
  const rest = more > 0 ? `\n\n_… and ${more} more rows in the report file._` : '';
  const text = `### ${title}\n\n${table(head, all.slice(0, mostRows).map(row))}${rest}`;
  return [{ what: `table “${title}”`, text }];
}

function changeRow(change: Change): string[] {
  const fields = (change.fields ?? []).slice(0, 12).map(code).join(', ');
  const more = (change.fields?.length ?? 0) - 12;
  const cell = more > 0 ? `${fields} and ${more} more` : fields;
  return [code(named(change.object, change.namespace)), change.change, cell];
}

/** The differences, each collapsed. */
export function patchBlocks({ changes }: Outcome): Block[] {
  const blocks = changes.flatMap((each) => {
    if (!each.patch) return [];
    const title = code(named(each.object, each.namespace));
    return [{ what: 'difference', text: fold(title, fence([each.patch], 'diff')) }];
  });
  return blocks.length > 0 ? [{ what: 'title', text: '### Differences' }, ...blocks] : [];
}

/** What changed, or would change; unchanged objects are only counted. */
export function changeBlocks(outcome: Outcome): Block[] {
  const changed = outcome.changes.filter((each) => each.change !== 'unchanged');
  const same = outcome.changes.length - changed.length;
  const title = outcome.command === 'diff' ? 'What would change' : 'What changed';
  const shown = changed.filter((each) => !isForPrune(each, outcome));
  const blocks = limited(title, ['object', 'change', 'fields'], shown, changeRow);
  if (same > 0) blocks.push({ what: 'count', text: `${counted(same, 'object')} unchanged.` });
  return blocks;
}

/** The only deletions of a preview. */
const isForPrune = ({ change }: Change, { command }: Outcome): boolean =>
  command === 'diff' && change === 'deleted';

/** What a deploy with `prune` would delete, and what it would keep. */
export function pruneBlocks(outcome: Outcome): Block[] {
  const going = outcome.changes.filter((each) => isForPrune(each, outcome));
  return [
    ...limited('Would be pruned', ['object'], going, (each) => [
      code(named(each.object, each.namespace)),
    ]),
    ...limited(
      'No longer in the manifests, and not pruned',
      ['object', 'why'],
      outcome.kept ?? [],
      (each) => [code(named(each.object, each.namespace)), prose(each.why)],
    ),
  ];
}

/** What was undone after the failure, and what was not. */
export function undoneBlocks({ undone }: Outcome): Block[] {
  if (!undone) return [];
  const took = `Undone in ${spell(undone.to - undone.from)}`;
  const title = undone.state === 'done' ? took : 'Undo';
  const rows = limited(title, ['object', '', 'why'], undone.objects, (each) => [
    code(named(each.object, each.namespace)),
    each.did,
    prose(each.why ?? ''),
  ]);
  return [...rows, ...verdictRows('After the undo', undone)];
}

/** The recorded releases, newest first. */
export function releaseBlocks(
  { command, releases = [], release }: Outcome,
  run: RunFacts | undefined,
): Block[] {
  if (command !== 'history') return [];
  const head = ['number', 'state', 'when', 'who', 'commit', ''];
  return limited('Releases', head, releases, (each) => [
    `${each.number}${each.number === release?.number ? ' (live)' : ''}`,
    each.of === undefined ? each.state : `${each.state}, back to ${each.of}`,
    code(each.startedAt),
    prose(each.actor),
    code(each.commit.slice(0, 12)),
    each.runUrl && linkToOwn(each.runUrl, run),
  ]);
}

/** A record may name any address: on a trusted page only our own server's becomes a link. */
function linkToOwn(url: string, run: RunFacts | undefined): string {
  const origin = (text: string) => (URL.canParse(text) ? new URL(text).origin : '');
  const isOwn = run !== undefined && origin(url) !== '' && origin(url) === origin(run.runUrl);
  return isOwn ? link('run', url) : prose(clip(url, 300));
}

/** Rolled because their configuration changed; in a preview, also because their pod template did. */
export function restartBlocks(outcome: Outcome): Block[] {
  const title = outcome.command === 'diff' ? 'Would restart' : 'Restarted';
  return limited(title, ['workload', 'because this changed'], outcome.restarts, (each) => [
    code(named(each.object, each.namespace)),
    each.because.map(code).join(', '),
  ]);
}

/** What could not be dry-run. */
export function unverifiedBlocks(outcome: Outcome): Block[] {
  return limited(
    'Not checked before the first write',
    ['object', 'why'],
    outcome.unverified,
    (each) => [code(each.object), prose(each.why)],
  );
}

/** Name and reference, as deployed; none where a newer commit is live. */
export function imageBlocks(outcome: Outcome): Block[] {
  if (outcome.overtaken) return [];
  return limited('Images', ['name', 'reference'], Object.entries(outcome.images), (pair) =>
    pair.map(code),
  );
}

/** The verdict of every workload, the bad ones first. */
export function workloadBlocks(outcome: Outcome): Block[] {
  return verdictRows('Workloads', outcome);
}

function verdictRows(title: string, { workloads }: Pick<Outcome, 'workloads'>): Block[] {
  const good = (state: string): number => (state === 'ready' ? 1 : 0);
  const all = workloads.toSorted((a, b) => good(a.verdict.state) - good(b.verdict.state));
  return limited(title, ['workload', 'verdict', '', 'time'], all, (each) => [
    code(named(each.object, each.namespace)),
    each.verdict.state,
    prose(each.verdict.words),
    spell(each.to - each.from),
  ]);
}

/** The picture of the timeline. */
export function timelineBlocks(outcome: Outcome): Block[] {
  const picture = gantt(outcome);
  if (!picture) return [];
  const rest = picture.leftOut ? `\n\n_${counted(picture.leftOut, 'shorter step')} left out._` : '';
  const diagram = `\`\`\`mermaid\n${picture.text}\n\`\`\``;
  return [{ what: 'timeline', text: `### Timeline\n\n${diagram}${rest}` }];
}
