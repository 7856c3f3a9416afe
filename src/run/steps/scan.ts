// The scan of a run: prepared early, begun before the apply, and under `report` going on beside it.

import { join, resolve } from 'node:path';
import { type Listing, listAll } from '../../cluster/list.ts';
import { ActionError, type Finding, type Severity } from '../../core/errors.ts';
import { isWithin } from '../../core/guard.ts';
import { counted } from '../../core/text.ts';
import { parseReference } from '../../images/reference.ts';
import { resourceOfKind } from '../../kube/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import {
  type Dockerfile,
  dockerfileFiles,
  type FileToScan,
  manifestFiles,
} from '../../scan/files-to-scan.ts';
import { readIgnoreFiles } from '../../scan/ignore-file.ts';
import { type ImageToScan, imagesToScan, runningImages } from '../../scan/images-to-scan.ts';
import { prepareScanner, type Scanner } from '../../scan/prepare-scanner.ts';
import { readIgnoreFilesOf } from '../../scan/read-ignore-files.ts';
import type { ScanMode } from '../../scan/result.ts';
import { scanAll } from '../../scan/scan-all.ts';
import { apiOf, type Connected, connected, keep, type Run } from '../state/state.ts';
import { registryOf } from './registry.ts';

/** After the rest of a run is over, a scan that only reports has as long. */
export const patienceMs = 2 * 60_000;

const pods = resourceOfKind('Pod');

const severityOf = (mode: ScanMode): Severity => (mode === 'gate' ? 'fatal' : 'warning');

const asWarnings = (findings: readonly Finding[]): readonly Finding[] =>
  findings.map((each) => ({ ...each, severity: 'warning' }));

/** Trivy and its database. Under `report` a scanner that cannot be had is a warning. */
export async function runPrepareScan(mode: ScanMode, run: Run): Promise<void> {
  const { engine, inputs, state, signal } = run;
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  try {
    const env = await registryEnv(run, inputs.trivyDbRepository ?? []);
    const request = { ...inputs, severity: severityOf(mode), env, signal };
    const scanner = await prepareScanner(request, { ...engine.ports, ...engine.tools, ...mirror });
    state.scanner = scanner;
    state.temporary.push(...scanner.temporary);
    keep(scanner.findings, run);
  } catch (error) {
    if (!(error instanceof ActionError) || mode === 'gate') throw error;
    keep(asWarnings(error.findings), run);
  }
}

/** Under `gate` returns when every scan has ended; under `report` when all that changes was read. */
export async function runScan(mode: ScanMode, run: Run): Promise<void> {
  const { state } = run;
  if (!state.scanner) return;
  const { done } = await begin(mode, run, state.scanner);
  const work = finish(done, run);
  if (mode === 'gate') return work;
  state.background.push(work);
  // Whoever settles the background hears of it; until then it is nobody's failure.
  work.catch(() => undefined);
}

/** Reads all that the run itself will change; the scans that it starts are in `done`. */
async function begin(mode: ScanMode, run: Run, scanner: Scanner) {
  const { inputs, state, engine, signal, context } = run;
  const { ports } = engine;
  const severity = severityOf(mode);
  const images = imagesOfRun(run);
  state.folder ??= await ports.files.makeTemp('webgen-deploy-report-');
  const { folder } = state;
  const [accepted, running, sources] = await Promise.all([
    acceptedBy(severity, run),
    inputs.scanBaseline ? runningNow(images, run) : undefined,
    sourcesOf(run),
  ]);
  const [some, more] = [counted(images.length, 'image'), counted(sources.length, 'file')];
  ports.log.info(`scanning ${some} and ${more}`);
  const limit = AbortSignal.any([signal, state.overdue.signal]);
  const parts = { scanner, images, sources, folder, severity, signal: limit };
  const work = {
    ...parts,
    env: (references: readonly string[]) => registryEnv(run, references),
    ...(running ? { running } : {}),
    ...(accepted === undefined ? {} : { ignoreFile: accepted }),
  };
  return { done: scanAll(work, { ...ports, context, inputs }) };
}

function imagesOfRun({ inputs, state }: Run): readonly ImageToScan[] {
  const objects = state.documents.map(({ object }) => object);
  const all = inputs.command === 'scan';
  const unbuilt = inputs.command === 'diff';
  return imagesToScan({ built: state.built, images: inputs.images, objects, all, unbuilt });
}

/** Of live workloads only the images are known: nothing of them is scanned as a manifest. */
async function sourcesOf(run: Run): Promise<readonly FileToScan[]> {
  const { state, inputs } = run;
  const documents = state.partial ? [] : state.documents;
  const manifests = manifestFiles(documents, state.namespace ?? inputs.namespace);
  return [...manifests, ...dockerfileFiles(await dockerfilesOf(run))];
}

async function finish(begun: ReturnType<typeof scanAll>, run: Run): Promise<void> {
  for (const { result, findings } of await begun) {
    run.state.scans.push(result);
    const { name, from, to, state } = result;
    const bar = { section: 'scan', name: `scan ${name}`, from, to } as const;
    run.state.timings.push(state === 'passed' ? bar : { ...bar, failed: true });
    keep(findings, run);
  }
}

/** The way to registries: our login where one of the images needs it, and nothing else. */
async function registryEnv(
  run: Run,
  references: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const hosts = references.map((each) => parseReference(each)?.registry);
  return { DOCKER_CONFIG: await (await registryOf(run)).configFor(hosts) };
}

/** The one file for Trivy's `--ignorefile`. */
async function acceptedBy(severity: Severity, run: Run): Promise<string | undefined> {
  const { engine, context, inputs, state } = run;
  const { files, clock } = engine.ports;
  const found = await readIgnoreFilesOf(context, inputs.githubToken, engine.ports);
  const read = readIgnoreFiles(found.files, { now: clock.now(), severity });
  keep([...found.findings, ...read.findings], run);
  if (read.text === undefined) return undefined;
  const folder = await files.makeTemp('webgen-deploy-scan-');
  state.temporary.push(folder);
  const path = join(folder, 'trivyignore.yaml');
  await files.write(path, read.text);
  return path;
}

/** Image name → references that run now. Read before the apply, which changes them. */
async function runningNow(images: readonly ImageToScan[], run: Run) {
  const there = await connected(run);
  const found = there ? await podsOf(there) : [];
  return new Map(images.map((image) => [image.name, runningImages(image, found)]));
}

async function podsOf(run: Connected): Promise<readonly KubeObject[]> {
  const { state, signal } = run;
  const named = state.documents.map(({ object }) => object.metadata.namespace);
  const namespaces = new Set([...named, state.namespace].filter((each) => each !== undefined));
  try {
    const listings = await Promise.all(
      [...namespaces].map(
        (namespace): Promise<Listing> => listAll(apiOf(run), pods, { namespace, signal }),
      ),
    );
    return listings.flatMap(({ objects }) => objects);
  } catch (error) {
    // Nothing to compare with: then everything counts.
    if (!(error instanceof ActionError)) throw error;
    keep(asWarnings(error.findings), run);
    return [];
  }
}

/** Of the images that `build` names, where they are regular files inside of the workspace. */
async function dockerfilesOf(run: Run): Promise<readonly Dockerfile[]> {
  const { inputs, context, engine } = run;
  const { files } = engine.ports;
  const workspace = await files.realPath(context.workspace);
  const found = (inputs.build?.images ?? []).map(async (image) => {
    const file = join(image.context, image.dockerfile ?? 'Dockerfile');
    const path = resolve(workspace, file);
    if ((await files.kind(path)) !== 'file') return [];
    if (!isWithin(await files.realPath(path), workspace)) return [];
    return [{ file, text: await files.read(path) }];
  });
  return (await Promise.all(found)).flat();
}
