// Scans one image once, in the registry: everything else is made from its JSON report.
import { lstat, mkdtemp, rename, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ActionError, type Finding, type Severity } from '../core/errors.ts';
import type { Clock, Files } from '../core/ports.ts';
import { javaMirrors } from './database.ts';
import { scanFailure } from './failure.ts';
import type { ImageToScan } from './images-to-scan.ts';
import { keptReport } from './kept-report.ts';
import { readScan, type Scanned } from './problems.ts';
import { runTrivy, type TrivyFor } from './run-trivy.ts';

export interface ScanSetting {
  readonly trivy: TrivyFor;
  /** The folder that contains `trivy.db`. */
  readonly database: string;
  /** The folder where the index of Java archives is kept between runs. */
  readonly base: string;
  readonly mirrors: readonly string[];
  /** For Trivy's `--ignorefile`; absent if nothing is accepted. */
  readonly ignoreFile?: string;
  readonly files: Files;
  readonly clock: Clock;
  /** Severity of the finding if the scanner fails. */
  readonly severity: Severity;
}

export interface ScannedImage {
  readonly scanned?: Scanned;
  readonly findings: readonly Finding[];
}

/** Trivy's own timeout is the first; it is stopped after the second. */
const scanMinutes = 10;
const scanMs = (scanMinutes + 1) * 60_000;

/** Writes Trivy's report to `report`. A failure is a finding, never an exception. */
export async function scanImage(
  image: ImageToScan,
  report: string,
  setting: ScanSetting,
): Promise<ScannedImage> {
  const { files, severity, base, mirrors } = setting;
  const trivy = await setting.trivy([image.reference, ...mirrors]).catch(refused);
  if (trivy instanceof ActionError) {
    return { findings: trivy.findings.map((each) => ({ ...each, severity })) };
  }
  const folder = await mkdtemp(join(base, '.scan-'));
  try {
    await linkShared(folder, setting);
    const args = imageArgs(image, { ...setting, cache: folder, report });
    const { code, stderr } = await runTrivy(trivy, { args, cwd: folder, timeoutMs: scanMs });
    const said = code === 0 ? await files.read(report) : '';
    const scanned = readScan(said);
    if (scanned) await files.write(report, keptReport(said));
    if (scanned) await keepJava(folder, base);
    if (scanned) return { scanned, findings: [] };
    const subject = `image ${image.name}`;
    const late = code === -1;
    const failed = { subject, object: `Image/${image.name}`, stderr, late, severity };
    return { findings: [scanFailure(failed)] };
  } finally {
    await files.remove(folder);
  }
}

function refused(error: unknown): ActionError {
  if (error instanceof ActionError) return error;
  throw error;
}

interface ImageCall extends ScanSetting {
  readonly cache: string;
  readonly report: string;
}

function imageArgs({ reference, platform }: ImageToScan, call: ImageCall): readonly string[] {
  const { cache, report, ignoreFile, mirrors } = call;
  return [
    'image',
    ...['--image-src', 'remote', '--scanners', 'vuln,secret'],
    ...['--format', 'json', '--output', report, '--exit-code', '0'],
    // All packages, since the SBOM is made from the same report.
    ...['--list-all-pkgs', '--show-suppressed'],
    ...['--cache-dir', cache, '--cache-backend', 'memory', '--skip-db-update'],
    ...['--java-db-repository', javaMirrors(mirrors).join(',')],
    ...['--timeout', `${scanMinutes}m`],
    ...(ignoreFile === undefined ? [] : ['--ignorefile', ignoreFile]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    '--',
    reference,
  ];
}

const javaFolder = (base: string) => join(base, 'java-db');

/**
 * The scan's own folder, with links to shared files: two scans in one folder would download
 * the Java index into each other's file.
 */
async function linkShared(folder: string, { database, base, clock }: ScanSetting): Promise<void> {
  await symlink(database, join(folder, 'db'));
  const kept = await stat(join(javaFolder(base), 'metadata.json')).catch(() => undefined);
  // Trivy renews it after three days, and must not write into a file that others read.
  const isFresh = kept !== undefined && clock.now() - kept.mtimeMs < 2 * 24 * 3_600_000;
  if (isFresh) await symlink(javaFolder(base), join(folder, 'java-db'));
}

/** The first scan that needed the Java index shares it with later ones. */
async function keepJava(folder: string, base: string): Promise<void> {
  const fresh = join(folder, 'java-db');
  const found = await lstat(fresh).catch(() => undefined);
  if (!found?.isDirectory()) return;
  // Into the scan's own folder, which is removed.
  await rename(javaFolder(base), join(folder, 'java-db-before')).catch(() => undefined);
  await rename(fresh, javaFolder(base)).catch(() => undefined);
}
