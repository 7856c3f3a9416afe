// Manifests as they will be sent, and Dockerfiles, in one scan: no network, no database.
import { join } from 'node:path';
import type { Finding, Severity } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { scanFailure } from './failure.ts';
import type { FileToScan } from './files-to-scan.ts';
import { keptReport } from './kept-report.ts';
import { readScan, type Scanned } from './problems.ts';
import { runTrivy, type Trivy } from './run-trivy.ts';

export interface FilesSetting {
  readonly trivy: Trivy;
  readonly ignoreFile?: string;
  readonly files: Files;
  readonly severity: Severity;
}

const scanMs = 5 * 60_000;

/** Writes Trivy's report to `report`. A failure is a finding, never an exception. */
export async function scanFiles(
  sources: readonly FileToScan[],
  report: string,
  { trivy, ignoreFile, files, severity }: FilesSetting,
): Promise<{ readonly scanned?: Scanned; readonly findings: readonly Finding[] }> {
  const folder = await files.makeTemp('webgen-deploy-scan-');
  const [source, cwd] = [join(folder, 'files'), join(folder, 'empty')];
  try {
    await files.write(join(cwd, '.keep'), '');
    await Promise.all(
      sources.map(({ path, text }) => files.write(join(source, path), text, 0o600)),
    );
    const args = [
      ...['config', '--format', 'json', '--output', report, '--exit-code', '0'],
      // The checks bundled with the program: pinned with it, and available offline.
      ...['--skip-check-update', '--cache-dir', cwd],
      ...(ignoreFile === undefined ? [] : ['--ignorefile', ignoreFile]),
      source,
    ];
    const { code, stderr } = await runTrivy(trivy, { args, cwd, timeoutMs: scanMs });
    const said = code === 0 ? await files.read(report) : '';
    const scanned = readScan(said);
    if (scanned) await files.write(report, keptReport(said));
    if (scanned) return { scanned, findings: [] };
    const subject = 'the manifests and Dockerfiles';
    return { findings: [scanFailure({ subject, stderr, late: code === -1, severity })] };
  } finally {
    await files.remove(folder);
  }
}
