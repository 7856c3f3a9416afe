// The scanner, ready to run: Trivy itself and its database, while images are still being built.
import { join } from 'node:path';
import { ActionError, type Finding, finding, type Severity } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import { askedTool, catalog, type ToolVersions } from '../tools/catalog.ts';
import { type InstallPorts, install, refuseStolen } from '../tools/install.ts';
import { databaseMirrors } from './database.ts';
import { type Database, fetchDatabase } from './fetch-database.ts';
import type { Trivy } from './run-trivy.ts';

export interface Scanner {
  readonly program: string;
  readonly version: string;
  /** Without one, only manifests and Dockerfiles are scanned. */
  readonly database?: Database;
  /** Where indexes of Java archives are kept between runs. */
  readonly base: string;
  readonly mirrors: readonly string[];
  /** Folders of this run alone, to remove when it is over. */
  readonly temporary: readonly string[];
  readonly findings: readonly Finding[];
}

export interface ScannerRequest extends Pick<ToolVersions, 'trivyVersion' | 'trivySha256'> {
  readonly trivyDbRepository?: readonly string[];
  readonly severity: Severity;
  readonly env: Trivy['env'];
  readonly signal: AbortSignal;
}

export type ScannerPorts = InstallPorts & { readonly clock: Clock; readonly log: Log };

/** Throws ActionError where there is no Trivy to be had; a database that is missing is a finding. */
export async function prepareScanner(
  request: ScannerRequest,
  ports: ScannerPorts,
): Promise<Scanner> {
  const { severity, env, signal, trivyDbRepository } = request;
  const { path: program, version, unpacked } = await provideTrivy(request, ports);
  const base = join(ports.cache.folder, 'webgen-deploy-trivy-db');
  const mirrors = trivyDbRepository ?? databaseMirrors;
  const trivy = { program, shell: ports.shell, env, signal };
  const temporary = unpacked === undefined ? [] : [unpacked];
  try {
    const provided = await fetchDatabase(trivy, { base, mirrors, severity }, ports);
    return { program, version, base, mirrors, temporary, ...provided };
  } catch (error) {
    await Promise.all(temporary.map((each) => ports.files.remove(each)));
    throw error;
  }
}

async function provideTrivy(
  request: ScannerRequest,
  ports: ScannerPorts,
): Promise<{ readonly path: string; readonly version: string; readonly unpacked?: string }> {
  const wanted = askedTool('trivy', request);
  if (wanted.asked === 'none') return trivyOnPath(ports);
  const tool = await install(wanted, ports);
  const how = tool.downloaded ? 'downloaded' : 'taken from the tool cache';
  ports.log.info(`trivy ${tool.version}: ${how}`);
  return tool;
}

async function trivyOnPath({ shell, log }: ScannerPorts) {
  const path = await shell.which('trivy');
  const hint = 'Install Trivy on the runner, or set trivy-version: auto.';
  if (path === undefined) {
    const what = 'A scan needs Trivy, and there is none on PATH.';
    throw new ActionError(finding('tool-unavailable', what, { hint }));
  }
  const { code, stdout } = await shell.run(path, catalog.trivy.probe, { timeoutMs: 30_000 });
  const version = catalog.trivy.versionOf(stdout) ?? /^Version: (\S+)/m.exec(stdout)?.[1];
  if (code !== 0 || version === undefined) {
    const what = 'The Trivy on PATH does not say its version.';
    throw new ActionError(finding('tool-unavailable', what, { evidence: [path], hint }));
  }
  refuseStolen(catalog.trivy, version);
  log.info(`trivy ${version}: ${path}`);
  return { path, version };
}
