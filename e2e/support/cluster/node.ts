// A real node on this machine: registry, containerd, kubelet and kube-proxy.
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushApp } from '../images/app-image.ts';
import { type RegistryProxy, startRegistryProxy } from '../images/registry-proxy.ts';
import type { Assets } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import { exec } from './exec.ts';
import {
  cniConfig,
  containerdConfig,
  hostsConfig,
  kubeletConfig,
  kubeProxyConfig,
  NETWORK,
  type NodePlaces,
  registryConfig,
} from './node-config.ts';
import { cniFolder, nodeUnavailable } from './node-packages.ts';
import type { Processes } from './processes.ts';
import { tell } from './say.ts';
import { freePorts, isListening, until } from './until.ts';

export const NODE_NAME = 'test-node';
const BRIDGE = 'webgen-test0';
const OVERLAYFS_MAGIC = 0x794c7630;

export interface NodeOptions {
  readonly folder: string;
  readonly plane: ControlPlane;
  readonly processes: Processes;
  readonly assets: Assets;
}

/** Starts everything; the node becomes ready soon after. Throws where a node cannot run. */
export async function startNode(options: NodeOptions): Promise<RegistryProxy> {
  const { folder, plane, processes } = options;
  const reason = await nodeUnavailable();
  if (reason !== undefined) throw new Error(reason);
  // Another's kubelet would kill our containers: it does not know the pods that they belong to.
  await tell('a real node, one at a time on this machine', () => processes.hold('node'));
  const cleanup = join(import.meta.dirname, 'node-cleanup.ts');
  processes.runAfter([process.execPath, cleanup, folder, BRIDGE, NETWORK]);
  const [registryPort = 0, ...ports] = await freePorts(5);
  const proxy = await startRegistry(options, registryPort);
  const places: NodePlaces = {
    folder,
    cni: `${await cniFolder()}`,
    bridge: BRIDGE,
    registry: proxy.address,
    caFile: plane.caFile,
    kubeconfig: plane.kubeconfigOf('node'),
    nodeName: NODE_NAME,
    ports,
  };
  await writeConfigs(places);
  await startContainerd(options);
  await pushApp(proxy.address, { repository: 'pause', args: ['pause'] });
  startKubelet(options, places);
  return proxy;
}

async function startRegistry(options: NodeOptions, port: number): Promise<RegistryProxy> {
  const { folder, processes } = options;
  const address = `127.0.0.1:${port}`;
  const file = join(folder, 'registry.json');
  await writeFile(file, registryConfig(folder, address));
  processes.start('registry', ['docker-registry', 'serve', file], { OTEL_TRACES_EXPORTER: 'none' });
  await until({ what: 'the registry' }, () => isListening(port));
  return startRegistryProxy(address);
}

async function writeConfigs(places: NodePlaces): Promise<void> {
  const at = (...names: string[]) => join(places.folder, ...names);
  const hosts = at('certs.d', places.registry);
  for (const path of [at('cni'), hosts, at('pod-logs'), at('kubelet')]) {
    await mkdir(path, { recursive: true });
  }
  const { type } = await statfs(places.folder);
  const snapshotter = type === OVERLAYFS_MAGIC ? 'native' : 'overlayfs';
  await writeFile(at('cni', '10-test.conflist'), cniConfig(places));
  await writeFile(join(hosts, 'hosts.toml'), hostsConfig(places.registry));
  await writeFile(at('containerd.toml'), containerdConfig(places, snapshotter));
  await writeFile(at('kubelet.json'), kubeletConfig(places));
  await writeFile(at('kube-proxy.json'), kubeProxyConfig(places));
}

async function startContainerd({ folder, processes }: NodeOptions): Promise<void> {
  processes.start('containerd', ['containerd', '-c', join(folder, 'containerd.toml')]);
  const socket = join(folder, 'containerd.sock');
  await until({ what: 'containerd', timeoutMs: 30_000 }, async () => {
    return (await exec('ctr', ['-a', socket, 'version'])).code === 0;
  });
}

function startKubelet({ folder, processes, assets }: NodeOptions, places: NodePlaces): void {
  processes.start('kubelet', [
    `${assets['kubelet']}`,
    `--config=${join(folder, 'kubelet.json')}`,
    `--kubeconfig=${places.kubeconfig}`,
    `--hostname-override=${NODE_NAME}`,
    `--root-dir=${join(folder, 'kubelet')}`,
    `--cert-dir=${join(folder, 'kubelet', 'pki')}`,
  ]);
  const config = join(folder, 'kube-proxy.json');
  processes.start('kube-proxy', [`${assets['kube-proxy']}`, `--config=${config}`]);
}
