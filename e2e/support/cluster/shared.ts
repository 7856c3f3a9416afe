// One control plane for all the test files of a process, one after the other. The first that asks starts
// it; it ends with the process, however that ends. A file leaves it as it was: its namespaces are deleted
// behind it, and what belongs to the whole cluster is gone before the next file looks.
import { startCluster, type TestCluster, type UsableCluster } from './cluster.ts';
import { type ClusterState, restore, stateOf } from './cluster-state.ts';
import { freePorts } from './until.ts';

export interface SharedCluster extends UsableCluster {
  /** Where its API server asks whose token one is: `startYandex` has to answer there. */
  readonly tokenReviewPort: number;
  /** Takes away what this file left. */
  leave(): Promise<void>;
}

interface Shared {
  readonly cluster: TestCluster;
  readonly tokenReviewPort: number;
  /** As it was before any test. */
  readonly before: ClusterState;
}

let shared: Promise<Shared> | undefined;

/** This process's cluster, with its requests recorded from now on. */
export async function sharedCluster(): Promise<SharedCluster> {
  shared ??= begin();
  const { cluster, tokenReviewPort, before } = await shared;
  await cluster.forgetAudit();
  return { ...cluster, tokenReviewPort, leave: () => restore(cluster, before) };
}

async function begin(): Promise<Shared> {
  const [tokenReviewPort = 0] = await freePorts(1);
  const yandexWebhookUrl = `http://127.0.0.1:${tokenReviewPort}/tokenreview`;
  const cluster = await startCluster({ kind: 'kwok', yandexWebhookUrl, audit: true });
  return { cluster, tokenReviewPort, before: await stateOf(cluster) };
}
