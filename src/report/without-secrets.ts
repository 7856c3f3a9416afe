// Words from the cluster can repeat a secret (a program prints its password): hidden before a file.
import type { Outcome, ReportedFinding, WorkloadResult } from '../outcome.ts';

type Redact = (text: string) => string;

function cleanFinding(finding: ReportedFinding, redact: Redact): ReportedFinding {
  const logs = finding.logs?.map((log) => ({ ...log, lines: log.lines.map(redact) }));
  return {
    ...finding,
    what: redact(finding.what),
    hint: redact(finding.hint),
    evidence: finding.evidence.map(redact),
    ...(logs && { logs }),
  };
}

/** The outcome with every free text redacted; names stay, since automation reads them. */
export function withoutSecrets(outcome: Outcome, redact: Redact): Outcome {
  const { undone } = outcome;
  const cleaned = (each: WorkloadResult): WorkloadResult => ({
    ...each,
    verdict: { ...each.verdict, words: redact(each.verdict.words) },
  });
  return {
    ...outcome,
    findings: outcome.findings.map((each) => cleanFinding(each, redact)),
    changes: outcome.changes.map((each) =>
      each.patch === undefined ? each : { ...each, patch: redact(each.patch) },
    ),
    unverified: outcome.unverified.map((each) => ({ ...each, why: redact(each.why) })),
    workloads: outcome.workloads.map(cleaned),
    ...(undone && { undone: { ...undone, workloads: undone.workloads.map(cleaned) } }),
  };
}
