// What most tests of the bundle need: a cluster of Yandex Cloud's kind, an account, and a run.
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type ClusterOptions,
  startCluster,
  type TestCluster,
  type UsableCluster,
} from './cluster/cluster.ts';
import { sharedCluster } from './cluster/shared.ts';
import { type ActionOptions, type ActionResult, startAction } from './runner/run-action.ts';
import { startYandex, type Yandex } from './yandex/emulator.ts';

export interface Site<Cluster extends UsableCluster = UsableCluster> {
  readonly yandex: Yandex;
  readonly cluster: Cluster;
  /** Inputs that authenticate with a key and name the cluster. */
  readonly access: Readonly<Record<string, string>>;
  readonly account: { readonly id: string; readonly keyJson: string };
  /** A folder as a checked-out repository: the files by path, or a copy of a folder. */
  workspace(files: Readonly<Record<string, string>> | string): Promise<string>;
  /** Runs the bundle as the runner does, with `access` filled in. */
  run(inputs: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<Run>;
  start(
    inputs: Readonly<Record<string, string>>,
    options?: Partial<ActionOptions>,
  ): ReturnType<typeof startAction>;
  /** An empty namespace of a name that something tried dictates: what an earlier test left in it is gone. */
  freshNamespace(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** A site whose cluster a test may break. */
export type OwnSite = Site<TestCluster>;

export type Run = ActionResult & { readonly text: string };

/**
 * A site on the cluster that all files of this worker share. Namespaces are the test's to name, by
 * `namespaceFor`; what belongs to the whole cluster is gone when the next file begins.
 */
export async function openSharedSite(): Promise<Site> {
  const cluster = await sharedCluster();
  const yandex = await startYandex(cluster.tokenReviewPort);
  return siteOn(yandex, cluster, cluster.leave);
}

/**
 * A site with a cluster of its own, for what would be in another test's way: faults of the API server,
 * flags, many objects. Up in seconds once the programs are cached.
 */
export async function openSite(
  kind: 'kwok' | 'node' = 'kwok',
  options: Pick<ClusterOptions, 'audit'> = {},
): Promise<OwnSite> {
  const yandex = await startYandex();
  const yandexWebhookUrl = yandex.tokenReviewUrl;
  const cluster = await startCluster({ kind, yandexWebhookUrl, ...options });
  return siteOn(yandex, cluster, cluster.stop);
}

/** A name that no other test uses. */
export function namespaceFor(what: string): string {
  return `${what}-${randomBytes(3).toString('hex')}`;
}

async function siteOn<Cluster extends UsableCluster>(
  yandex: Yandex,
  cluster: Cluster,
  leave: () => Promise<void>,
): Promise<Site<Cluster>> {
  const account = yandex.addServiceAccount();
  const managed = yandex.addCluster({
    caPem: cluster.caPem,
    externalEndpoint: cluster.server,
    name: 'shop',
  });
  await cluster.grantAdmin(account.id);
  const access = {
    'yc-api-endpoint': yandex.endpoint,
    // On one line, as it should be stored; as `yc` writes it, every run would begin with a warning.
    'yc-sa-json-credentials': JSON.stringify(JSON.parse(account.keyJson)),
    'yc-k8s-cluster-id': managed.id,
  };
  const folders: string[] = [];
  const start: Site<Cluster>['start'] = async (inputs, options = {}) => {
    const running = await startAction({ ...options, inputs: { ...access, ...inputs } });
    folders.push(running.folder);
    return running;
  };
  return {
    yandex,
    cluster,
    access,
    account,
    workspace: async (files) => {
      const folder = await mkdtemp(join(tmpdir(), 'webgen-workspace-'));
      folders.push(folder);
      if (typeof files === 'string') await cp(files, folder, { recursive: true });
      else {
        for (const [name, text] of Object.entries(files)) {
          await mkdir(dirname(join(folder, name)), { recursive: true });
          await writeFile(join(folder, name), text);
        }
      }
      return folder;
    },
    start,
    run: async (inputs, options) => {
      const result = await (await start(inputs, options)).finished;
      return { ...result, text: result.stdout + result.stderr };
    },
    freshNamespace: async (name) => {
      await cluster.kubectl(['delete', 'namespace', name, '--ignore-not-found']);
      await cluster.kubectl(['create', 'namespace', name]);
    },
    stop: async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
      await leave();
      await yandex.stop();
    },
  };
}

/** A small two-service application: what most tests and the demo deploy. */
export const example = join(import.meta.dirname, 'fixtures', 'shop');

/** One Deployment of the simulated cluster, as YAML. */
export function deployment(name: string, more: { image?: string; replicas?: number } = {}): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${more.replicas ?? 1}
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers:
        - name: app
          image: ${more.image ?? 'registry.example/app:1'}
`;
}
