// One control plane for all the test files that a jest worker runs, one after the other. The first that
// asks starts it; it ends with the worker, however that ends. A file leaves it as it was: its namespaces
// are deleted behind it, and what belongs to the whole cluster is gone before the next file looks.
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideAssets } from './assets.ts';
import { auditSize, readAudit } from './audit.ts';
import { type ClusterAccess, startCluster, type UsableCluster, usableCluster } from './cluster.ts';
import { type ClusterState, restore, stateOf } from './cluster-state.ts';
import { NEEDED } from './programs.ts';
import { freePorts } from './until.ts';

export interface SharedCluster extends UsableCluster {
  /** Where its API server asks whose token one is: `startYandex` has to answer there. */
  readonly tokenReviewPort: number;
  /** Takes away what this file left. */
  leave(): Promise<void>;
}

interface Shared {
  readonly access: ClusterAccess;
  readonly tokenReviewPort: number;
  /** As it was before any test. */
  readonly before: ClusterState;
}

/** The worker's cluster, with its requests recorded from now on. */
export async function sharedCluster(): Promise<SharedCluster> {
  const folder = join(await realpath(tmpdir()), `webgen-cluster-of-${process.pid}`);
  const { kubectl = '' } = await provideAssets(['kubectl']);
  const { access, tokenReviewPort, before } = (await known(folder)) ?? (await begin(folder));
  const from = await auditSize(folder);
  const cluster = usableCluster(access, kubectl, () => readAudit(folder, from));
  return { ...cluster, tokenReviewPort, leave: () => restore(cluster, before) };
}

/** What an earlier file of this worker started. An earlier process of the same id has left nothing. */
async function known(folder: string): Promise<Shared | undefined> {
  const text = await readFile(join(folder, 'shared.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Shared);
}

async function begin(folder: string): Promise<Shared> {
  await provideAssets(NEEDED.kwok);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const [tokenReviewPort = 0] = await freePorts(1);
  const yandexWebhookUrl = `http://127.0.0.1:${tokenReviewPort}/tokenreview`;
  // Nobody stops it: this process's end does.
  const cluster = await startCluster({ kind: 'kwok', folder, yandexWebhookUrl, audit: true });
  const { kind, kubeconfig, server, caPem, adminToken, logs } = cluster;
  const access = { kind, kubeconfig, server, caPem, adminToken, logs };
  const shared = { access, tokenReviewPort, before: await stateOf(cluster) };
  await writeFile(join(folder, 'shared.json'), JSON.stringify(shared), { mode: 0o600 });
  return shared;
}
