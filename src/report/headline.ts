// The verdict of a run in one line, and its numbers: every form of the report begins or ends with it.

import type { ChangeKind } from '../apply/planned/change.ts';
import { type Command, commands } from '../core/commands.ts';
import { clip, counted, oneLine, spell } from '../core/text.ts';
import type { WorkloadResult } from '../rollout/facts/verdict.ts';
import { errorCode, leadOf } from './findings.ts';
import type { Outcome } from './outcome.ts';

/** `open`: nothing is wrong, and not everything is ready. */
export type Mood = 'good' | 'open' | 'bad' | 'stopped';

export function moodOf(outcome: Outcome): Mood {
  if (outcome.status === 'cancelled') return 'stopped';
  if (outcome.status === 'failed' || outcome.status === 'rolled-back') return 'bad';
  return outcome.command === 'status' && !isAllReady(outcome) ? 'open' : 'good';
}

/** Whether the run achieved its purpose. */
export function isGood(outcome: Outcome): boolean {
  return moodOf(outcome) !== 'bad' && moodOf(outcome) !== 'stopped';
}

const isAwaited = ({ verdict }: WorkloadResult): boolean => verdict.state !== 'suspended';

function isAllReady({ workloads }: Outcome): boolean {
  const awaited = workloads.filter(isAwaited);
  return workloads.length > 0 && awaited.every(({ verdict }) => verdict.state === 'ready');
}

function target(outcome: Outcome, word: 'to' | 'in'): string {
  const { app, environment, namespace } = outcome;
  const place = namespace && namespace !== environment ? ` (namespace ${namespace})` : '';
  return clip(oneLine(`${app}${environment ? ` ${word} ${environment}` : ''}${place}`), 200);
}

function leftToNewer(outcome: Outcome): string {
  const { release } = outcome.overtaken ?? {};
  const newer =
    release === undefined ? 'another run is deploying' : `release ${release} came after it`;
  return `Not judged, since ${newer}: ${target(outcome, 'in')}`;
}

function went({ release }: Outcome): string {
  return release?.of === undefined ? '' : ` to release ${release.of}`;
}

/** Where the command row's phrase and the target do not suffice. */
const results: Readonly<Partial<Record<Command, (outcome: Outcome) => string>>> = {
  diff: (outcome) => `Compared ${target(outcome, 'in')} with the cluster`,
  status: (outcome) => {
    if (outcome.overtaken) return leftToNewer(outcome);
    if (outcome.workloads.length === 0) return `Nothing is deployed: ${target(outcome, 'in')}`;
    const not = isAllReady(outcome) ? 'Everything' : 'Not everything';
    return `${not} is ready: ${target(outcome, 'in')}`;
  },
  history: (outcome) =>
    `${counted(outcome.releases?.length ?? 0, 'release')}: ${target(outcome, 'in')}`,
  setup: () => commands.setup.phrases.done,
  build: (outcome) =>
    `Built ${counted(Object.keys(outcome.images).length, 'image')} of ${outcome.app}`,
  scan: (outcome) => `Scanned ${outcome.app}`,
};

function result(outcome: Outcome): string {
  const { done, place } = commands[outcome.command].phrases;
  return results[outcome.command]?.(outcome) ?? `${done} ${target(outcome, place)}${went(outcome)}`;
}

// A run that ends before its inputs are read has no name yet.
function attempt(outcome: Outcome): string {
  const { doing, place } = commands[outcome.command].phrases;
  if (outcome.command === 'setup') return doing;
  return `${doing} ${target(outcome, place)}${went(outcome)}`.trimEnd();
}

/** `Deploying shop to production failed: image-not-found`. */
export function headline(outcome: Outcome): string {
  switch (outcome.status) {
    case 'deployed':
    case 'succeeded':
      return result(outcome);
    case 'unchanged':
      if (outcome.overtaken)
        return `Did not deploy ${target(outcome, 'to')}: a newer commit is live`;
      return `Nothing to change: ${target(outcome, 'in')} matches the manifests`;
    case 'cancelled':
      return `${attempt(outcome)} was cancelled`;
    case 'failed': {
      const undone = outcome.undone?.state === 'failed' ? ', and so did the undo' : '';
      return `${failed(outcome)}${undone}`;
    }
    case 'rolled-back':
      return `${failed(outcome)}; what was there before was restored`;
  }
}

function failed(outcome: Outcome): string {
  const code = errorCode(outcome);
  return `${attempt(outcome)} failed${code && `: ${code}`}`;
}

/** An image is often pushed again under the same tag, and then nothing rolls. */
const sameTags =
  'The image references are unchanged: an image that was pushed again under the same tag rolls nothing. Give each build a tag or digest of its own.';

/** What to do next when the run did not succeed; undefined when it did. */
export function nextStep(outcome: Outcome): string | undefined {
  const isTagged = Object.values(outcome.images).some((each) => !each.includes('@'));
  const isSame = outcome.status === 'unchanged' && !outcome.overtaken;
  if (isSame) return isTagged ? sameTags : undefined;
  if (outcome.status === 'cancelled') return 'Run it again; what was applied is listed.';
  const bad = outcome.status === 'failed' || outcome.status === 'rolled-back';
  return bad ? leadOf(outcome)?.hint : undefined;
}

const kinds: readonly ChangeKind[] = ['created', 'configured', 'recreated', 'deleted', 'unchanged'];

/** `2 created, 1 configured, 5 unchanged`; empty where nothing was compared. */
function changeCounts(outcome: Outcome): string {
  return kinds
    .map((kind) => [outcome.changes.filter((each) => each.change === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`)
    .join(', ');
}

/** `2 of 3 workloads ready, 1 not waited for`; empty where there is none. */
function readyCounts(outcome: Outcome): string {
  const all = outcome.workloads.filter(isAwaited).length;
  const ready = outcome.workloads.filter((each) => each.verdict.state === 'ready').length;
  const some =
    ready === all ? `${counted(all, 'workload')} ready` : `${ready} of ${all} workloads ready`;
  const other = outcome.workloads.length - all;
  const parts = [...(all > 0 ? [some] : []), ...(other > 0 ? [`${other} not waited for`] : [])];
  return parts.join(', ');
}

/** The numbers for the headline, joined: changes, workloads, duration. */
export function numbers(outcome: Outcome): string {
  const counts = changeCounts(outcome);
  const changed = outcome.command === 'diff' && counts ? `would be: ${counts}` : counts;
  const parts = [changed, readyCounts(outcome), spell(outcome.endedAt - outcome.startedAt)];
  return parts.filter((part) => part !== '').join(' · ');
}
