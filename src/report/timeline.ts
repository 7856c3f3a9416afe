// The timeline of a run as a Mermaid gantt, which GitHub draws in a summary.

import { clip, oneLine } from '../core/text.ts';
import type { Timing } from '../core/timing.ts';
import type { Outcome } from './outcome.ts';

const sections: readonly Timing['section'][] = ['prepare', 'build', 'scan', 'apply', 'rollout'];

/** More bars are illegible, and Mermaid draws them slowly. */
const most = 40;

// Mermaid reads a line of a gantt that begins with one of these as a setting, not as a bar.
const setting =
  /^(?:title|section|click|call|href|gantt|acc|dateformat|axisformat|tick|includes|excludes|today|week|top|inclusive|vert|\d)/i;

function label(name: string): string {
  const clean = oneLine(name)
    .replaceAll(/[^\p{L}\p{N} ./()-]/gu, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
  const safe = setting.test(clean) || clean === '' ? `- ${clean}` : clean;
  return clip(safe, 60).trim();
}

/** The steps that were timed, and one bar for each workload that was waited for. */
function barsOf(outcome: Outcome): readonly Timing[] {
  const workloads = outcome.workloads.map((each) => ({
    section: 'rollout' as const,
    name: each.object,
    from: each.from,
    to: each.to,
    failed: each.verdict.state === 'failed',
  }));
  return [...outcome.timings, ...workloads.filter((each) => each.to > each.from)];
}

function longest(bars: readonly Timing[]): readonly Timing[] {
  const weight = (bar: Timing): number => (bar.failed ? 1e12 : 0) + bar.to - bar.from;
  const kept = new Set([...bars].sort((a, b) => weight(b) - weight(a)).slice(0, most));
  return bars.filter((bar) => kept.has(bar));
}

function bar(timing: Timing, start: number): string {
  const from = Math.max(0, Math.round(timing.from - start));
  const to = Math.max(from + 1, Math.round(timing.to - start));
  return `    ${label(timing.name)} :${timing.failed ? 'crit' : 'done'}, ${from}, ${to}`;
}

/** The lines of the diagram, from 0 at the start of the run; undefined without any bar. */
export function gantt(outcome: Outcome): { text: string; leftOut: number } | undefined {
  const all = barsOf(outcome);
  if (all.length === 0) return undefined;
  const bars = [...longest(all)].sort((a, b) => a.from - b.from);
  // `x` is milliseconds since the epoch: the run starts there, so the axis shows its minutes.
  const lines = ['gantt', '    dateFormat x', '    axisFormat %M:%S'];
  for (const section of sections) {
    const own = bars.filter((each) => each.section === section);
    if (own.length > 0) lines.push(`    section ${section}`);
    lines.push(...own.map((each) => bar(each, outcome.startedAt)));
  }
  return { text: lines.join('\n'), leftOut: all.length - bars.length };
}
