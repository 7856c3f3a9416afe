// Parses the parts of a scanner's report that people and the gate need: Trivy's JSON, schema 2.
import { clip, oneLine } from '../core/text.ts';
import { isFields } from '../kube/json.ts';

/** Worst first. */
export const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'] as const;
export type ProblemSeverity = (typeof severities)[number];

/** One thing that the scanner found. Every text is one line, without control characters. */
export interface Problem {
  readonly kind: 'vulnerability' | 'secret' | 'misconfiguration';
  /** `CVE-2025-0001`, `KSV-0017`, `github-pat`. */
  readonly id: string;
  readonly severity: ProblemSeverity;
  readonly title: string;
  /** Where it was found: `debian`, `Python`, a file of the image, a manifest. */
  readonly target: string;
  readonly url?: string;
  /** For vulnerabilities only. `fixed` is absent if there is no fixed version. */
  readonly package?: string;
  readonly installed?: string;
  readonly fixed?: string;
  /** `affected`, `will_not_fix`, `end_of_life`, …, if it is not fixed. */
  readonly status?: string;
  /** For misconfigurations and secrets: the line in the file, and how to fix it. */
  readonly line?: number;
  readonly resolution?: string;
}

/** A problem that an ignore file accepts. */
export interface Accepted extends Problem {
  /** The ignore file's statement; empty if it has none. */
  readonly statement: string;
}

export interface Scanned {
  /** `debian 12.15`; absent for an image without a distribution, and for files. */
  readonly system?: string;
  /** Its distribution no longer gets fixes, so that an empty result means little. */
  readonly endOfLife: boolean;
  readonly problems: readonly Problem[];
  readonly accepted: readonly Accepted[];
}

type Fields = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

const text = (value: unknown, length = 300): string =>
  typeof value === 'string' ? clip(oneLine(value), length) : '';

const given = (key: string, value: string) => (value === '' ? {} : { [key]: value });

function severityOf(value: unknown): ProblemSeverity {
  return severities.find((each) => each === value) ?? 'UNKNOWN';
}

function vulnerability(found: Fields, target: string): Problem {
  return {
    kind: 'vulnerability',
    id: text(found['VulnerabilityID'], 100),
    severity: severityOf(found['Severity']),
    title: text(found['Title']) || text(found['Description']),
    // The path distinguishes two copies of one package, as the target does for a distribution.
    target: text(found['PkgPath']) || target,
    package: text(found['PkgName'], 200),
    installed: text(found['InstalledVersion'], 200),
    ...given('fixed', text(found['FixedVersion'], 200)),
    ...given('status', text(found['Status'], 40)),
    ...given('url', text(found['PrimaryURL'], 500)),
  };
}

function lineOf(found: Fields): { readonly line?: number } {
  const cause = isFields(found['CauseMetadata']) ? found['CauseMetadata'] : found;
  const line = cause['StartLine'];
  return typeof line === 'number' && line > 0 ? { line } : {};
}

function misconfiguration(found: Fields, target: string): Problem {
  return {
    kind: 'misconfiguration',
    id: text(found['ID'], 100),
    severity: severityOf(found['Severity']),
    title: text(found['Message']) || text(found['Title']),
    target,
    ...lineOf(found),
    ...given('resolution', text(found['Resolution'])),
    ...given('url', text(found['PrimaryURL'], 500)),
  };
}

// `Match` and `Code` quote the file: the scanner masks its match, but not the rest of the line.
function secret(found: Fields, target: string): Problem {
  return {
    kind: 'secret',
    id: text(found['RuleID'], 100),
    severity: severityOf(found['Severity']),
    title: text(found['Title']),
    target,
    ...lineOf(found),
  };
}

const readers: Readonly<Record<string, (found: Fields, target: string) => Problem>> = {
  vulnerability,
  misconfiguration,
  secret,
};

/** A distribution's packages are listed under the image's own name, which changes with each build. */
function targetOf(result: Fields): string {
  return text(result[result['Class'] === 'os-pkgs' ? 'Type' : 'Target']);
}

function problemsOf(result: Fields): readonly Problem[] {
  const target = targetOf(result);
  const failed = list(result['Misconfigurations']).filter(({ Status }) => Status !== 'PASS');
  return [
    ...list(result['Vulnerabilities']).map((each) => vulnerability(each, target)),
    ...list(result['Secrets']).map((each) => secret(each, target)),
    ...failed.map((each) => misconfiguration(each, target)),
  ];
}

function acceptedOf(result: Fields): readonly Accepted[] {
  const target = targetOf(result);
  return list(result['ExperimentalModifiedFindings']).flatMap((each) => {
    const read = readers[String(each['Type'])];
    const found = each['Finding'];
    if (!read || !isFields(found)) return [];
    return [{ ...read(found, target), statement: text(each['Statement']) }];
  });
}

/** Undefined: not a report of the known schema. The scanner omits empty lists. */
export function readScan(json: string): Scanned | undefined {
  const report = parsed(json);
  if (report?.['SchemaVersion'] !== 2) return undefined;
  const results = list(report['Results']);
  const metadata = isFields(report['Metadata']) ? report['Metadata'] : {};
  const system = isFields(metadata['OS']) ? metadata['OS'] : {};
  const name = `${text(system['Family'], 60)} ${text(system['Name'], 60)}`.trim();
  return {
    ...(name === '' ? {} : { system: name }),
    endOfLife: system['EOSL'] === true,
    problems: mostUrgentFirst(results.flatMap(problemsOf)),
    accepted: mostUrgentFirst(results.flatMap(acceptedOf)),
  };
}

function parsed(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const kinds: readonly Problem['kind'][] = ['secret', 'vulnerability', 'misconfiguration'];

function rank(problem: Problem): number {
  const fixable = problem.kind !== 'vulnerability' || problem.fixed !== undefined;
  return severities.indexOf(problem.severity) * 2 + (fixable ? 0 : 1);
}

/** By severity, then what can be fixed, then by name. */
export function mostUrgentFirst<T extends Problem>(problems: readonly T[]): readonly T[] {
  return [...problems].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      a.id.localeCompare(b.id, 'en') ||
      (a.package ?? a.target).localeCompare(b.package ?? b.target, 'en'),
  );
}

/** Identifies the same problem across builds: the scanner's own fingerprint includes the build. */
export function keyOf({ kind, id, package: name, installed, target }: Problem): string {
  return JSON.stringify([kind, id, name, installed, target]);
}
