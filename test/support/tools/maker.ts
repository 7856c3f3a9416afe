// A maker of tools, or a mirror of one, on loopback: real files, real checksums.
import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realFiles } from '../../../src/platform/files.ts';
import { realShell } from '../../../src/platform/shell.ts';
import { realToolCache } from '../../../src/platform/tool-cache.ts';
import type { Platform } from '../../../src/tools/catalog.ts';
import type { InstallPorts } from '../../../src/tools/install.ts';
import { type Running, serve } from '../platform/servers.ts';
import { cloudPorts } from '../yandex/cloud.ts';

export const platform: Platform = { os: 'linux', arch: 'amd64' };

export interface Maker extends Running {
  /** path → content, or what to do instead. */
  readonly files: Map<string, string | Buffer | { readonly redirect: string } | 'truncated'>;
}

export async function startMaker(): Promise<Maker> {
  const files: Maker['files'] = new Map();
  const server = await serve((request, response) => {
    const found = files.get((request.url ?? '').slice(1));
    if (found === undefined) response.writeHead(404).end('not here');
    else if (found === 'truncated') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('#!/bin/sh\n');
      setTimeout(() => response.destroy(), 20);
    } else if (typeof found === 'string' || Buffer.isBuffer(found)) response.end(found);
    else response.writeHead(302, { location: found.redirect }).end();
  });
  return { ...server, files };
}

/** A program that says it is kubectl of that version. */
export function kubectl(version: string): string {
  return `#!/bin/sh\necho '{"clientVersion": {"gitVersion": "v${version}"}}'\n`;
}

export const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
export const kubectlPath = (version: string) => `release/v${version}/bin/linux/amd64/kubectl`;

/** Publishes a kubectl as its maker does. */
export function publish(maker: Maker, version: string, text = kubectl(version)): void {
  maker.files.set(kubectlPath(version), text);
  maker.files.set(`${kubectlPath(version)}.sha256`, sha256(text));
}

/** The real ports, in folders of their own, with the maker in the place of every real one. */
export async function toolPorts(maker: Maker, more: Partial<InstallPorts> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'tools-'));
  const cacheFolder = join(root, 'cache');
  process.env['RUNNER_TOOL_CACHE'] = cacheFolder;
  const ports: InstallPorts = {
    http: cloudPorts().http,
    files: realFiles(join(root, 'temp')),
    shell: realShell(),
    cache: realToolCache(cacheFolder),
    platform,
    makers: {
      'dl.k8s.io': maker.url,
      'storage.yandexcloud.net': maker.url,
      'github.com': maker.url,
    },
    ...more,
  };
  return { ...ports, root, cacheFolder };
}
