// A Docker engine for the tests: this machine's, or Debian's, unpacked into the cache and not installed.
import { access, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, execOk } from '../cluster/exec.ts';
import { withLock } from '../cluster/lock.ts';
import { tell } from '../cluster/say.ts';

/** The first release of Debian that has buildx. */
const SUITE = 'trixie';
const PACKAGES = ['docker-buildx', 'docker.io', 'docker-cli', 'containerd', 'runc'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export type DockerPrograms =
  /** A daemon that answers already, with buildx. */
  | { readonly by: 'machine' }
  /** Programs to start one of our own; folders for PATH, and buildx as a plugin. */
  | { readonly by: 'debian'; readonly folders: readonly string[]; readonly buildx: string }
  | { readonly by: 'nobody'; readonly why: string };

let answer: Promise<DockerPrograms> | undefined;

/** Looks once per process; a minute where Debian's packages have to be fetched. */
export function dockerPrograms(): Promise<DockerPrograms> {
  answer ??= look();
  return answer;
}

async function look(): Promise<DockerPrograms> {
  const there = await exec('docker', ['buildx', 'inspect']).catch(() => undefined);
  if (there?.code === 0 && !/^Error:/m.test(there.stdout)) return { by: 'machine' };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return { by: 'nobody', why: 'no Docker engine answers, and only root may start one' };
  }
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'webgen-deploy', `docker-${SUITE}-${process.arch}-2`);
  try {
    await withLock(`${folder}.lock`, async () => {
      if (await isThere(folder)) return;
      await tell(`fetching Docker from Debian ${SUITE} (a minute, once)`, () => fetchInto(folder));
    });
  } catch (error) {
    const why = String(error).split('\n').slice(-2).join(' ');
    return { by: 'nobody', why: `no Docker engine answers, and Debian’s is not to be had: ${why}` };
  }
  const at = (name: string) => join(folder, name);
  const buildx = at('usr/libexec/docker/cli-plugins/docker-buildx');
  return { by: 'debian', folders: [at('usr/bin'), at('usr/sbin')], buildx };
}

async function fetchInto(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'webgen-debian-'));
  const unfinished = `${folder}.unfinished`;
  try {
    for (const name of ['lists/partial', 'cache/archives/partial', 'debs']) {
      await mkdir(join(work, name), { recursive: true });
    }
    await writeFile(join(work, 'status'), '');
    const source = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${SUITE} main\n`;
    await writeFile(join(work, 'sources.list'), source);
    const options = [
      `Dir::Etc::sourcelist=${join(work, 'sources.list')}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${join(work, 'lists')}`,
      `Dir::State::status=${join(work, 'status')}`,
      `Dir::Cache=${join(work, 'cache')}`,
      'APT::Sandbox::User=root',
      'Acquire::Languages=none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    ].flatMap((option) => ['-o', option]);
    await execOk('apt-get', [...options, 'update', '-q']);
    const debs = join(work, 'debs');
    await execOk('apt-get', [...options, 'download', '-q', ...PACKAGES], { cwd: debs });
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    for (const name of await readdir(debs)) {
      await execOk('dpkg-deb', ['-x', join(debs, name), unfinished]);
    }
    await runnableRunc(unfinished, join(work, 'own'));
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Debian's runc may need a newer libc than this machine has; then that of its own suite is taken. */
async function runnableRunc(folder: string, work: string): Promise<void> {
  const runc = join(folder, 'usr/sbin/runc');
  const runs = async (): Promise<boolean> =>
    (await exec(runc, ['--version']).catch(() => undefined))?.code === 0;
  if (await runs()) return;
  await mkdir(work, { recursive: true });
  await execOk('apt-get', ['update', '-q']);
  await execOk('apt-get', ['download', '-q', 'runc'], { cwd: work });
  for (const name of await readdir(work))
    await execOk('dpkg-deb', ['-x', join(work, name), folder]);
  if (!(await runs())) throw new Error('no runc runs on this machine');
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A folder for DOCKER_CONFIG that has buildx as a plugin. */
export async function pluginFolder(folder: string, buildx: string): Promise<void> {
  await mkdir(join(folder, 'cli-plugins'), { recursive: true });
  await symlink(buildx, join(folder, 'cli-plugins', 'docker-buildx'));
}
