// A test cluster to play with: `node scripts/cluster.ts up kwok|node`, `… down`.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, provideAssets } from '../e2e/support/cluster/assets.ts';
import { startCluster } from '../e2e/support/cluster/cluster.ts';
import { isAlive } from '../e2e/support/cluster/lock.ts';
import { nodeUnavailable } from '../e2e/support/cluster/node-packages.ts';
import { NEEDED } from '../e2e/support/cluster/programs.ts';
import { until } from '../e2e/support/cluster/until.ts';

const USAGE = `usage: node scripts/cluster.ts up kwok|node   start it, print its KUBECONFIG
       node scripts/cluster.ts down           stop it`;

interface Running {
  readonly pid: number;
  readonly kubeconfig: string;
  readonly registry?: string;
}

type Kind = 'kwok' | 'node';

const folder = await cacheFolder();
const stateFile = join(folder, 'cluster.json');
const logFile = join(folder, 'cluster.log');
const [command, kind] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  if (command === 'up' && (kind === 'kwok' || kind === 'node')) return up(kind);
  if (command === 'hold' && (kind === 'kwok' || kind === 'node')) return hold(kind);
  if (command === 'down') return down();
  console.error(USAGE);
  return 2;
}

async function up(wanted: Kind): Promise<number> {
  const running = await find();
  if (running !== undefined) {
    console.error('cluster: it is up already');
    return show(running);
  }
  const reason = wanted === 'node' ? await nodeUnavailable() : undefined;
  if (reason !== undefined) {
    console.error(`cluster: ${reason}`);
    return 1;
  }
  await mkdir(folder, { recursive: true });
  // Here rather than in the holder, so that the person sees how it goes.
  await provideAssets(NEEDED[wanted]);
  const log = openSync(logFile, 'w');
  const args = [import.meta.filename, 'hold', wanted];
  const stdio = ['ignore', log, log] as const;
  const holder = spawn(process.execPath, args, { detached: true, stdio: [...stdio] });
  closeSync(log);
  holder.unref();
  const started = await until(
    { what: 'the cluster', timeoutMs: 1_800_000, everyMs: 200 },
    async () => (holder.exitCode === null ? find() : ('ended' as const)),
  );
  if (started !== 'ended') return show(started);
  console.error(readFileSync(logFile, 'utf8').trimEnd());
  return 1;
}

function show({ kubeconfig, registry }: Running): number {
  if (registry !== undefined) console.error(`cluster: its registry is ${registry}`);
  console.log(`export KUBECONFIG=${kubeconfig}`);
  return 0;
}

/** The process that the cluster lives with. */
async function hold(wanted: Kind): Promise<number> {
  const cluster = await startCluster({ kind: wanted });
  const { kubeconfig, registry } = cluster;
  const state = { pid: process.pid, kubeconfig, ...(registry === undefined ? {} : { registry }) };
  await writeFile(stateFile, JSON.stringify(state));
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  clearInterval(alive);
  await rm(stateFile, { force: true });
  await cluster.stop();
  return 0;
}

async function down(): Promise<number> {
  const running = await find();
  if (running === undefined) return 0;
  process.kill(running.pid, 'SIGTERM');
  await until({ what: 'the cluster ending' }, async () => !isAlive(running.pid));
  return 0;
}

async function find(): Promise<Running | undefined> {
  const text = await readFile(stateFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as Running;
  // Ids are used again: the kubeconfig tells whether it is still that cluster.
  const isThere = await readFile(state.kubeconfig).then(
    () => true,
    () => false,
  );
  return isThere && isAlive(state.pid) ? state : undefined;
}
