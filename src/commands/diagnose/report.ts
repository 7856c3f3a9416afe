// A diagnosis as text, in the same blocks as a failed deploy, and as JSON.

import type { ReportedFinding } from '../../core/errors.ts';
import { counted, neutralise } from '../../core/text.ts';
import { recordOf } from '../../report/findings.ts';
import { allFindings, workloadLines } from '../../report/lines.ts';
import type { DiagnosisRow } from './diagnose.ts';

const marks = { good: '✓', bad: '✗', open: '…' } as const;

/** The contract's keys in order; the caller serialises it. */
export function diagnosisRecords(rows: readonly DiagnosisRow[]): readonly object[] {
  return rows.map(({ object, namespace, verdict, findings }) => ({
    object: neutralise(object),
    namespace: namespace === undefined ? undefined : neutralise(namespace),
    verdict,
    findings: findings.map(recordOf),
  }));
}

/** A table, the totals, then every finding with its fix, the most significant last. */
export function diagnosisLines(rows: readonly DiagnosisRow[]): readonly string[] {
  const spaces = new Set(rows.map(({ namespace }) => namespace));
  const local = <T extends { readonly namespace?: string }>(each: T): T => {
    const { namespace, ...rest } = each;
    return spaces.size > 1 && namespace !== undefined ? each : (rest as T);
  };
  const workloads = rows.map(({ object, namespace, verdict, words }) => {
    const space = namespace === undefined ? {} : { namespace };
    return local({
      object,
      ...space,
      verdict: { state: verdict, words, progress: [], findings: [] },
    });
  });
  const findings = rows.flatMap((row) => row.findings.map((each): ReportedFinding => local(each)));
  const blocks = [workloadLines({ workloads }), [sum(rows)], allFindings({ findings })];
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, at) => (at === 0 ? block : ['', ...block]))
    .map(neutralise);
}

function sum(rows: readonly DiagnosisRow[]): string {
  const count = (state: DiagnosisRow['verdict']): number =>
    rows.filter(({ verdict }) => verdict === state).length;
  if (rows.length === 0) return `${marks.open} It contains no object that can be judged.`;
  const states = (['failed', 'waiting', 'ready', 'suspended'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`);
  const mark = count('failed') > 0 ? 'bad' : count('waiting') > 0 ? 'open' : 'good';
  return `${marks[mark]} ${counted(rows.length, 'object')}: ${states.join(', ')}`;
}
