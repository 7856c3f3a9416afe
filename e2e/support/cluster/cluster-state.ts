// What belongs to a whole cluster, so that one test file leaves nothing that another would meet.
import type { UsableCluster } from './cluster.ts';
import { until } from './until.ts';

/** Kinds whose objects reach beyond a namespace, by the path of their list. */
const CLUSTER_WIDE = [
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  '/apis/apiregistration.k8s.io/v1/apiservices',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/storage.k8s.io/v1/storageclasses',
  '/apis/scheduling.k8s.io/v1/priorityclasses',
  '/apis/networking.k8s.io/v1/ingressclasses',
  '/apis/node.k8s.io/v1/runtimeclasses',
  '/api/v1/persistentvolumes',
  '/api/v1/nodes',
];

/** Kinds of a namespace that every cluster has, where a test may have left something. */
const IN_DEFAULT = ['configmaps', 'secrets', 'services', 'serviceaccounts', 'pods'].map(
  (kind) => `/api/v1/namespaces/default/${kind}`,
);
const APPS_IN_DEFAULT = ['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map(
  (kind) => `/apis/apps/v1/namespaces/default/${kind}`,
);

const NAMESPACES = '/api/v1/namespaces';

const LISTS = [...CLUSTER_WIDE, ...APPS_IN_DEFAULT, ...IN_DEFAULT, NAMESPACES];

interface NodeObject {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

export interface ClusterState {
  /** Names by the path of their list. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly nodes: readonly NodeObject[];
}

/** What is there now. */
export async function stateOf(cluster: UsableCluster): Promise<ClusterState> {
  const lists = await Promise.all(
    LISTS.map(async (path) => [path, (await cluster.api({ path })).body.items] as const),
  );
  const names = lists.map(([path, items]) => [
    path,
    items.map(({ metadata }: NodeObject) => metadata.name),
  ]);
  const nodes = lists.find(([path]) => path === '/api/v1/nodes')?.[1] ?? [];
  return {
    names: Object.fromEntries(names),
    nodes: nodes.map(({ metadata }: NodeObject) => ({
      metadata: { name: metadata.name, labels: metadata.labels },
    })),
  };
}

/**
 * Deletes what has been added since `before`, and gives nodes their labels back. Waits until it is gone,
 * but for namespaces: nobody uses their names again.
 */
export async function restore(cluster: UsableCluster, before: ClusterState): Promise<void> {
  const added = async () => {
    const now = await stateOf(cluster);
    return LISTS.flatMap((path) => {
      const old = before.names[path] ?? [];
      return (now.names[path] ?? [])
        .filter((name) => !old.includes(name))
        .map((name) => `${path}/${name}`);
    });
  };
  await Promise.all(
    (await added()).map((path) => cluster.api({ method: 'DELETE', path: `${path}?${AT_ONCE}` })),
  );
  await Promise.all(before.nodes.map((node) => labelAgain(cluster, node)));
  await until({ what: 'what tests left being gone' }, async () => {
    const left = (await added()).filter((path) => !path.startsWith(`${NAMESPACES}/`));
    if (left.length > 0) throw new Error(left.join(', '));
    return true;
  });
}

const AT_ONCE = 'gracePeriodSeconds=0&propagationPolicy=Background';

/** Replaces all labels of a node, and lets pods onto it. */
async function labelAgain(cluster: UsableCluster, node: NodeObject): Promise<void> {
  const path = `/api/v1/nodes/${node.metadata.name}`;
  const { body } = await cluster.api({ path });
  const added = Object.keys(body.metadata.labels).filter((key) => !(key in node.metadata.labels));
  const gone = Object.fromEntries(added.map((key) => [key, null]));
  const patch = {
    metadata: { labels: { ...gone, ...node.metadata.labels } },
    spec: { unschedulable: null, taints: null },
  };
  const contentType = 'application/merge-patch+json';
  const { status } = await cluster.api({ method: 'PATCH', path, body: patch, contentType });
  if (status !== 200) throw new Error(`${path}: answer ${status}`);
}
