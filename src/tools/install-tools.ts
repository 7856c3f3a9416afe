// Puts tools on PATH, for this run where it needs them and for later steps.
import { dirname } from 'node:path';
import type { Command } from '../core/commands.ts';
import { allOrProblems } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { askedTool, askedTools, catalog, type ToolVersions } from './catalog.ts';
import { type InstalledTool, type InstallPorts, install, type Wanted } from './install.ts';

/** What a run hands to the job's later steps; on a terminal only this process sees it. */
export interface Exports {
  addPath(folder: string): void;
  exportVariable(name: string, value: string): void;
}

export interface ToolRequest {
  readonly command: Command;
  readonly versions: ToolVersions;
  /** The manifests have a kustomization folder. */
  readonly needsKubectl: boolean;
  /** Asked only for a tool that depends on it. `1.34`; undefined where it is not known. */
  clusterVersion?(): Promise<string | undefined>;
}

export type InstallToolsPorts = InstallPorts & { readonly log: Log; readonly exports: Exports };

/** Installs side by side. Throws one ActionError with every tool's problem. */
export async function installTools(
  request: ToolRequest,
  ports: InstallToolsPorts,
): Promise<readonly InstalledTool[]> {
  const wanted = await wantedTools(request, ports);
  return allOrProblems(wanted.map((each) => installOne(each, request, ports)));
}

/**
 * `auto` means: what this command needs. `setup` exists to prepare later steps, so it takes all that
 * `auto` brings; the engine itself needs kubectl for a kustomization folder only, and then one on
 * PATH will do.
 */
async function wantedTools(
  { command, versions, needsKubectl }: ToolRequest,
  { shell }: InstallToolsPorts,
): Promise<readonly Wanted[]> {
  const asked = askedTools(command, versions);
  const kubectl = askedTool('kubectl', versions);
  const isLeft = kubectl.asked === 'auto' && !asked.some(({ name }) => name === 'kubectl');
  const isMissing = needsKubectl && isLeft && (await shell.which('kubectl')) === undefined;
  return isMissing ? [kubectl, ...asked] : asked;
}

async function installOne(
  wanted: Wanted,
  request: ToolRequest,
  ports: InstallToolsPorts,
): Promise<InstalledTool> {
  const matching = wanted.asked === 'auto' || wanted.asked === 'match-cluster';
  const follows = catalog[wanted.name].versions.words.includes('match-cluster');
  const clusterVersion = follows && matching ? await request.clusterVersion?.() : undefined;
  const tool = await install({ ...wanted, ...(clusterVersion ? { clusterVersion } : {}) }, ports);
  ports.exports.addPath(dirname(tool.path));
  ports.log.info(
    `${tool.name} ${tool.version}: ${tool.downloaded ? 'installed' : 'taken from the tool cache'}`,
  );
  return tool;
}
