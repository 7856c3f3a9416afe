// Runs all scans in parallel: images, what runs now in their place, manifests, Dockerfiles.
import { join } from 'node:path';
import type { RunContext } from '../core/context.ts';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import { convertScan } from './convert-scan.ts';
import type { Database } from './fetch-database.ts';
import type { FileToScan } from './files-to-scan.ts';
import { findingsOf, problemLine } from './findings.ts';
import { judgeScan } from './gate.ts';
import type { ImageToScan } from './images-to-scan.ts';
import { scanLines } from './lines.ts';
import type { Scanner } from './prepare-scanner.ts';
import type { Problem, ProblemSeverity, Scanned } from './problems.ts';
import { filesScanName, type ScanResult } from './result.ts';
import type { Trivy, TrivyFor } from './run-trivy.ts';
import { scanFiles } from './scan-files.ts';
import { scanImage } from './scan-image.ts';
import { uploadSarif } from './upload-sarif.ts';

export interface ScanWork {
  readonly scanner: Scanner;
  readonly images: readonly ImageToScan[];
  /** Image name → references of what runs now; absent if nothing is compared. */
  readonly running?: ReadonlyMap<string, readonly string[]>;
  readonly sources: readonly FileToScan[];
  readonly ignoreFile?: string;
  /** The folder of the reports; it is kept. */
  readonly folder: string;
  readonly severity: Severity;
  /** Trivy with the logins for these images; none are needed for local files. */
  env(references: readonly string[]): Promise<Trivy['env']>;
  readonly signal: AbortSignal;
}

export interface ScanPorts extends Ports {
  readonly context: RunContext;
  readonly inputs: {
    readonly app: string;
    readonly scanSeverity: readonly ProblemSeverity[];
    readonly scanIgnoreUnfixed: boolean;
    readonly githubToken?: Secret;
  };
}

export interface ScanDone {
  readonly result: ScanResult;
  readonly findings: readonly Finding[];
}

/** Results in order. Never throws for a failure of the scanner or a registry. */
export function scanAll(work: ScanWork, ports: ScanPorts): Promise<readonly ScanDone[]> {
  const { database } = work.scanner;
  const images = database ? work.images.map((each) => oneImage(each, database, work, ports)) : [];
  const files = work.sources.length > 0 ? [allFiles(work, ports)] : [];
  return Promise.all([...images, ...files]);
}

const trivyOf =
  ({ scanner, env, signal }: ScanWork, { shell }: ScanPorts): TrivyFor =>
  async (references) => ({
    program: scanner.program,
    shell,
    env: await env(references),
    signal,
  });

async function oneImage(
  image: ImageToScan,
  database: Database,
  work: ScanWork,
  ports: ScanPorts,
): Promise<ScanDone> {
  const from = ports.clock.now();
  const report = join(work.folder, `image-${image.slug}.json`);
  const setting = {
    ...pick(work),
    trivy: trivyOf(work, ports),
    database: database.folder,
    base: work.scanner.base,
    mirrors: work.scanner.mirrors,
    files: ports.files,
    clock: ports.clock,
  };
  const own = scanImage(image, report, setting);
  const running = work.running?.get(image.name) ?? [];
  const others = running.map((reference, index) => {
    const file = `${report.slice(0, -5)}.running-${index + 1}.json`;
    return reference === image.reference ? own : scanImage({ ...image, reference }, file, setting);
  });
  const [{ scanned, findings }, before] = await Promise.all([own, Promise.all(others)]);
  const baseline = baselineOf(before);
  const { name, reference } = image;
  const comparedWith = baseline ? running : [];
  const parts = { name, kind: 'image', slug: image.slug, reference, from, comparedWith } as const;
  const done = await conclude({ ...parts, report, baseline, scanned }, work, ports);
  const lost =
    scanned && before.some((each) => !each.scanned) ? [notComparedOf(image, before)] : [];
  return { ...done, findings: [...findings, ...lost, ...done.findings] };
}

const pick = ({ ignoreFile, severity }: ScanWork) => ({
  severity,
  ...(ignoreFile === undefined ? {} : { ignoreFile }),
});

/** Only if everything that runs could be scanned: else a problem could look older than it is. */
function baselineOf(
  others: readonly { readonly scanned?: Scanned }[],
): readonly Problem[] | undefined {
  const scanned = others.flatMap((each) => (each.scanned ? [each.scanned] : []));
  if (others.length === 0 || scanned.length < others.length) return undefined;
  // Accepted problems are running too.
  return scanned.flatMap(({ problems, accepted }) => [...problems, ...accepted]);
}

function notComparedOf(
  { name }: ImageToScan,
  others: readonly { readonly findings: readonly Finding[] }[],
): Finding {
  const what = `What runs now in the place of image ${name} could not be scanned, so everything counts.`;
  const evidence = others.flatMap((each) => each.findings.map((found) => found.what));
  return finding('scan-failed', what, { severity: 'warning', object: `Image/${name}`, evidence });
}

async function allFiles(work: ScanWork, ports: ScanPorts): Promise<ScanDone> {
  const from = ports.clock.now();
  const report = join(work.folder, 'manifests.json');
  const trivy = await trivyOf(work, ports)([]);
  const setting = { ...pick(work), trivy, files: ports.files };
  const { scanned, findings } = await scanFiles(work.sources, report, setting);
  const parts = { name: filesScanName, kind: 'files', slug: '', from, comparedWith: [] } as const;
  const done = await conclude({ ...parts, report, scanned }, work, ports);
  return { ...done, findings: [...findings, ...done.findings] };
}

interface Concluded
  extends Pick<ScanResult, 'name' | 'kind' | 'reference' | 'from' | 'comparedWith'> {
  readonly report: string;
  readonly slug: string;
  readonly scanned: Scanned | undefined;
  readonly baseline?: readonly Problem[] | undefined;
}

async function conclude(done: Concluded, work: ScanWork, ports: ScanPorts): Promise<ScanDone> {
  const { scanned, report, baseline, slug, ...base } = done;
  const { inputs, log, clock } = ports;
  const severities = inputs.scanSeverity;
  const nothing = { counting: [], known: [], minor: [] };
  const judged = scanned
    ? judgeScan(scanned, { severities, ignoreUnfixed: inputs.scanIgnoreUnfixed }, baseline)
    : nothing;
  const made = scanned ? await outputsOf(done, work, ports) : { files: {} };
  const state = !scanned ? 'failed' : judged.counting.length > 0 ? 'found' : 'passed';
  const result: ScanResult = {
    ...base,
    ...judged,
    ...made,
    state,
    severities,
    endOfLife: scanned?.endOfLife ?? false,
    accepted: scanned?.accepted ?? [],
    ...(scanned?.system === undefined ? {} : { system: scanned.system }),
    to: clock.now(),
  };
  await log.group(`Scan of ${result.name}: ${titles[state]}`, async () => {
    scanLines(result, problemLine).forEach(log.info);
  });
  return { result, findings: findingsOf(result, work.sources, work.severity) };
}

const titles = { passed: 'nothing that counts', found: 'problems', failed: 'not done' } as const;

async function outputsOf(
  { report, slug, kind }: Concluded,
  work: ScanWork,
  ports: ScanPorts,
): Promise<Pick<ScanResult, 'files' | 'upload'>> {
  const { inputs, files: disk, context, http } = ports;
  const scope = kind === 'image' ? `image/${slug}` : 'manifests';
  const files = await convertScan({
    trivy: await trivyOf(work, ports)([]),
    files: disk,
    report,
    withSbom: kind === 'image',
    severities: inputs.scanSeverity,
    category: `webgen-deploy/${inputs.app}/${scope}`,
  });
  if (files.sarif === undefined) return { files };
  const sarif = await disk.read(files.sarif);
  const upload = await uploadSarif({ sarif, token: inputs.githubToken, context, http });
  return { files, ...(upload === undefined ? {} : { upload }) };
}
