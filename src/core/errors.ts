// Everything that can be wrong: one shape (a finding), one table of stable codes with their hints.
import type { Code } from './codes.ts';
import { codes } from './codes.ts';

export type Severity = 'fatal' | 'warning' | 'note';

/** The sign before a finding in a log. */
export const severityMarks: Readonly<Record<Severity, string>> = {
  fatal: '✗',
  warning: '!',
  note: '·',
};

const severities: readonly Severity[] = ['fatal', 'warning', 'note'];

/** To sort by: the gravest comes first. */
export function byGravity(
  a: { readonly severity: Severity },
  b: { readonly severity: Severity },
): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity);
}

/** One thing wrong. Absent fields are left out; `evidence` is what the API or a tool itself said. */
export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  /** `Kind/name`, for example `Deployment/backend`. */
  readonly object?: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly container?: string;
  /** Relative to the workspace. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** One sentence: what happened to which object. */
  readonly what: string;
  readonly evidence: readonly string[];
  /** What to do about it, imperative. */
  readonly hint: string;
}

type FindingParts = Partial<Omit<Finding, 'code' | 'what'>>;

/** A finding with the table's hint and `fatal` where nothing else is said. */
export function finding(code: Code, what: string, parts: FindingParts = {}): Finding {
  return { severity: 'fatal', evidence: [], hint: codes[code][1], ...parts, code, what };
}

/** An expected failure that ends the run: it carries every problem found, not only the first. */
export class ActionError extends Error {
  readonly findings: readonly [Finding, ...Finding[]];

  constructor(first: Finding, ...more: readonly Finding[]) {
    super([first, ...more].map((each) => each.what).join('\n'));
    this.name = 'ActionError';
    this.findings = [first, ...more];
  }
}

/** Throws one ActionError with all of them, if there is any fatal one. */
export function throwIfFatal(findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter((each) => each.severity === 'fatal');
  if (first) throw new ActionError(first, ...more);
}

/** All values, or one ActionError with every problem, in their order. A defect is thrown as it is. */
export async function allOrProblems<T extends readonly unknown[]>(
  work: {
    readonly [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  const results = await Promise.allSettled(work);
  const problems = results.flatMap((each) => {
    if (each.status === 'fulfilled') return [];
    if (each.reason instanceof ActionError) return each.reason.findings;
    throw each.reason;
  });
  throwIfFatal(problems);
  return (await Promise.all(work)) as unknown as T;
}
