// What an administrator does once for a namespace: bootstrap, disks, and secrets of the operators.
import type { TestCluster } from '../cluster/cluster.ts';
import { type Environment, NAMESPACES, type Stack } from './manifests.ts';

/** Namespace, Role and RoleBinding as `manifests/README.md` says, for the deployer's account. */
export async function bootstrap(
  { kubectl }: Pick<TestCluster, 'kubectl'>,
  stack: Stack,
  where: { readonly environment: Environment; readonly account: string },
): Promise<void> {
  const text = await stack.render(`bootstrap/${where.environment}`);
  const filled = text.replaceAll('DEPLOYER_SERVICE_ACCOUNT_ID', where.account);
  await kubectl(['apply', '-f', '-'], filled);
}

/**
 * The storage class of Managed Kubernetes with one disk for each claim: `local` volumes below `folder`,
 * which a real node mounts (and hands to the pod's group) as it does a cloud's disk.
 */
export async function disks(
  { kubectl }: Pick<TestCluster, 'kubectl'>,
  environment: Environment,
  paths: Readonly<Record<string, { readonly path: string; readonly size: string }>>,
): Promise<void> {
  const storage = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'yc-network-hdd' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  const anyNode = { key: 'kubernetes.io/hostname', operator: 'Exists' };
  const volumes = Object.entries(paths).map(([claim, { path, size }]) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${environment}-${claim}` },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'yc-network-hdd',
      claimRef: { namespace: NAMESPACES[environment], name: claim },
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [anyNode] }] } },
    },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items: [storage, ...volumes] };
  await kubectl(['apply', '-f', '-'], JSON.stringify(list));
}

/** The claims of the base, for `disks`: `at` says where each lies. */
export function baseDisks(at: (claim: string) => string) {
  return {
    'postgres-data': { path: at('postgres-data'), size: '10Gi' },
    'postgres-backups': { path: at('postgres-backups'), size: '20Gi' },
    'postgres-replica-data': { path: at('postgres-replica-data'), size: '10Gi' },
  };
}
