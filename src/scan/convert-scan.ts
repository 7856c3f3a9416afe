// Converts the existing report to SARIF and SBOM: nothing is scanned a second time.
import type { Files } from '../core/ports.ts';
import type { ProblemSeverity } from './problems.ts';
import type { ScanResult } from './result.ts';
import { runTrivy, type Trivy } from './run-trivy.ts';
import { categorised } from './sarif.ts';

export interface Conversion {
  readonly trivy: Trivy;
  readonly files: Files;
  /** The scanner's JSON report; the others get its name with another extension. */
  readonly report: string;
  /** An SBOM only makes sense for images. */
  readonly withSbom: boolean;
  /** The only severities in SARIF: those to show as alerts. */
  readonly severities: readonly ProblemSeverity[];
  /** The code scanning category: each scan has its own, else the next upload would replace it. */
  readonly category: string;
}

const convertMs = 2 * 60_000;

/** Paths of the written files; a failed conversion leaves its path out. */
export async function convertScan(conversion: Conversion): Promise<ScanResult['files']> {
  const { report, files, severities, category, withSbom } = conversion;
  const sarif = report.replace(/json$/, 'sarif');
  const sbom = report.replace(/json$/, 'cdx.json');
  const [hasSarif, hasSbom] = await Promise.all([
    convert(conversion, ['sarif', '--severity', severities.join(',')], sarif),
    withSbom ? convert(conversion, ['cyclonedx'], sbom) : false,
  ]);
  const named = hasSarif ? categorised(await files.read(sarif), category) : undefined;
  if (named !== undefined) await files.write(sarif, named);
  return {
    report,
    ...(named === undefined ? {} : { sarif }),
    ...(hasSbom ? { sbom } : {}),
  };
}

async function convert(
  { trivy, files, report }: Conversion,
  format: readonly string[],
  output: string,
): Promise<boolean> {
  const cwd = await files.makeTemp('webgen-deploy-scan-');
  try {
    const args = ['convert', '--format', ...format, '--output', output, report];
    const { code } = await runTrivy(trivy, { args, cwd, timeoutMs: convertMs });
    return code === 0;
  } finally {
    await files.remove(cwd);
  }
}
