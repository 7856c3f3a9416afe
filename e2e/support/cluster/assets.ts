// Finds the programs of a test cluster: your own folder, the cache, official releases, a build.
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildPrograms } from './go-build.ts';
import { withLock } from './lock.ts';
import { ETCD, KUBERNETES, KWOK, type Program } from './programs.ts';
import { downloadReleases } from './releases.ts';
import { say } from './say.ts';

/** The absolute path of each program that was asked for. */
export type Assets = Readonly<Record<string, string>>;

const SOURCES = join(import.meta.dirname, '..', 'kube');

/**
 * Where each wanted program is; gets what is missing. Order: `KUBE_ASSETS_DIR` (any of them), the
 * project's cache, official releases verified by checksum, `go build`. kubectl may also be the
 * one on PATH. Safe for several processes at once. Throws when something cannot be had at all.
 */
export async function provideAssets(wanted: readonly Program[]): Promise<Assets> {
  const cache = await cacheFolder();
  const before = await locate(wanted, cache);
  if (before.missing.length === 0) return before.found;
  await mkdir(cache, { recursive: true });
  return withLock(join(cache, 'lock'), async () => {
    const { missing } = await locate(wanted, cache);
    const unpublished = await downloadReleases(missing, cache);
    await buildPrograms(unpublished, cache);
    const after = await locate(wanted, cache);
    if (after.missing.length > 0) throw new Error(`no ${after.missing.join(', no ')} to be had`);
    if (missing.length > 0) say(`cached in ${cache}`);
    return after.found;
  });
}

/** The versioned folder that programs and images are kept in between runs. */
export async function cacheFolder(): Promise<string> {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const hash = createHash('sha256').update([KUBERNETES, ETCD, KWOK].join(' '));
  for (const file of ['go.mod', 'go.sum', 'main.go', 'kubectl/main.go', 'kwok/go.sum']) {
    hash.update(await readFile(join(SOURCES, file)));
  }
  const key = `${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 16)}`;
  return join(base, 'webgen-deploy', key);
}

interface Located {
  readonly found: Assets;
  readonly missing: readonly Program[];
}

async function locate(wanted: readonly Program[], cache: string): Promise<Located> {
  const found: Record<string, string> = {};
  const missing: Program[] = [];
  for (const program of wanted) {
    const path = await locateOne(program, cache);
    if (path === undefined) missing.push(program);
    else found[program] = path;
  }
  return { found, missing };
}

async function locateOne(program: Program, cache: string): Promise<string | undefined> {
  const own = process.env['KUBE_ASSETS_DIR'];
  const folders = own === undefined || own === '' ? [cache] : [own, cache];
  if (program === 'kubectl') folders.push(...(process.env['PATH'] ?? '').split(delimiter));
  for (const folder of folders.filter((name) => name !== '')) {
    const path = join(folder, program);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
