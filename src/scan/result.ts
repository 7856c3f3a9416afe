// What came of one scan: the words that steps, findings and report share.
import type { Accepted, Problem, ProblemSeverity } from './problems.ts';

export type ScanMode = 'report' | 'gate';

export interface ScanResult {
  /** Of the image, or `manifests and Dockerfiles`. */
  readonly name: string;
  readonly kind: 'image' | 'files';
  /** What was scanned, of an image. */
  readonly reference?: string;
  /** `passed`: nothing counts. `failed`: the scanner could not do it. */
  readonly state: 'passed' | 'found' | 'failed';
  readonly system?: string;
  readonly endOfLife: boolean;
  /** The asked severities. */
  readonly severities: readonly ProblemSeverity[];
  readonly counting: readonly Problem[];
  readonly known: readonly Problem[];
  readonly minor: readonly Problem[];
  readonly accepted: readonly Accepted[];
  /** With `scan-baseline`: what runs now, and was compared. */
  readonly comparedWith: readonly string[];
  /** The scanner's own report, SARIF and CycloneDX SBOM; absent where they were not written. */
  readonly files: { readonly report?: string; readonly sarif?: string; readonly sbom?: string };
  /** What came of the upload to code scanning; absent where none was tried. */
  readonly upload?: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export const filesScanName = 'manifests and Dockerfiles';
