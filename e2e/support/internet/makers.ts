// Stand-ins for the hosts that kubectl and yc are downloaded from, with small programs of their own.
import { createHash } from 'node:crypto';
import type { Internet } from './internet.ts';

export const makerNames = ['dl.k8s.io', 'cdn.dl.k8s.io', 'storage.yandexcloud.net'] as const;

export interface Makers {
  /** `host/path` → text. Changing it changes what is there. */
  readonly files: Map<string, string>;
  /** `kubectl` of that version, with the checksum that its maker publishes. */
  publishKubectl(version: string, program?: string): void;
  /** The digest of what is now there as `yc` of that version. */
  publishYc(version: string, program?: string): string;
}

const arch = process.arch === 'x64' ? 'amd64' : process.arch;
export const kubectlPath = (version: string) =>
  `release/v${version}/bin/${process.platform}/${arch}/kubectl`;
export const ycPath = (version: string) =>
  `yandexcloud-yc/release/${version}/${process.platform}/${arch}/yc`;

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Answers the version probe; everything else is done by the real kubectl at `real`. */
export function kubectlProgram(version: string, real: string): string {
  const said = JSON.stringify({ clientVersion: { gitVersion: `v${version}` } });
  const probe = `case "$1" in version) echo '${said}';; *) exec '${real}' "$@";; esac`;
  return `#!/bin/sh\n# kubectl ${version}\n${probe}\n`;
}

export const ycProgram = (version: string) => `#!/bin/sh\necho '${version}'\n`;

/** dl.k8s.io sends every file on to its CDN, as the real one does. `real`: path of a kubectl. */
export function startMakers(internet: Internet, real: string): Makers {
  const files = new Map<string, string>();
  const at = (host: string) =>
    internet.host(host, ({ path }) => {
      const body = files.get(`${host}${path}`);
      return body === undefined ? undefined : { body };
    });
  internet.host('dl.k8s.io', ({ path }) => ({
    status: 302,
    headers: { location: `https://cdn.dl.k8s.io${path}` },
  }));
  at('cdn.dl.k8s.io');
  at('storage.yandexcloud.net');
  return {
    files,
    publishKubectl(version, program = kubectlProgram(version, real)) {
      files.set(`cdn.dl.k8s.io/${kubectlPath(version)}`, program);
      files.set(`cdn.dl.k8s.io/${kubectlPath(version)}.sha256`, sha256(program));
    },
    publishYc(version, program = ycProgram(version)) {
      files.set(`storage.yandexcloud.net/${ycPath(version)}`, program);
      return sha256(program);
    },
  };
}
