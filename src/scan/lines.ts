// The results of scans as lines of text.

import { oneLine } from '../core/text.ts';
import { severityCounts } from './gate.ts';
import type { Problem } from './problems.ts';
import type { ScanResult } from './result.ts';

/** The block in the log: a line of numbers, and the worst problems that count. */
export function scanLines(result: ScanResult, lineOf: (problem: Problem) => string): string[] {
  const { reference, system, counting, files } = result;
  const about = [reference, system].filter((each) => each !== undefined).join('  ');
  const more = counting.length - inSight;
  return [
    ...(about === '' ? [] : [about]),
    sentence(result),
    ...counting.slice(0, inSight).map((each) => `  ${lineOf(each)}`),
    ...(more > 0 ? [`  … and ${more} more in the report`] : []),
    ...Object.entries(files).map(([name, path]) => `${name}: ${path}`),
  ].map(oneLine);
}

/** Rows shown, and rows in total: the rest is in the scanner's own report. */
export const inSight = 10;

export function sentence(result: ScanResult): string {
  if (result.state === 'failed') return 'could not be scanned; see the findings.';
  const asked = result.severities.join(', ');
  const fresh = result.comparedWith.length > 0 ? ' and new' : '';
  const counts = severityCounts(result.counting);
  const first = counts === '' ? `Nothing at ${asked}${fresh}` : `${counts}${fresh}`;
  const parts = [
    first,
    result.known.length > 0 && `${result.known.length} run already`,
    result.minor.length > 0 && `below: ${severityCounts(result.minor)}`,
    result.endOfLife && 'its distribution gets no fixes any more',
    result.upload,
  ];
  return `${parts.filter(Boolean).join(' · ')}.`;
}
