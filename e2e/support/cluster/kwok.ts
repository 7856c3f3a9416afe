// Simulated nodes: kwok plays the kubelet for nodes that are nothing but objects.
import { join } from 'node:path';
import type { Assets } from './assets.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Processes } from './processes.ts';

export interface KwokOptions {
  readonly nodes: number;
  readonly plane: ControlPlane;
  readonly processes: Processes;
  readonly assets: Assets;
}

/** Starts kwok and makes the nodes `sim-0` … in three zones; they become ready soon after. */
export async function startKwok(options: KwokOptions): Promise<undefined> {
  const { nodes, plane, processes, assets } = options;
  processes.start('kwok', [
    `${assets['kwok']}`,
    `--kubeconfig=${plane.kubeconfigOf('node')}`,
    '--manage-all-nodes=true',
    `--config=${join(import.meta.dirname, 'kwok-stages.yaml')}`,
  ]);
  for (let index = 0; index < nodes; index++) {
    const body = simulatedNode(index);
    const { status } = await plane.api({ method: 'POST', path: '/api/v1/nodes', body });
    if (status !== 201) throw new Error(`making node ${index}: the API server says ${status}`);
  }
  return undefined;
}

function simulatedNode(index: number): unknown {
  const name = `sim-${index}`;
  const size = { cpu: '64', memory: '512Gi', pods: '2000', 'ephemeral-storage': '1Ti' };
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'topology.kubernetes.io/zone': `zone-${index % 3}`,
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: { allocatable: size, capacity: size },
  };
}
