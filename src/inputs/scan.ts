// The inputs of a scan: their readers, and the rules between them.

import { commands } from '../commands.ts';
import type { Finding } from '../errors.ts';
import { didYouMean, invalid, type Read, type Reader, refuse, shown } from '../readers.ts';
import { type ProblemSeverity, severities } from '../scan/problems.ts';
import type { ScanMode } from '../scan/result.ts';
import { catalog } from '../tools/catalog.ts';
import type { ReadFields } from './fields.ts';
import { linesOf } from './lists.ts';

/** `CRITICAL,HIGH`, or one a line, in any case. */
export const severityList: Reader<readonly ProblemSeverity[]> = (text, name) => {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const chosen = severities.filter((each) => words.some((word) => word.toUpperCase() === each));
  const odd = words.find((word) => !severities.some((each) => each === word.toUpperCase()));
  const hint = `Use a list of ${severities.join(', ')}.`;
  if (odd !== undefined) {
    const guess =
      didYouMean(
        odd,
        severities.map((each) => each.toLowerCase()),
      ) || ', which is no severity';
    return refuse(name, `has ${shown(odd)}${guess}`, hint);
  }
  return { value: chosen };
};

const repository = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)+(?::[\w.-]+)?$/;

/** Lines `host/path:2`. */
export const databaseRepositories: Reader<readonly string[]> = (text, name): Read<string[]> => {
  const lines = linesOf(text).map((line) => ({ ...line, text: line.text.trim() }));
  const wrong = lines.find((line) => !repository.test(line.text));
  const hint = 'Write registry/path:2, one a line, in the order to try them.';
  if (wrong) return refuse(name, `line ${wrong.number} is no repository`, hint);
  if (lines.length === 0) return refuse(name, 'holds comments only', hint);
  return { value: lines.map((line) => line.text) };
};

export interface ScanChoice {
  readonly scan: 'off' | ScanMode;
  readonly findings: readonly Finding[];
}

export interface ScanRules {
  readonly builds: boolean;
  readonly hasTarget: boolean;
  /** Images or manifests are given. */
  readonly hasWork: boolean;
}

/**
 * `report` where something is built or the command is `scan`, else nothing; and what is wrong. A
 * preview builds nothing.
 */
export function chooseScan({ values, wrong }: ReadFields, rules: ScanRules): ScanChoice {
  const { command, 'scan-baseline': baseline } = values;
  const builds = rules.builds && command !== 'diff';
  const standard = builds || command === 'scan' ? 'report' : 'off';
  const scan = commands[command].scans ? (values.scan ?? standard) : 'off';
  const findings: Finding[] = [...trivyFindings(values)];
  if (command === 'scan' && scan === 'off' && !wrong.has('scan')) {
    const hint = 'Leave `scan` out, or set it to report or gate.';
    findings.push(invalid('scan', 'is `off`, and so is the whole command `scan`', hint));
  }
  if (command === 'scan' && !rules.hasWork) {
    const hint = 'Give `images`, `build` or `manifests`.';
    findings.push(invalid('images', 'is missing, and nothing else says what to scan', hint));
  }
  if (baseline && scan !== 'off' && !rules.hasTarget) {
    const hint = 'Give the cluster whose running images count as known.';
    findings.push(invalid('scan-baseline', 'needs a cluster to compare with', hint));
  }
  return { scan, findings };
}

function trivyFindings(values: ReadFields['values']): readonly Finding[] {
  const { 'trivy-version': version, 'trivy-sha256': sha256 } = values;
  const findings: Finding[] = [];
  if (sha256 && ['auto', 'none'].includes(version)) {
    const hint = 'Give both, or leave the digest out.';
    findings.push(invalid('trivy-sha256', 'needs an exact `trivy-version` beside it', hint));
  }
  const why = catalog.trivy.refused?.[version];
  if (why !== undefined) {
    const hint = 'Set trivy-version: auto. Where it ran, replace every secret of that machine.';
    findings.push(invalid('trivy-version', `is ${version}, which ${why}`, hint));
  }
  return findings;
}
