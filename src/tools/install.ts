// Brings one tool onto this machine: downloaded, compared with its digest, asked for its version.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat } from 'node:fs/promises';
import type { Code } from '../core/codes.ts';
import { ActionError, finding } from '../core/errors.ts';
import type { Files, Http, Shell } from '../core/ports.ts';
import {
  type AskedTool,
  catalog,
  type Platform,
  platformName,
  type Tool,
  type ToolName,
} from './catalog.ts';
import { fetchText, resolveVersion } from './versions.ts';

/** The runner's tool cache. Nothing in it is trusted: other jobs may write there. */
export interface ToolCache {
  /** Where it lies. */
  readonly folder: string;
  /** The folder of a tool and version, if there is one. */
  find(tool: string, version: string, arch: string): Promise<string | undefined>;
  /** Downloads into a new file. Throws any error; `httpStatusCode` where there was an answer. */
  download(url: string, file: string): Promise<void>;
  /** Copies the file into the cache and gives the folder. */
  store(file: string, tool: StoredTool): Promise<string>;
}

export interface StoredTool {
  readonly name: string;
  readonly fileName: string;
  readonly version: string;
  readonly arch: string;
}

export interface Wanted extends AskedTool {
  readonly clusterVersion?: string;
}

export interface InstallPorts {
  readonly http: Http;
  readonly files: Files;
  readonly shell: Shell;
  readonly cache: ToolCache;
  /** Undefined where no tool is made for this machine: asking for one then fails. */
  readonly platform: Platform | undefined;
  readonly mirror?: string;
  /** Host → address, for tests that stand in for a maker. */
  readonly makers?: Readonly<Record<string, string>>;
}

export interface InstalledTool {
  readonly name: ToolName;
  readonly version: string;
  readonly path: string;
  /** False where it was in the cache already. */
  readonly downloaded: boolean;
  /** Where it was unpacked for this run alone: to remove when the run is over. */
  readonly unpacked?: string;
}

/**
 * Exactly the asked version, or ActionError: `tool-unavailable`, `tool-checksum-mismatch`, or
 * `input-invalid` for a version that cannot be read.
 */
export async function install(wanted: Wanted, ports: InstallPorts): Promise<InstalledTool> {
  const tool = catalog[wanted.name];
  const { platform, http, cache } = ports;
  if (!platform) {
    const what = `${tool.name} is not made for this machine.`;
    const hint = `Run on Linux or macOS (amd64, arm64), or set ${tool.name}-version: none.`;
    throw fail('tool-unavailable', what, [], hint);
  }
  const maker = ports.makers?.[tool.host] ?? `https://${tool.host}`;
  const version = await resolveVersion({ ...wanted, tool, platform, maker, http });
  refuseStolen(tool, version);
  const parts = { tool, version, maker, wanted, platform, ports };
  const digest = await digestOf(parts);
  const stored: StoredTool = {
    // A name of our own: nobody else's tool of that name is taken for ours.
    name: `webgen-deploy-${tool.name}`,
    fileName: tool.member === undefined ? tool.name : `${tool.name}.tar.gz`,
    version,
    arch: platform.arch,
  };
  const found = await cache.find(stored.name, version, stored.arch);
  const folder = found ?? (await download(parts, digest, stored));
  const kept = `${folder}/${stored.fileName}`;
  // Again for what was just stored: the copy in the cache is what runs.
  await check(kept, digest, `the tool cache (${kept})`);
  const downloaded = found === undefined;
  if (tool.member === undefined) {
    await probe(tool, version, kept, ports.shell);
    return { name: wanted.name, version, path: kept, downloaded };
  }
  const unpacked = await unpack(kept, tool.member, ports);
  const path = `${unpacked}/${tool.member}`;
  try {
    await probe(tool, version, path, ports.shell);
  } catch (error) {
    await ports.files.remove(unpacked);
    throw error;
  }
  return { name: wanted.name, version, path, downloaded, unpacked };
}

/** ActionError for a release that was published by an attacker, however it came here. */
export function refuseStolen(tool: Tool, version: string): void {
  const why = tool.refused?.[version];
  if (why === undefined) return;
  const what = `${tool.name} ${version} ${why}.`;
  const hint = `Never run it; where it ran, replace every secret of that machine. Set ${tool.name}-version: auto.`;
  throw fail('tool-unavailable', what, [], hint);
}

interface Parts {
  readonly tool: Tool;
  readonly version: string;
  readonly maker: string;
  readonly wanted: Wanted;
  readonly platform: Platform;
  readonly ports: InstallPorts;
}

/** From the table, the user, or the maker's own file: never from a mirror or from the cache. */
async function digestOf({ tool, version, maker, wanted, platform, ports }: Parts): Promise<string> {
  const listed = tool.digests[version]?.[platformName(platform)];
  const given = wanted.sha256?.toLowerCase();
  if (listed && given && listed !== given) {
    const what = `${tool.name}-sha256 is not the digest that is known for ${tool.name} ${version}.`;
    const hint = `Leave ${tool.name}-sha256 out, or correct it.`;
    throw fail('input-invalid', what, [`known: ${listed}`, `given: ${given}`], hint);
  }
  const digest = listed ?? given;
  if (digest) return digest;
  if (!tool.checksumPath) {
    const what = `No digest is known for ${tool.name} ${version} (${platformName(platform)}).`;
    const hint = `Give its digest in ${tool.name}-sha256, or one of: ${Object.keys(tool.digests).join(', ')}.`;
    throw fail('tool-unavailable', what, [], hint);
  }
  const url = `${maker}/${tool.checksumPath(version, platform)}`;
  const said = await fetchText(ports.http, url);
  const checksum = /^[0-9a-f]{64}(?=\s|$)/.exec(said.text.trim())?.[0];
  if (said.status === 200 && checksum) return checksum;
  const why = said.status === 0 ? said.text : `HTTP ${said.status}`;
  const what = `The checksum of ${tool.name} ${version} could not be read from its maker.`;
  const hint =
    'Ask for a version that exists, and let the runner reach the maker (mirrors hold no checksums).';
  throw fail('tool-unavailable', what, [`${url}: ${why}`], hint);
}

async function download(parts: Parts, digest: string, stored: StoredTool): Promise<string> {
  const { tool, version, maker, platform, ports } = parts;
  const base = ports.mirror ? `${ports.mirror.replace(/\/+$/, '')}/${tool.host}` : maker;
  const url = `${base}/${tool.path(version, platform)}`;
  const folder = await ports.files.makeTemp('webgen-deploy-tool-');
  const file = `${folder}/${stored.fileName}`;
  try {
    await ports.cache.download(url, file).catch((error: unknown) => {
      const status = (error as { httpStatusCode?: number }).httpStatusCode;
      const why = status === undefined ? (error as Error).message : `HTTP ${status}`;
      const what = `${tool.name} ${version} could not be downloaded.`;
      throw fail('tool-unavailable', what, [`${url}: ${why}`]);
    });
    await check(file, digest, url);
    await chmod(file, 0o755);
    return await ports.cache.store(file, stored);
  } finally {
    await ports.files.remove(folder);
  }
}

async function check(path: string, digest: string, from: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  const actual = stats?.isFile() ? await sha256(path) : 'not a regular file';
  if (actual === digest) return;
  const what = `The file from ${from} is not the one that its maker published.`;
  throw fail('tool-checksum-mismatch', what, [`expected sha256 ${digest}`, `found ${actual}`]);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/**
 * The program out of a checked archive, into a new folder of this run. Only the archive is kept:
 * nobody publishes the digest of what is in it, so an unpacked one could not be checked again.
 */
async function unpack(
  archive: string,
  member: string,
  ports: Pick<InstallPorts, 'files' | 'shell'>,
): Promise<string> {
  const folder = await ports.files.makeTemp('webgen-deploy-tool-');
  const args = ['-x', '-z', '-o', '-f', archive, '-C', folder, member];
  const { code, stderr } = await ports.shell.run('tar', args, { timeoutMs: 120_000 });
  const path = `${folder}/${member}`;
  const stats = await lstat(path).catch(() => undefined);
  if (code === 0 && stats?.isFile() && stats.nlink === 1) {
    await chmod(path, 0o755);
    return folder;
  }
  await ports.files.remove(folder);
  const what = `${member} is not a regular file in its maker's archive.`;
  const evidence = [`${archive}: ${stderr.trim() || 'another kind of file'}`];
  throw fail('tool-unavailable', what, evidence);
}

async function probe(tool: Tool, version: string, path: string, shell: Shell): Promise<void> {
  const env = { YC_CLI_INITIALIZATION_SILENCE: 'true' };
  const result = await shell.run(path, tool.probe, { env, timeoutMs: 30_000, stdin: '' });
  const said = tool.versionOf(result.stdout);
  if (result.code === 0 && said === version) return;
  const what = `The installed ${tool.name} does not say that it is version ${version}.`;
  const says = said ? `it says ${said}` : `it says nothing readable (exit code ${result.code})`;
  throw fail('tool-unavailable', what, [`${path}: ${says}`]);
}

function fail(code: Code, what: string, evidence: readonly string[], hint?: string): ActionError {
  return new ActionError(finding(code, what, { evidence, ...(hint ? { hint } : {}) }));
}
