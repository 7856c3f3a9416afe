// Every tool we can install: where its maker keeps it, how it is checked, how it says its version,
// and what the inputs `<name>-version` and, where there is one, `<name>-sha256` may say.
import type { Command } from '../core/commands.ts';
import { defined } from '../core/defined.ts';

export interface Platform {
  readonly os: 'linux' | 'darwin';
  readonly arch: 'amd64' | 'arm64';
}

export type PlatformName = `${Platform['os']}/${Platform['arch']}`;

/** version → platform → sha256 of what is downloaded (program or archive), hexadecimal. */
export type Digests = Readonly<Record<string, Partial<Record<PlatformName, string>>>>;

export interface Tool {
  readonly name: string;
  /** The input `<name>-version`: an exact version or also a range, or one of the words. */
  readonly versions: { readonly accepts: 'exact' | 'range'; readonly words: readonly string[] };
  /** Every scan of a run brings it: later steps get it only from `setup`, and only by version. */
  readonly forScans?: true;
  /** Of the maker. A mirror keeps the same path below this name. */
  readonly host: string;
  readonly path: (version: string, platform: Platform) => string;
  /** The maker's checksum file; absent where the maker publishes none. */
  readonly checksumPath?: (version: string, platform: Platform) => string;
  /** Text files of the maker that name the newest version, of all or of a minor. */
  readonly newestPath?: (minor?: string) => string;
  readonly digests: Digests;
  /** Where the maker hands out a gzipped tar: the program's name in it. Else it is the bare program. */
  readonly member?: string;
  /** version → why nobody may use it, whatever its digest. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly probe: readonly string[];
  /** The version in what the probe prints; undefined where there is none. */
  readonly versionOf: (stdout: string) => string | undefined;
}

const trivyArchive = (version: string, { os, arch }: Platform) =>
  `trivy_${version}_${os === 'linux' ? 'Linux' : 'macOS'}-${arch === 'amd64' ? '64bit' : 'ARM64'}.tar.gz`;

/** https://github.com/aquasecurity/trivy/security/advisories/GHSA-69fq-xp46-6x23 */
const stolen =
  'was published by whoever broke into its maker in March 2026 (GHSA-69fq-xp46-6x23, CVE-2026-33634)';

const kubectlPath = (version: string, { os, arch }: Platform) =>
  `release/v${version}/bin/${os}/${arch}/kubectl`;

const rows = {
  kubectl: {
    name: 'kubectl',
    versions: { accepts: 'range', words: ['auto', 'match-cluster', 'latest', 'none'] },
    host: 'dl.k8s.io',
    path: kubectlPath,
    checksumPath: (version, platform) => `${kubectlPath(version, platform)}.sha256`,
    newestPath: (minor) => `release/stable${minor ? `-${minor}` : ''}.txt`,
    digests: {},
    probe: ['version', '--client', '-o', 'json'],
    versionOf: (stdout) => /"gitVersion":\s*"v([^"]+)"/.exec(stdout)?.[1],
  },
  yc: {
    name: 'yc',
    versions: { accepts: 'exact', words: ['auto', 'none'] },
    host: 'storage.yandexcloud.net',
    path: (version, { os, arch }) => `yandexcloud-yc/release/${version}/${os}/${arch}/yc`,
    // The maker publishes no checksums. These are the ones that nixpkgs pins for the same addresses
    // (pkgs/by-name/ya/yandex-cloud/sources.json: 1.25.0 in 2026, and 0.131.1 in 2024); those of
    // 1.25.0 agree with a second, independent recipe. 1.25.0 is not pinned there for Intel Macs.
    digests: {
      '1.25.0': {
        'linux/amd64': 'ee59e824ce2020bbae00c03f768eb9a1b83a6eaa8cb1a216e2c82c98c06a58b8',
        'linux/arm64': 'db3eaa4e13173a8375e446a17844ababfc470f8f7f179438d3553ca110f05be9',
        'darwin/arm64': 'd61c1987c6fd16762386bc89fd7ac55019b517848954b111c0b7c249526f7d92',
      },
      '0.131.1': {
        'linux/amd64': '648e626655ec0c95da1c9148aff729c77392386aa5b04dc940dcb61c72bb995e',
        'linux/arm64': '73d1eb5b42bbddcf89a3b15c71aa8edea5a2f8ec5de999347a4e5fa6d87bbb4e',
        'darwin/amd64': 'dfdaff91772d45a9b6507608e7fc7ef3ecd313d8927eb23c7e2fa6a35a4ac2f1',
        'darwin/arm64': '2f0bda25c05edf7b6a32e1419234360fa0981a3817007be0bef18801c275504c',
      },
    },
    probe: ['version', '--semantic'],
    versionOf: (stdout) => /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0],
  },
  trivy: {
    name: 'trivy',
    versions: { accepts: 'exact', words: ['auto', 'none'] },
    forScans: true,
    host: 'github.com',
    path: (version, platform) =>
      `aquasecurity/trivy/releases/download/v${version}/${trivyArchive(version, platform)}`,
    // Its maker's checksum file comes from the same release as the archive: whoever can replace the
    // one can replace the other, as in March 2026. So only digests that are written down here
    // count. 0.74.0: as cert-manager/makefile-modules pins it (modules/tools/00_mod.mk, commit
    // b903033), and alike in other public recipes. 0.75.0: alike in every public recipe that was
    // found to pin it: ten for linux/amd64, five for linux/arm64, three (arm64) and two for macOS.
    digests: {
      '0.75.0': {
        'linux/amd64': 'c6e65abddb348e25f10549df887045629cf28cc72453cd1c63acb717316b3f3f',
        'linux/arm64': 'a1ee9f6ffb7d112b64ff726a2a0717c21175c1114361391f4a132956751a13b3',
        'darwin/amd64': '291edaa9778acbe4693d067b5ad60ee11570e5ac68296e85595417528ca641e4',
        'darwin/arm64': '4a77108cccf8e55c8d6823e1e759939a622277e66cd0daa3c1fc621ed69e4568',
      },
      '0.74.0': {
        'linux/amd64': '2ae6fe3ee734b7fdf11335663e18c75ea12dccc76062f09f164a3b0f8be4371a',
        'linux/arm64': 'b94ce1976bbf3c15b514b605ee88be7c6d94a29be2302847ff01cb794d47aad5',
        'darwin/amd64': '472816f6888dda689d075c30254d4210b4d1035acf365aa72332f584c2f60485',
        'darwin/arm64': '1caada5e0e2091909357c7525d3aa76f4b660b13821bc143b190c7483e31cc11',
      },
    },
    member: 'trivy',
    refused: { '0.69.4': stolen, '0.69.5': stolen, '0.69.6': stolen },
    probe: ['--version'],
    versionOf: (stdout) => /^Version: v?(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1],
  },
} as const satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof rows;
export const catalog: Readonly<Record<ToolName, Tool>> = rows;
export const toolNames = Object.keys(rows) as readonly ToolName[];

/** The inputs of those names. */
export type ToolVersions = {
  readonly [N in ToolName as `${N}Version`]?: string;
} & {
  readonly [N in ToolName as `${N}Sha256`]?: string;
};

export interface AskedTool {
  readonly name: ToolName;
  readonly asked: string;
  /** The user's own digest, for a version that the table does not have. */
  readonly sha256?: string;
}

/** What later steps get: what is asked for by version and, from `setup`, what `auto` brings. */
export function askedTools(command: Command, versions: ToolVersions): readonly AskedTool[] {
  return toolNames.flatMap((name) => {
    const asked = askedTool(name, versions);
    const { forScans = false } = catalog[name];
    const isSetup = command === 'setup';
    if (asked.asked === 'none' || (forScans && !isSetup)) return [];
    return asked.asked === 'auto' && (forScans || !isSetup) ? [] : [asked];
  });
}

/** What the inputs say of one tool; `auto` where they say nothing. */
export function askedTool(name: ToolName, versions: ToolVersions): AskedTool {
  const asked = versions[`${name}Version` as const] ?? 'auto';
  return { name, asked, ...defined({ sha256: versions[`${name}Sha256` as const] }) };
}

export function platformName({ os, arch }: Platform): PlatformName {
  return `${os}/${arch}`;
}

/** `linux`, `x64` as Node says them; undefined where no tool is made for it. */
export function platformOf(os: string, arch: string): Platform | undefined {
  const cpu = arch === 'x64' ? 'amd64' : arch;
  if (os !== 'linux' && os !== 'darwin') return undefined;
  return cpu === 'amd64' || cpu === 'arm64' ? { os, arch: cpu } : undefined;
}
