// The configuration files of a real node's programs.

export interface NodePlaces {
  readonly folder: string;
  readonly cni: string;
  readonly bridge: string;
  /** `127.0.0.1:PORT` that images are pulled from. */
  readonly registry: string;
  readonly caFile: string;
  readonly kubeconfig: string;
  readonly nodeName: string;
  /** Kubelet, its health, kube-proxy's health, its metrics. */
  readonly ports: readonly number[];
}

/** The CNI network's name: it marks the packet filter's rules that are ours. */
export const NETWORK = 'webgen-test';
const POD_NETWORK = '10.201.0.0/16';

/** docker-registry's, listening on `address`. */
export function registryConfig(folder: string, address: string): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: `${folder}/registry` }, delete: { enabled: true } },
    http: { addr: address },
  });
}

/** A bridge for pods, with addresses given out on this machine. */
export function cniConfig({ bridge, folder }: NodePlaces): string {
  const ipam = {
    type: 'host-local',
    dataDir: `${folder}/cni-addresses`,
    ranges: [[{ subnet: POD_NETWORK }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: NETWORK,
    plugins: [{ type: 'bridge', bridge, isGateway: true, ipMasq: true, hairpinMode: true, ipam }],
  });
}

/** One server per pull, so that one failed answer is one failed pull. */
export function hostsConfig(registry: string): string {
  return `server = "http://${registry}"\n`;
}

/** `snapshotter`: `overlayfs`, or `native` where the disk is an overlay itself. */
export function containerdConfig(places: NodePlaces, snapshotter: string): string {
  const { folder, cni, registry } = places;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  // Sandboxes without CAP_SYS_RESOURCE cannot lower a score, hence restrict_oom_score_adj.
  return `version = 2
root = "${folder}/containerd"
state = "${folder}/containerd-state"
[grpc]
  address = "${folder}/containerd.sock"
[${cri}]
  sandbox_image = "${registry}/pause:1"
  restrict_oom_score_adj = true
[${cri}.containerd]
  snapshotter = "${snapshotter}"
[${cri}.cni]
  bin_dir = "${cni}"
  conf_dir = "${folder}/cni"
[${cri}.registry]
  config_path = "${folder}/certs.d"
`;
}

/** Callers of the kubelet prove themselves: it listens on the machine's own address. */
export function kubeletConfig({ folder, caFile, ports }: NodePlaces): string {
  const percent = { 'nodefs.available': '1%', 'imagefs.available': '1%' };
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    port: ports[0],
    healthzPort: ports[1],
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: caFile },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
    failSwapOn: false,
    failCgroupV1: false,
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    podLogsDir: `${folder}/pod-logs`,
    volumePluginDir: `${folder}/volume-plugins`,
    evictionHard: { ...percent, 'memory.available': '50Mi' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    enforceNodeAllocatable: [],
    serializeImagePulls: false,
    registryPullQPS: 0,
    eventRecordQPS: 0,
  });
}

/** NodePorts answer on 127.0.0.1 only. */
export function kubeProxyConfig({ kubeconfig, nodeName, ports }: NodePlaces): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    mode: 'iptables',
    clusterCIDR: POD_NETWORK,
    hostnameOverride: nodeName,
    nodePortAddresses: ['127.0.0.0/8'],
    healthzBindAddress: `127.0.0.1:${ports[2]}`,
    metricsBindAddress: `127.0.0.1:${ports[3]}`,
    conntrack: { maxPerCore: 0 },
    // Replies between pods of one bridge would pass the packet filter by.
    iptables: { masqueradeAll: true },
  });
}
