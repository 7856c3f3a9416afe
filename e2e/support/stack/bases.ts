// Stand-ins for the public base images, made from Debian's packages where those cannot be pulled.
import { createHash } from 'node:crypto';
import { access, cp, link, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, execOk } from '../cluster/exec.ts';
import { withLock } from '../cluster/lock.ts';
import { tell } from '../cluster/say.ts';
import { cacheBase } from '../tools/tools.ts';
import type { Engine } from './engine.ts';

const HERE = join(import.meta.dirname, 'bases');
const ROOT = join(import.meta.dirname, '..', '..', '..');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NPM = 'npm@11.6.2';

/** What is made of what: Debian's suite and packages. */
const BASES = {
  python: { suite: 'bookworm', packages: 'python3,python3-venv,ca-certificates' },
  node: { suite: 'bookworm', packages: 'ca-certificates,libstdc++6,libatomic1' },
  postgres: { suite: 'trixie', packages: 'postgresql-17,ca-certificates' },
  rclone: { suite: 'trixie', packages: 'rclone,ca-certificates' },
  redis: { suite: 'trixie', packages: 'redis-server,ca-certificates' },
} as const;

export type Base = keyof typeof BASES;

/** The image `stand-in/<base>` in the engine; a minute the first time, then from the cache. */
export async function provideBase({ docker, env }: Engine, base: Base): Promise<string> {
  const name = `stand-in/${base}:${await keyOf(base)}`;
  const there = await exec('docker', ['image', 'inspect', name], { env });
  if (there.code === 0) return name;
  const tar = await rootfs(base);
  const context = await mkdtemp(join(tmpdir(), 'webgen-base-'));
  try {
    await cp(join(HERE, base), context, { recursive: true });
    await link(tar, join(context, 'rootfs.tar')).catch(() => cp(tar, join(context, 'rootfs.tar')));
    await cp(CERTIFICATES, join(context, 'ca-certificates.crt'), { dereference: true });
    if (base === 'node') await addNode(context);
    await tell(`building the stand-in for ${base}`, () =>
      docker('build', '--quiet', '--network', 'host', '--tag', name, context),
    );
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return name;
}

async function keyOf(base: Base): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(BASES[base])).update(NPM);
  for (const file of (await readdir(join(HERE, base))).sort()) {
    hash.update(await readFile(join(HERE, base, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function rootfs(base: Base): Promise<string> {
  const { suite, packages } = BASES[base];
  const cache = join(await cacheBase(), 'debian');
  await mkdir(cache, { recursive: true });
  const key = createHash('sha256').update(`${suite} ${packages}`).digest('hex').slice(0, 12);
  const tar = join(cache, `${base}-${key}.tar`);
  await withLock(`${tar}.lock`, async () => {
    const isThere = await access(tar).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    const unfinished = join(cache, `unfinished-${base}.tar`);
    const without = ['doc', 'man', 'locale'].map(
      (each) => `--dpkgopt=path-exclude=/usr/share/${each}/*`,
    );
    const args = ['--variant=essential', ...without, `--include=${packages}`, suite, unfinished];
    await tell(`collecting Debian packages for ${base}`, () => execOk('mmdebstrap', args));
    await rename(unfinished, tar);
  });
  return tar;
}

/** Node as this project's own package brings it, and npm as npm ships it. */
async function addNode(context: string): Promise<void> {
  await cp(join(ROOT, 'node_modules', 'node', 'bin', 'node'), join(context, 'node'));
  const packed = await execOk('npm', ['pack', '--silent', NPM], { cwd: context });
  await execOk('tar', ['xf', packed.trim().split('\n').at(-1) ?? ''], { cwd: context });
  await rename(join(context, 'package'), join(context, 'npm'));
}
