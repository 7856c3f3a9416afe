// The result of one scan, as steps, findings and report share it.
import type { Accepted, Problem, ProblemSeverity } from './problems.ts';

export type ScanMode = 'report' | 'gate';

export interface ScanResult {
  /** The image's name, or `manifests and Dockerfiles`. */
  readonly name: string;
  readonly kind: 'image' | 'files';
  /** For an image: the scanned reference. */
  readonly reference?: string;
  /** `passed`: nothing counts. `failed`: the scanner failed. */
  readonly state: 'passed' | 'found' | 'failed';
  readonly system?: string;
  readonly endOfLife: boolean;
  /** The requested severities. */
  readonly severities: readonly ProblemSeverity[];
  readonly counting: readonly Problem[];
  readonly known: readonly Problem[];
  readonly minor: readonly Problem[];
  readonly accepted: readonly Accepted[];
  /** With `scan-baseline`: what runs now, and was compared. */
  readonly comparedWith: readonly string[];
  /** The scanner's own report, SARIF and CycloneDX SBOM; absent if they were not written. */
  readonly files: { readonly report?: string; readonly sarif?: string; readonly sbom?: string };
  /** The result of the upload to code scanning; absent if none was tried. */
  readonly upload?: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export const filesScanName = 'manifests and Dockerfiles';
