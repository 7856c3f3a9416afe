// What the scans found, for the summary and the log: most urgent first, long lists folded.

import { clip, counted } from '../core/text.ts';
import { inSight, sentence } from '../scan/lines.ts';
import type { Accepted, Problem } from '../scan/problems.ts';
import type { ScanResult } from '../scan/result.ts';
import { type Block, code, fold, link, prose, table } from './markdown.ts';
import type { Outcome } from './outcome.ts';

const mostRows = 200;

// A link in a trusted page: only to these hosts, since the database is not ours.
const trusted = [
  'avd.aquasec.com',
  'nvd.nist.gov',
  'github.com',
  'security-tracker.debian.org',
  'ubuntu.com',
  'access.redhat.com',
];

/** The id, as a link where its address is on a known host. */
function idCell({ id, url }: Problem): string {
  const host = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const safe = host?.protocol === 'https:' && trusted.includes(host.host) && host.username === '';
  return safe && url !== undefined ? link(id, url) : code(id);
}

function row(problem: Problem): readonly string[] {
  const { severity, package: name, installed, fixed, status, target, line, title } = problem;
  const place = line === undefined ? target : `${target}:${line}`;
  const none = status ? prose(status.replaceAll('_', ' ')) : '';
  return [
    severity,
    idCell(problem),
    code(name ?? place),
    installed === undefined ? '' : code(installed),
    fixed === undefined ? none : code(fixed),
    prose(clip(title, 120)),
  ];
}

const head = ['severity', 'id', 'package or place', 'installed', 'fixed in', ''];

function rows(problems: readonly Problem[], brief: boolean): string {
  const [first, rest] = [problems.slice(0, inSight), problems.slice(inSight, mostRows)];
  const parts = first.length > 0 ? [table(head, first.map(row))] : [];
  if (rest.length > 0 && !brief) {
    parts.push(fold(`${rest.length} more`, table(head, rest.map(row))));
  }
  const left = problems.length - (brief ? inSight : mostRows);
  if (left > 0 && brief) parts.push(`_… and ${left} more in the summary of the run._`);
  else if (left > 0) parts.push(`_… and ${left} more in the scanner's report._`);
  return parts.join('\n\n');
}

function acceptedPart(accepted: readonly Accepted[]): string {
  if (accepted.length === 0) return '';
  const cells = accepted
    .slice(0, mostRows)
    .map((each) => [...row(each).slice(0, 3), prose(each.statement || 'no statement')]);
  const body = table(['severity', 'id', 'package or place', 'accepted because'], cells);
  return fold(`${accepted.length} accepted by .trivyignore`, body);
}

const marks = { passed: '✅', found: '⚠️', failed: '❌' } as const;

function scanText(result: ScanResult, brief: boolean): string {
  const { name, kind, reference, system, counting, known, minor, accepted } = result;
  const title = kind === 'image' ? `Image ${code(name)}` : prose(name);
  const about = [reference && code(reference), system && prose(system)].filter(Boolean).join(' · ');
  const others = [...known, ...minor];
  const first = [
    `#### ${marks[result.state]} ${title}`,
    about,
    prose(sentence(result)),
    rows(counting, brief),
  ];
  const folded =
    others.length > 0
      ? fold(`${counted(others.length, 'problem')} that do not count`, rows(others, false))
      : '';
  const parts = brief ? first : [...first, folded, acceptedPart(accepted)];
  return parts.filter(Boolean).join('\n\n');
}

/** A block for each scan, those with findings first; `brief`: only what counts. */
export function scanBlocks({ scans }: Outcome, brief = false): Block[] {
  if (scans.length === 0) return [];
  const title: Block = { what: 'title', text: '### Scans' };
  const order = { failed: 0, found: 1, passed: 2 } as const;
  const sorted = [...scans].sort((a, b) => order[a.state] - order[b.state]);
  return [title, ...sorted.map((each) => ({ what: 'scan', text: scanText(each, brief) }))];
}

/** The machine form. What does not count is only a number: the scanner's report lists it. */
export function scanRecord(result: ScanResult): Readonly<Record<string, unknown>> {
  const { from, to, minor, severities, endOfLife, ...rest } = result;
  return { ...rest, endOfLife, minor: minor.length, seconds: (to - from) / 1000 };
}
