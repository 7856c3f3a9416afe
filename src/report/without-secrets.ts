// The last gate before people read: whatever the cluster, a registry or a program has said.
import { type Finding, finding } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { known } from '../redaction.ts';

// Words of ours that the report goes by. A password may be `failed`, and no less a word for that.
const ownKeys = new Set(
  'change check code command did kind section severities severity state verdict'.split(' '),
);
const ownWord = /^[A-Za-z -]{1,40}$/;

/** The same value with every text in it redacted, keys too, but for words that are our own. */
export function withoutSecrets<T>(value: T): T {
  return cleaned(value, '') as T;
}

function cleaned(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    return ownKeys.has(key) && ownWord.test(value) ? value : known.redact(value);
  }
  if (Array.isArray(value)) return value.map((each) => cleaned(each, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [known.redact(name), cleaned(each, name)]),
  );
}

/** The outcome as people may read it: log, annotations, summary, comment, report. */
export function shownOutcome(outcome: Outcome): Outcome {
  return { ...withoutSecrets(outcome), status: outcome.status };
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
