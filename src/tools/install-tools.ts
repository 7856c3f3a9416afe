// Puts kubectl and yc on PATH, for this run if it needs them and for later steps.
import { dirname } from 'node:path';
import type { Command } from '../core/commands.ts';
import { allOrProblems } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { type InstalledTool, type InstallPorts, install, type Wanted } from './install.ts';

/** What a run passes to the job's later steps; on a terminal only this process sees it. */
export interface Exports {
  addPath(folder: string): void;
  exportVariable(name: string, value: string): void;
}

export interface ToolRequest {
  readonly command: Command;
  /** The inputs of those names. */
  readonly versions: {
    readonly kubectlVersion: string;
    readonly ycVersion: string;
    readonly ycSha256?: string;
    readonly trivyVersion?: string;
    readonly trivySha256?: string;
  };
  /** The manifests have a kustomization folder. */
  readonly needsKubectl: boolean;
  /** Called only for a tool that depends on it. `1.34`; undefined if unknown. */
  clusterVersion?(): Promise<string | undefined>;
}

export type InstallToolsPorts = InstallPorts & { readonly log: Log; readonly exports: Exports };

/** Installs in parallel. Throws one ActionError with every tool's problem. */
export async function installTools(
  request: ToolRequest,
  ports: InstallToolsPorts,
): Promise<readonly InstalledTool[]> {
  const wanted = await wantedTools(request, ports);
  return allOrProblems(wanted.map((each) => installOne(each, request, ports)));
}

/**
 * `auto` means: what this command needs. `setup` exists to prepare later steps, so it takes both;
 * the engine itself needs kubectl for a kustomization folder only, and then one on PATH will do.
 */
async function wantedTools(
  { command, versions, needsKubectl }: ToolRequest,
  { shell }: InstallToolsPorts,
): Promise<readonly Wanted[]> {
  const { kubectlVersion, ycVersion, ycSha256 } = versions;
  const wanted: Wanted[] = [];
  const missing = async () => needsKubectl && (await shell.which('kubectl')) === undefined;
  const kubectl =
    kubectlVersion === 'auto'
      ? command === 'setup' || (await missing())
      : kubectlVersion !== 'none';
  if (kubectl) wanted.push({ name: 'kubectl', asked: kubectlVersion });
  const yc = ycVersion === 'auto' ? command === 'setup' : ycVersion !== 'none';
  const sha256 = ycSha256 === undefined ? {} : { sha256: ycSha256 };
  if (yc) wanted.push({ name: 'yc', asked: ycVersion, ...sha256 });
  const trivy = command === 'setup' ? wantedTrivy(versions) : undefined;
  return trivy ? [...wanted, trivy] : wanted;
}

/** Later steps get it if a version is set; `auto` is only for the scans of this run. */
function wantedTrivy({ trivyVersion = 'auto', trivySha256 }: ToolRequest['versions']) {
  if (trivyVersion === 'auto' || trivyVersion === 'none') return undefined;
  const sha256 = trivySha256 === undefined ? {} : { sha256: trivySha256 };
  return { name: 'trivy', asked: trivyVersion, ...sha256 } as const;
}

async function installOne(
  wanted: Wanted,
  request: ToolRequest,
  ports: InstallToolsPorts,
): Promise<InstalledTool> {
  const matching = wanted.asked === 'auto' || wanted.asked === 'match-cluster';
  const waits = wanted.name === 'kubectl' && matching;
  const clusterVersion = waits ? await request.clusterVersion?.() : undefined;
  const tool = await install({ ...wanted, ...(clusterVersion ? { clusterVersion } : {}) }, ports);
  ports.exports.addPath(dirname(tool.path));
  ports.log.info(
    `${tool.name} ${tool.version}: ${tool.downloaded ? 'installed' : 'taken from the tool cache'}`,
  );
  return tool;
}
