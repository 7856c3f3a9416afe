// A registry of a test's own: Debian's docker-registry, without a node around it.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryConfig } from '../cluster/node-config.ts';
import { startProcesses } from '../cluster/processes.ts';
import { freePorts, until } from '../cluster/until.ts';

export interface OwnRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  stop(): Promise<void>;
}

export async function startOwnRegistry(): Promise<OwnRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-registry-'));
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const file = join(folder, 'registry.json');
  await writeFile(file, registryConfig(folder, address));
  const processes = startProcesses(folder, logs);
  processes.start('registry', ['docker-registry', 'serve', file], { OTEL_TRACES_EXPORTER: 'none' });
  await until({ what: 'the registry' }, async () => (await fetch(`http://${address}/v2/`)).ok);
  return { address, stop: () => processes.endAll() };
}
