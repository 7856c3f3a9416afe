// The output of `doctor`: a mark, a sentence, and the command that fixes it.

import { counted, neutralise } from '../../core/text.ts';
import { docsPage } from '../../core/version.ts';
import type { Check } from './check.ts';
import type { DoctorDone } from './doctor.ts';

const marks = { ok: '✓', failed: '✗', skipped: '-', note: '!' } as const;

export function doctorLines({ checks }: DoctorDone): readonly string[] {
  const count = (wanted: Check['verdict']) =>
    checks.filter(({ verdict }) => verdict === wanted).length;
  const end = count('failed') === 0 ? 'Nothing is wrong' : `${count('failed')} wrong`;
  const noted = count('note') === 0 ? '' : `, ${counted(count('note'), 'note')}`;
  const unseen = count('skipped') === 0 ? '' : `, ${count('skipped')} not looked at`;
  const more = count('failed') === 0 ? [] : [`More: ${docsPage('guide/troubleshooting')}`];
  const all =
    checks.length === 0 ? [] : [...checks.flatMap(lines), '', `${end}${noted}${unseen}.`, ...more];
  return all.map(neutralise);
}

function lines({ check, verdict, what, evidence, fix }: Check): readonly string[] {
  return [
    `${marks[verdict]} ${check.padEnd(11)} ${what}`,
    ...evidence.map((line) => `    why  ${line}`),
    ...fix.map((line) => `    fix  ${line}`),
  ];
}

export function doctorErrors({ findings }: DoctorDone): readonly string[] {
  return findings.map(({ what, hint }) => neutralise(`${what} ${hint}`));
}

export function doctorJson({ checks, findings }: DoctorDone): string {
  return `${JSON.stringify({ checks, findings }, undefined, 2)}\n`;
}
