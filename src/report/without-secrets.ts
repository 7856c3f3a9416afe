// The last filter before people read the outcome: it may quote the cluster, a registry or a program.
import type { ReportedFinding } from '../core/errors.ts';
import { byGravity, type Finding, finding } from '../core/errors.ts';
import { known } from '../core/redaction/redaction.ts';
import { withoutSecrets } from '../core/redaction/values.ts';
import type { Outcome } from './outcome.ts';

/** The outcome without secrets, as people may read it: log, annotations, summary, comment, report. */
export function shownOutcome(outcome: Outcome): Outcome {
  const findings = gravestFirst(outcome.findings);
  return { ...withoutSecrets({ ...outcome, findings }), status: outcome.status };
}

/** A list of a hundred thousand wrong lines is one mistake, and would take minutes to print. */
const mostFindings = 1_000;

function gravestFirst(all: readonly ReportedFinding[]): readonly ReportedFinding[] {
  if (all.length <= mostFindings) return all;
  const sorted = [...all].sort(byGravity);
  const [first, ...left] = sorted.slice(mostFindings);
  if (!first) return sorted;
  const what = `${left.length + 1} more findings are left out.`;
  const more = finding(first.code, what, { severity: first.severity });
  return [...sorted.slice(0, mostFindings), more];
}

type Outputs = Readonly<Record<string, string>>;

/** Numbers, fixed words of ours, and text from the outcome with its secrets removed. */
const harmless = new Set([
  'status',
  'error-code',
  'findings',
  'revision',
  'previous-revision',
  'rolled-back',
  'duration-seconds',
]);

/**
 * Later steps act on names, digests and paths, so none is ever altered: one that contains a secret is
 * left empty, with a warning.
 */
export function outputsWithoutSecrets(outputs: Outputs): { outputs: Outputs; withheld?: Finding } {
  const holding = Object.keys(outputs).filter(
    (name) => !harmless.has(name) && known.holds(outputs[name] ?? ''),
  );
  if (holding.length === 0) return { outputs };
  const names = holding.map((name) => `\`${name}\``).join(', ');
  const what = `Left empty because of a secret in it: ${holding.length === 1 ? 'output' : 'outputs'} ${names}.`;
  return {
    outputs: { ...outputs, ...Object.fromEntries(holding.map((name) => [name, ''])) },
    withheld: finding('secret-in-output', what, { severity: 'warning' }),
  };
}
