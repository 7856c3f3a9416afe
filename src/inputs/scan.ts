// The inputs of a scan: their readers, and the rules between them.

import { commands } from '../core/commands.ts';
import type { Finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import type { ScanMode } from '../scan/result.ts';
import { catalog } from '../tools/catalog.ts';
import type { ReadFields } from './fields.ts';

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
 * The scan mode and its findings: `report` by default if something is built or for `scan`, else none. A
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
