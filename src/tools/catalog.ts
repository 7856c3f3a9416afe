// Every tool we can install: where its maker keeps it, how it is checked, how it says its version.

export type ToolName = 'kubectl' | 'yc';

export interface Platform {
  readonly os: 'linux' | 'darwin';
  readonly arch: 'amd64' | 'arm64';
}

export type PlatformName = `${Platform['os']}/${Platform['arch']}`;

/** version → platform → sha256 of the program itself, hexadecimal. */
export type Digests = Readonly<Record<string, Partial<Record<PlatformName, string>>>>;

/** All makers here hand out the bare program; none of these tools comes in an archive. */
export interface Tool {
  readonly name: ToolName;
  /** Of the maker. A mirror keeps the same path below this name. */
  readonly host: string;
  readonly path: (version: string, platform: Platform) => string;
  /** The maker's checksum file; absent where the maker publishes none. */
  readonly checksumPath?: (version: string, platform: Platform) => string;
  /** Text files of the maker that name the newest version, of all or of a minor. */
  readonly newestPath?: (minor?: string) => string;
  readonly digests: Digests;
  readonly probe: readonly string[];
  /** The version in what the probe prints; undefined where there is none. */
  readonly versionOf: (stdout: string) => string | undefined;
}

const kubectlPath = (version: string, { os, arch }: Platform) =>
  `release/v${version}/bin/${os}/${arch}/kubectl`;

export const catalog: Readonly<Record<ToolName, Tool>> = {
  kubectl: {
    name: 'kubectl',
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
};

export function platformName({ os, arch }: Platform): PlatformName {
  return `${os}/${arch}`;
}

/** `linux`, `x64` as Node says them; undefined where no tool is made for it. */
export function platformOf(os: string, arch: string): Platform | undefined {
  const cpu = arch === 'x64' ? 'amd64' : arch;
  if (os !== 'linux' && os !== 'darwin') return undefined;
  return cpu === 'amd64' || cpu === 'arm64' ? { os, arch: cpu } : undefined;
}
