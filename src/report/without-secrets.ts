// The last gate before people read: whatever the cluster, a registry or a program has said.
import { byGravity, type Finding, finding } from '../core/errors.ts';
import { known } from '../redaction/redaction.ts';
import { withoutSecrets } from '../redaction/values.ts';
import type { ReportedFinding } from '../rollout/wait/result.ts';
import type { Outcome } from './outcome.ts';

/** The outcome as people may read it: log, annotations, summary, comment, report. */
export function shownOutcome(outcome: Outcome): Outcome {
  const findings = mostTelling(outcome.findings);
  return { ...withoutSecrets({ ...outcome, findings }), status: outcome.status };
}

/** A list of a hundred thousand wrong lines is one mistake, and would take minutes to show. */
const mostFindings = 1_000;

function mostTelling(all: readonly ReportedFinding[]): readonly ReportedFinding[] {
  if (all.length <= mostFindings) return all;
  const sorted = [...all].sort(byGravity);
  const [first, ...left] = sorted.slice(mostFindings);
  if (!first) return sorted;
  const what = `${left.length + 1} more findings are left out.`;
  const more = finding(first.code, what, { severity: first.severity });
  return [...sorted.slice(0, mostFindings), more];
}

type Outputs = Readonly<Record<string, string>>;

/** Numbers and words of ours, and a text that the outcome has without its secrets. */
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
 * Later steps act on names, digests and paths, so none is ever altered: one with a secret in it is
 * left empty, and a warning says so.
 */
export function outputsWithoutSecrets(outputs: Outputs): { outputs: Outputs; withheld?: Finding } {
  const holding = Object.keys(outputs).filter(
    (name) => !harmless.has(name) && known.holds(outputs[name] ?? ''),
  );
  if (holding.length === 0) return { outputs };
  const names = holding.map((name) => `\`${name}\``).join(', ');
  const what = `Left empty, since a secret is in it: ${holding.length === 1 ? 'output' : 'outputs'} ${names}.`;
  return {
    outputs: { ...outputs, ...Object.fromEntries(holding.map((name) => [name, ''])) },
    withheld: finding('secret-in-output', what, { severity: 'warning' }),
  };
}
