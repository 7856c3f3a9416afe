// A Kubernetes cluster of a test's own: a real control plane, and simulated nodes or a real one.
import { mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryProxy } from '../images/registry-proxy.ts';
import type { ApiClient } from './api-client.ts';
import { type Assets, provideAssets } from './assets.ts';
import { type AuditEvent, auditFlags, auditSize, readAudit } from './audit.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { execOk } from './exec.ts';
import { startKwok } from './kwok.ts';
import { startNode } from './node.ts';
import { type Processes, startProcesses } from './processes.ts';
import { NEEDED } from './programs.ts';
import { freePorts, until } from './until.ts';

export interface ClusterOptions {
  readonly kind: 'kwok' | 'node';
  /** Simulated nodes; default 3. */
  readonly nodes?: number;
  /** The API server takes this port of 127.0.0.1, etcd the next two. Default: free ones. */
  readonly basePort?: number;
  /** `Yandex.tokenReviewUrl`: tokens that the emulator issued open the cluster. */
  readonly yandexWebhookUrl?: string;
  /** More flags for kube-apiserver. */
  readonly apiserverFlags?: readonly string[];
  /** Records every request, for `TestCluster.audit`; default false. */
  readonly audit?: boolean;
}

export interface UsableCluster {
  readonly kind: 'kwok' | 'node';
  /** Path of the administrator's kubeconfig (mode 0600); it verifies TLS. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  readonly caPem: string;
  readonly adminToken: string;
  /** A log for each program; gone after `stop`. */
  readonly logs: string;
  /** One request to the API server, by default as the administrator. */
  readonly api: ApiClient;
  /** The requests that the API server has answered; empty without `audit: true`. */
  audit(): Promise<readonly AuditEvent[]>;
  /** Runs kubectl as the administrator; its standard output. Rejects when it fails. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** Binds a user (`Yandex` service accounts: their id) to `cluster-admin`. */
  grantAdmin(user: string): Promise<void>;
}

/** A cluster of one's own, which may also be broken. */
export interface TestCluster extends UsableCluster {
  /** `127.0.0.1:PORT` of the registry that the node pulls from; only with a real node. */
  readonly registry?: string;
  /** Makes pulls from it fail on purpose; only with a real node. */
  readonly registryProxy?: RegistryProxy;
  /** From here on: `audit` leaves out what was before. */
  forgetAudit(): Promise<void>;
  /** At once, as a crash would: connections break. */
  stopApiServer(): Promise<void>;
  /** Resolves when it is ready again. */
  startApiServer(): Promise<void>;
  /** Ends everything and removes its files. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Brings a cluster up; resolves when its nodes are ready and pods can be made. Several may run
 * side by side (one with a real node). What it started ends with this process, however it ends.
 */
export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const assets = await provideAssets(NEEDED[options.kind]);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'webgen-cluster-')));
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const processes = startProcesses(folder, logs);
  try {
    return await bringUp({ options, assets, folder, logs, processes });
  } catch (error) {
    await processes.endAll();
    throw error;
  }
}

interface Parts {
  readonly options: ClusterOptions;
  readonly assets: Assets;
  readonly folder: string;
  readonly logs: string;
  readonly processes: Processes;
}

async function bringUp(parts: Parts): Promise<TestCluster> {
  const { options, assets, folder, processes } = parts;
  const { basePort } = options;
  const ports =
    basePort === undefined ? await freePorts(3) : [basePort + 1, basePort + 2, basePort];
  const audit = options.audit === true ? await auditFlags(folder) : [];
  const apiserverFlags = [...audit, ...(options.apiserverFlags ?? [])];
  const where = { folder, processes, assets, ports };
  const plane = await startControlPlane({ ...options, ...where, apiserverFlags });
  const nodes = options.kind === 'node' ? 1 : (options.nodes ?? 3);
  const registry =
    options.kind === 'node'
      ? await startNode({ folder, plane, processes, assets })
      : await startKwok({ nodes, plane, processes, assets });
  await usable(plane, nodes);
  return clusterOf(parts, plane, registry);
}

function clusterOf(
  { options, assets, folder, logs, processes }: Parts,
  plane: ControlPlane,
  registry: RegistryProxy | undefined,
): TestCluster {
  const kubeconfig = plane.kubeconfigOf('admin');
  let recorded = 0;
  return {
    kind: options.kind,
    ...(registry === undefined ? {} : { registry: registry.address, registryProxy: registry }),
    kubeconfig,
    server: plane.server,
    caPem: plane.caPem,
    adminToken: plane.adminToken,
    logs,
    api: plane.api,
    audit: () => readAudit(folder, recorded),
    forgetAudit: async () => {
      recorded = await auditSize(folder);
    },
    kubectl: (args, stdin = '') =>
      execOk(`${assets['kubectl']}`, args, { env: { KUBECONFIG: kubeconfig }, stdin }),
    grantAdmin: (user) => grantAdmin(plane.api, user),
    stopApiServer: plane.stopApiServer,
    startApiServer: plane.startApiServer,
    stop: async () => {
      await processes.endAll();
      await registry?.stop();
    },
  };
}

/** Pods can be made once the namespace has its service account, and run once nodes are ready. */
async function usable(plane: ControlPlane, nodes: number): Promise<void> {
  await until({ what: 'nodes becoming ready' }, async () => {
    const { body } = await plane.api({ path: '/api/v1/nodes' });
    const ready = body.items.filter(isUsable).length >= nodes;
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    return ready && (await plane.api({ path })).status === 200;
  });
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

function isUsable(node: NodeObject): boolean {
  const conditions = node.status?.conditions ?? [];
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isReady && (node.spec.taints ?? []).length === 0;
}

async function grantAdmin(api: ApiClient, user: string): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const body = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `admin-${user}` },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  };
  const path = `/apis/${group}/v1/clusterrolebindings`;
  const { status } = await api({ method: 'POST', path, body });
  if (status !== 201 && status !== 409) throw new Error(`binding ${user}: answer ${status}`);
}
