// etcd, the API server, the controller manager and the scheduler: how each is started.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiClient, apiClient } from './api-client.ts';
import type { Assets } from './assets.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { makePki, type Pki } from './pki.ts';
import type { Processes } from './processes.ts';
import { until } from './until.ts';

/** Ten times the default of 20 would do; this way the deployer is what a test measures. */
const UNHURRIED = ['--kube-api-qps', '1000', '--kube-api-burst', '1000'];
/** Nobody reaches it: this address is reserved for examples (RFC 5737). */
const ADVERTISED = '192.0.2.1';

export interface ControlPlaneOptions {
  readonly folder: string;
  readonly processes: Processes;
  readonly assets: Assets;
  /** etcd's client port, etcd's peer port, the API server's port. */
  readonly ports: readonly number[];
  readonly yandexWebhookUrl?: string;
  readonly apiserverFlags?: readonly string[];
}

export interface ControlPlane {
  readonly server: string;
  readonly caPem: string;
  readonly caFile: string;
  readonly adminToken: string;
  readonly api: ApiClient;
  /** A kubeconfig file (mode 0600) of a user of that name, who may do everything. */
  kubeconfigOf(user: 'admin' | 'controllers' | 'scheduler' | 'node'): string;
  /** Ends the API server alone, as a crash would. */
  stopApiServer(): Promise<void>;
  /** Resolves when it is ready; then its controllers start anew: else they would wait up to 30 s. */
  startApiServer(): Promise<void>;
}

const USERS = ['admin', 'controllers', 'scheduler', 'node'] as const;

/** Starts all four; resolves when the API server is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder, processes, assets, ports } = options;
  const [clientPort = 0, peerPort = 0, securePort = 0] = ports;
  const etcd = `http://127.0.0.1:${clientPort}`;
  processes.start('etcd', [
    `${assets['etcd']}`,
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
  ]);
  const pki = await makePki(join(folder, 'pki'));
  const server = `https://127.0.0.1:${securePort}`;
  const tokens = Object.fromEntries(USERS.map((user) => [user, randomUUID()]));
  await writeAccess({ folder, pki, server, tokens });
  const adminToken = `${tokens['admin']}`;
  const api = apiClient(server, pki.caPem, adminToken);
  const flags = await apiServerFlags(options, pki);
  const startApiServer = async () => {
    if (processes.isRunning('apiserver')) return;
    processes.start('apiserver', [`${assets['kube-apiserver']}`, ...flags]);
    await awaitReady(processes, api);
  };
  await startApiServer();
  const startAgain = async () => {
    await startApiServer();
    await Promise.all(['controllers', 'scheduler', 'kwok'].map(processes.restart));
  };
  const kubeconfigOf = (user: string) => join(folder, `${user}.kubeconfig`);
  startManagers({ processes, assets, pki, kubeconfigOf });
  // Politely it would wait for its watchers, ten seconds and more.
  const stopApiServer = () => processes.kill('apiserver');
  const { caPem, caFile } = pki;
  const access = { server, caPem, caFile, adminToken, api, kubeconfigOf };
  return { ...access, stopApiServer, startApiServer: startAgain };
}

async function awaitReady(processes: Processes, api: ApiClient): Promise<void> {
  const ready = until({ what: 'the API server becoming ready' }, async () => {
    if (!processes.isRunning('apiserver')) return 'ended' as const;
    return (await api({ path: '/readyz' })).status === 200 && ('ready' as const);
  });
  const seen = await ready.catch(() => 'ended' as const);
  if (seen === 'ready') return;
  throw new Error(`the API server does not come up\n${await processes.tail('apiserver')}`);
}

interface AccessFiles {
  readonly folder: string;
  readonly pki: Pki;
  readonly server: string;
  readonly tokens: Readonly<Record<string, string>>;
}

async function writeAccess({ folder, pki, server, tokens }: AccessFiles): Promise<void> {
  const rows = Object.entries(tokens).map(
    ([user, token]) => `${token},${user},${user},"system:masters"`,
  );
  await writeFile(join(folder, 'tokens.csv'), `${rows.join('\n')}\n`, { mode: 0o600 });
  for (const [user, token] of Object.entries(tokens)) {
    const text = kubeconfigText({ server, caPem: pki.caPem, token });
    await writeFile(join(folder, `${user}.kubeconfig`), text, { mode: 0o600 });
  }
}

async function apiServerFlags(options: ControlPlaneOptions, pki: Pki): Promise<readonly string[]> {
  const { folder, ports, yandexWebhookUrl } = options;
  return [
    `--etcd-servers=http://127.0.0.1:${ports[0]}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports[2]}`,
    `--advertise-address=${ADVERTISED}`,
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${pki.certFile}`,
    `--tls-private-key-file=${pki.keyFile}`,
    `--client-ca-file=${pki.caFile}`,
    `--kubelet-client-certificate=${pki.clientCertFile}`,
    `--kubelet-client-key=${pki.clientKeyFile}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged',
    '--authorization-mode=Node,RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.accountsKeyFile}`,
    `--service-account-signing-key-file=${pki.accountsKeyFile}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    ...(yandexWebhookUrl === undefined ? [] : await webhookFlags(folder, yandexWebhookUrl)),
    ...(options.apiserverFlags ?? []),
  ];
}

async function webhookFlags(folder: string, url: string): Promise<readonly string[]> {
  const file = join(folder, 'webhook.kubeconfig');
  await writeFile(file, kubeconfigText({ server: url }), { mode: 0o600 });
  return [
    `--authentication-token-webhook-config-file=${file}`,
    '--authentication-token-webhook-version=v1',
    '--authentication-token-webhook-cache-ttl=1s',
  ];
}

interface Managers {
  readonly processes: Processes;
  readonly assets: Assets;
  readonly pki: Pki;
  kubeconfigOf(user: string): string;
}

function startManagers({ processes, assets, pki, kubeconfigOf }: Managers): void {
  const alone = ['--leader-elect=false', '--secure-port=0', ...UNHURRIED];
  processes.start('controllers', [
    `${assets['kube-controller-manager']}`,
    `--kubeconfig=${kubeconfigOf('controllers')}`,
    `--service-account-private-key-file=${pki.accountsKeyFile}`,
    `--root-ca-file=${pki.caFile}`,
    '--controllers=*,-nodeipam,-cloud-node-lifecycle,-bootstrapsigner,-tokencleaner',
    // A node whose simulator gets no processor for 50 s is not dead: its pods would never be ready again.
    '--node-monitor-grace-period=30m',
    ...alone,
  ]);
  const scheduler = `${assets['kube-scheduler']}`;
  processes.start('scheduler', [scheduler, `--kubeconfig=${kubeconfigOf('scheduler')}`, ...alone]);
}
