// A registry of a test's own on loopback: with a login, read-only, on a small disk, or not there.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, execOk } from '../cluster/exec.ts';
import { startProcesses } from '../cluster/processes.ts';
import { freePorts, until } from '../cluster/until.ts';

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Starts it again with other settings, its images kept. */
  restart(settings?: RegistrySettings): Promise<void>;
  /** Nothing listens on the address any more. */
  down(): Promise<void>;
  stop(): Promise<void>;
}

export interface RegistrySettings {
  /** Wants user `builder` and `registryPassword`. */
  readonly login?: boolean;
  readonly readOnly?: boolean;
}

export interface RegistryOptions extends RegistrySettings {
  /** Its disk, in MiB. */
  readonly diskMib?: number;
}

export const registryUser = 'builder';
export const registryPassword = 'pushing-for-tests-only';
/** `htpasswd -Bbn` of the two. */
const passwords = 'builder:$2y$05$9kBW1e0MVX8BkB1kxUMFoOErBJDbN/LwWMNLAPFwN6ay3d5JmEKX6\n';

/** Why there is no registry here, or undefined. Installs Debian's package where it may. */
export async function registryUnavailable(): Promise<string | undefined> {
  const there = async () =>
    (await exec('docker-registry', ['--version']).catch(() => undefined))?.code === 0;
  if (await there()) return undefined;
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const args = ['install', '-y', '-q', '--no-install-recommends', 'docker-registry'];
  await exec('apt-get', args, { env }).catch(() => undefined);
  return (await there()) ? undefined : 'no docker-registry on this machine';
}

export async function startTestRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-registry-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['logs', 'data']) await mkdir(at(name));
  const processes = startProcesses(folder, at('logs'));
  if (options.diskMib !== undefined) {
    await execOk('mount', ['-t', 'tmpfs', '-o', `size=${options.diskMib}m`, 'tmpfs', at('data')]);
    processes.runAfter(['umount', '-l', at('data')]);
  }
  await writeFile(at('htpasswd'), passwords);
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const start = async (settings: RegistrySettings) => {
    await writeFile(at('config.json'), configOf(folder, address, settings));
    const env = { OTEL_TRACES_EXPORTER: 'none' };
    processes.start('registry', ['docker-registry', 'serve', at('config.json')], env);
    await until({ what: 'the registry', timeoutMs: 20_000 }, () => listens(port));
  };
  await start(options);
  return {
    address,
    restart: async (settings = {}) => {
      await processes.end('registry');
      await start(settings);
    },
    down: () => processes.end('registry'),
    stop: () => processes.endAll(),
  };
}

function configOf(folder: string, address: string, settings: RegistrySettings): string {
  const basic = { realm: 'test', path: join(folder, 'htpasswd') };
  return JSON.stringify({
    version: '0.1',
    log: { level: 'warn' },
    storage: {
      filesystem: { rootdirectory: join(folder, 'data') },
      maintenance: { readonly: { enabled: settings.readOnly === true } },
    },
    http: { addr: address },
    ...(settings.login ? { auth: { htpasswd: basic } } : {}),
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
