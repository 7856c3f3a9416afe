// A Docker engine of a test's own, with the containerd image store: it builds, attests and pushes.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { exec, execOk } from '../cluster/exec.ts';
import { startProcesses } from '../cluster/processes.ts';
import { until } from '../cluster/until.ts';
import { dockerPrograms, pluginFolder } from './docker-programs.ts';
import { registryUnavailable } from './test-registry.ts';

export interface TestBuilder {
  /** Variables of a job whose `docker buildx` builds here. */
  readonly env: Readonly<Record<string, string>>;
  /** Its folder for DOCKER_CONFIG; empty where the machine's own engine is used. */
  readonly config: string;
  /** Forgets every layer, as a new runner has none. */
  prune(): Promise<void>;
  stop(): Promise<void>;
}

/** Why images cannot be built and pushed here, or undefined. */
export async function builderUnavailable(): Promise<string | undefined> {
  const programs = await dockerPrograms();
  return programs.by === 'nobody' ? programs.why : registryUnavailable();
}

/** Up in seconds; `stop` ends it and removes everything. */
export async function startBuilder(): Promise<TestBuilder> {
  const programs = await dockerPrograms();
  if (programs.by === 'nobody') throw new Error(programs.why);
  if (programs.by === 'machine') {
    return { env: {}, config: '', prune: () => prune({}), stop: async () => undefined };
  }
  const folder = await mkdtemp(join(tmpdir(), 'webgen-docker-'));
  const at = (name: string) => join(folder, name);
  await mkdir(at('logs'));
  const path = [...programs.folders, process.env['PATH'] ?? '', '/usr/sbin'].join(delimiter);
  const host = `unix://${at('docker.sock')}`;
  const processes = startProcesses(folder, at('logs'));
  // Without a bridge it needs no packet filter and no other engine is in its way: RUN gets no network.
  const config = {
    features: { 'containerd-snapshotter': true },
    'storage-driver': 'native',
    iptables: false,
    bridge: 'none',
    hosts: [host],
    'data-root': at('data'),
    'exec-root': at('exec'),
    pidfile: at('pid'),
  };
  await writeFile(at('daemon.json'), JSON.stringify(config));
  processes.start('dockerd', ['dockerd', '--config-file', at('daemon.json')], { PATH: path });
  await pluginFolder(at('config'), programs.buildx);
  const env = { PATH: path, DOCKER_HOST: host, DOCKER_CONFIG: at('config') };
  await until({ what: 'the Docker engine', timeoutMs: 60_000 }, async () => {
    if (!processes.isRunning('dockerd')) throw new Error(await processes.tail('dockerd'));
    return (await exec('docker', ['buildx', 'inspect'], { env })).stdout.includes('running');
  });
  return { env, config: at('config'), prune: () => prune(env), stop: () => processes.endAll() };
}

async function prune(env: Readonly<Record<string, string>>): Promise<void> {
  await execOk('docker', ['buildx', 'prune', '--all', '--force'], { env });
}
