// Official release files, each verified by the checksum that its maker publishes.
import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execOk } from './exec.ts';
import { ETCD, KUBERNETES, KWOK, type Program } from './programs.ts';
import { say, tell } from './say.ts';

interface Release {
  readonly url: string;
  /** Where the digest is published, and how to read it from there. */
  readonly checksums: string;
  readonly digest: (text: string) => string | undefined;
  /** The program's path inside a `.tar.gz`; absent where the file is the program. */
  readonly inside?: string;
}

/** Where releases are published; a test has its own. */
export interface Publishers {
  readonly kubernetes: string;
  readonly github: string;
  readonly githubApi: string;
}

const OFFICIAL: Publishers = {
  kubernetes: 'https://dl.k8s.io',
  github: 'https://github.com',
  githubApi: 'https://api.github.com',
};
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const PROBE_MS = 3000;

/**
 * Downloads what it can of `wanted` into `folder`; the rest comes back. A host that does not
 * answer within three seconds is asked once and not again.
 */
export async function downloadReleases(
  wanted: readonly Program[],
  folder: string,
  publishers: Publishers = OFFICIAL,
): Promise<readonly Program[]> {
  if (process.platform !== 'linux') return wanted;
  const silent = new Set<string>();
  const missing: Program[] = [];
  for (const program of wanted) {
    const release = releaseOf(program, publishers);
    const problem = await fetchRelease({ program, release, folder, silent });
    if (problem === undefined) continue;
    if (problem !== '') say(`no official ${program}: ${problem}`);
    missing.push(program);
  }
  return missing;
}

function releaseOf(program: Program, from: Publishers): Release {
  if (program === 'etcd') return etcdRelease(from);
  if (program === 'kwok') return kwokRelease(from);
  const folder = `${from.kubernetes}/release/v${KUBERNETES}/bin/linux/${ARCHITECTURE}`;
  const url = `${folder}/${program}`;
  return { url, checksums: `${url}.sha256`, digest: (text) => text.trim().split(/\s/)[0] };
}

function etcdRelease({ github }: Publishers): Release {
  const base = `${github}/etcd-io/etcd/releases/download/v${ETCD}`;
  const name = `etcd-v${ETCD}-linux-${ARCHITECTURE}`;
  const line = new RegExp(`^([0-9a-f]{64})\\s+\\*?${name.replaceAll('.', '\\.')}\\.tar\\.gz$`, 'm');
  return {
    url: `${base}/${name}.tar.gz`,
    checksums: `${base}/SHA256SUMS`,
    digest: (text) => line.exec(text)?.[1],
    inside: `${name}/etcd`,
  };
}

/** kwok publishes no checksum file; GitHub's API gives each asset's digest since June 2025. */
function kwokRelease({ github, githubApi }: Publishers): Release {
  const name = `kwok-linux-${ARCHITECTURE}`;
  const repository = 'kubernetes-sigs/kwok';
  return {
    url: `${github}/${repository}/releases/download/v${KWOK}/${name}`,
    checksums: `${githubApi}/repos/${repository}/releases/tags/v${KWOK}`,
    digest: (text) => {
      const { assets } = JSON.parse(text) as { assets?: { name: string; digest?: string }[] };
      return assets?.find((asset) => asset.name === name)?.digest?.replace('sha256:', '');
    },
  };
}

interface Wanted {
  readonly program: Program;
  readonly release: Release;
  readonly folder: string;
  /** Hosts that did not answer; grows. */
  readonly silent: Set<string>;
}

/** Undefined when it is there; else why not (empty: that host's silence was said already). */
async function fetchRelease(wanted: Wanted): Promise<string | undefined> {
  const { program, release, folder, silent } = wanted;
  const origins = [release.checksums, release.url].map((url) => new URL(url).origin);
  if (origins.some((origin) => silent.has(origin))) return '';
  for (const origin of new Set(origins)) {
    if (await answers(origin)) continue;
    silent.add(origin);
    return `${origin} does not answer from here`;
  }
  try {
    const text = (await get(release.checksums)).toString();
    const digest = release.digest(text);
    if (digest === undefined) return `${release.checksums} names no digest for it`;
    await tell(`downloading ${release.url}`, async () => {
      await install({ program, folder, release, digest, data: await get(release.url) });
    });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function answers(origin: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_MS);
  return fetch(origin, { method: 'HEAD', redirect: 'manual', signal }).then(
    () => true,
    () => false,
  );
}

async function get(url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(600_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

interface Download {
  readonly program: Program;
  readonly folder: string;
  readonly release: Release;
  readonly digest: string;
  readonly data: Buffer;
}

async function install({ program, folder, release, digest, data }: Download): Promise<void> {
  const found = createHash('sha256').update(data).digest('hex');
  if (found !== digest) {
    throw new Error(`${release.url} has the digest ${found}, but its maker says ${digest}`);
  }
  const work = join(folder, `.${program}-${process.pid}`);
  await mkdir(work, { recursive: true });
  const file = join(work, 'download');
  await writeFile(file, data);
  let source = file;
  if (release.inside !== undefined) {
    await execOk('tar', ['-xzf', file, '-C', work, release.inside]);
    source = join(work, release.inside);
  }
  await chmod(source, 0o755);
  await rename(source, join(folder, program));
  await rm(work, { recursive: true });
}
