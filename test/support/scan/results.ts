// Results of scans for tests, from what Trivy really said.
import { judgeScan } from '../../../src/scan/gate.ts';
import type { ScanResult } from '../../../src/scan/result.ts';
import { scanned } from './fixtures.ts';

export const severities = ['CRITICAL', 'HIGH'] as const;

export function resultOf(name: string, more: Partial<ScanResult> = {}): ScanResult {
  const found = scanned(name);
  const judged = judgeScan(found, { severities, ignoreUnfixed: false });
  return {
    name: 'backend',
    kind: 'image',
    ...(more.kind === 'files' ? {} : { reference: 'registry.example/shop/backend@sha256:00' }),
    state: judged.counting.length > 0 ? 'found' : 'passed',
    ...(found.system === undefined ? {} : { system: found.system }),
    endOfLife: found.endOfLife,
    severities,
    ...judged,
    accepted: found.accepted,
    comparedWith: [],
    files: {},
    from: 0,
    to: 900,
    ...more,
  };
}
