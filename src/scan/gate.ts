// Which problems count: decided here from the whole report, never by the scanner's exit code.
import { keyOf, type Problem, type ProblemSeverity, type Scanned, severities } from './problems.ts';

export interface GateRules {
  readonly severities: readonly ProblemSeverity[];
  readonly ignoreUnfixed: boolean;
}

export interface Judged {
  /** At a requested severity, not accepted, and new if there is a baseline. */
  readonly counting: readonly Problem[];
  /** Would count, but is already running: found in the baseline. */
  readonly known: readonly Problem[];
  /** Below the requested severities, or without a fix if `scan-ignore-unfixed` is set. */
  readonly minor: readonly Problem[];
}

/** `baseline`: the problems of what runs now; absent if nothing is compared. */
export function judgeScan(
  { problems }: Pick<Scanned, 'problems'>,
  rules: GateRules,
  baseline?: readonly Problem[],
): Judged {
  const old = new Set((baseline ?? []).map(keyOf));
  const groups = Map.groupBy(problems, (each) => {
    if (!rules.severities.includes(each.severity)) return 'minor';
    const unfixed = each.kind === 'vulnerability' && each.fixed === undefined;
    if (unfixed && rules.ignoreUnfixed) return 'minor';
    return old.has(keyOf(each)) ? 'known' : 'counting';
  });
  const of = (name: 'counting' | 'known' | 'minor') => groups.get(name) ?? [];
  return { counting: of('counting'), known: of('known'), minor: of('minor') };
}

/** `1 critical, 2 high`; empty if there are none. */
export function severityCounts(problems: readonly Problem[]): string {
  return severities
    .map((name) => [problems.filter(({ severity }) => severity === name).length, name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name.toLowerCase()}`)
    .join(', ');
}
