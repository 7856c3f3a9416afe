// A Docker engine of the tests' own: nothing of the machine's one is used or changed.
import { mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, execOk } from '../cluster/exec.ts';
import { startProcesses } from '../cluster/processes.ts';
import { tell } from '../cluster/say.ts';
import { until } from '../cluster/until.ts';
import { cacheBase } from '../tools/tools.ts';

export interface Engine {
  /** For a process that speaks to it. */
  readonly env: Readonly<Record<string, string>>;
  docker(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts `dockerd`, installing Debian's where there is none. Its images lie in the project's cache, so
 * that a second run builds from layers. Builds use the machine's network: `--network host`.
 */
export async function startEngine(): Promise<Engine> {
  await install();
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'webgen-engine-')));
  const data = join(await cacheBase(), 'docker');
  await mkdir(data, { recursive: true });
  const processes = startProcesses(folder, folder);
  // The engine's own network namespace stays mounted there when it ends.
  processes.runAfter(['umount', join(folder, 'exec', 'netns', 'default')]);
  const socket = `unix://${join(folder, 'sock')}`;
  // BuildKit's client is a plugin that Debian does not ship; the engine's own builder does as well.
  const env = { DOCKER_HOST: socket, DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' };
  const docker = (...args: readonly string[]) => execOk('docker', args, { env });
  const names = ['--containerd-namespace=webgen', '--containerd-plugins-namespace=webgen-plugins'];
  const places = [`--data-root=${data}`, `--exec-root=${folder}/exec`, `--pidfile=${folder}/pid`];
  // The packet filter is left alone: published ports go through the engine's own proxy.
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none'];
  processes.start('dockerd', ['dockerd', `--host=${socket}`, ...names, ...places, ...network]);
  try {
    await until({ what: 'the Docker engine', timeoutMs: 60_000 }, async () => {
      return (await exec('docker', ['version'], { env })).code === 0;
    });
  } catch (error) {
    const last = await processes.tail('dockerd');
    await processes.endAll();
    throw new Error(`${error}\n${last}`);
  }
  return { env, docker, stop: () => processes.endAll() };
}

async function install(): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of PACKAGES) {
    const found = await exec('sh', ['-c', 'command -v "$0"', program]);
    if (found.code !== 0) missing.push(name);
  }
  if (missing.length === 0) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const args = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  await tell(`installing ${missing.join(' ')}`, async () => {
    if ((await exec('apt-get', args, { env })).code === 0) return;
    await execOk('apt-get', ['update', '-q'], { env });
    await execOk('apt-get', args, { env });
  });
}

const PACKAGES = [
  ['docker', 'docker.io'],
  ['dockerd', 'docker.io'],
  ['docker-compose', 'docker-compose'],
  ['mmdebstrap', 'mmdebstrap'],
] as const;
