// Managed Kubernetes: clusters by id and by name, for those who may see them.
import { holderOf, type Identity } from './identity.ts';
import { type Received, type Reply, refusal } from './server.ts';

export type ClusterStatus =
  | 'PROVISIONING'
  | 'RUNNING'
  | 'RECONCILING'
  | 'STOPPING'
  | 'STOPPED'
  | 'DELETING'
  | 'STARTING';

export interface ManagedCluster {
  readonly id: string;
  readonly folderId: string;
  readonly name: string;
  status: ClusterStatus;
  /** Full URLs; absent as proto3 JSON leaves defaults out. */
  externalEndpoint?: string;
  internalEndpoint?: string;
  caPem: string;
  version: string;
}

const ROOT = '/managed-kubernetes/v1/clusters';
const FILTER = /^name\s*=\s*"([a-z][-a-z0-9]{1,61}[a-z0-9])"$/;

/** Answers `GET …/clusters/{id}` and `GET …/clusters?folderId=&filter=&pageSize=&pageToken=`. */
export function clusters(
  identity: Identity,
  all: readonly ManagedCluster[],
  request: Received,
): Reply {
  const problem = accessProblem(identity, request);
  if (problem !== undefined) return problem;
  if (request.method !== 'GET') return refusal(404, 'Not found');
  if (request.path === ROOT) return list(all, request.query);
  const id = request.path.startsWith(`${ROOT}/`) ? request.path.slice(ROOT.length + 1) : '';
  const cluster = all.find((one) => one.id === id);
  if (cluster === undefined) return refusal(404, `Cluster ${id} not found`);
  return { status: 200, body: clusterJson(cluster) };
}

function accessProblem(identity: Identity, request: Received): Reply | undefined {
  const token = /^Bearer (\S+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  if (token === undefined) return refusal(401, 'The token is missing');
  const holder = holderOf(identity, token);
  if (holder === undefined) return refusal(401, 'The token is invalid or has expired.');
  const account = identity.accounts.find(({ id }) => id === holder);
  if (account?.roles.includes('k8s.viewer')) return undefined;
  return refusal(403, 'Permission denied');
}

function list(all: readonly ManagedCluster[], query: URLSearchParams): Reply {
  const folderId = query.get('folderId') ?? '';
  if (folderId === '') return refusal(400, 'folderId: Field is required');
  const filter = query.get('filter');
  const name = filter === null ? undefined : FILTER.exec(filter)?.[1];
  if (filter !== null && name === undefined) return refusal(400, 'filter: Invalid filter');
  const found = all.filter(
    (one) => one.folderId === folderId && (name === undefined || one.name === name),
  );
  const from = Number(query.get('pageToken') ?? '0');
  const size = Number(query.get('pageSize') ?? '0') || 100;
  if (!Number.isInteger(from) || size > 1000) return refusal(400, 'Invalid page');
  const page = found.slice(from, from + size).map(clusterJson);
  const next = from + size < found.length ? { nextPageToken: String(from + size) } : {};
  // Proto3 JSON leaves an empty list out.
  return { status: 200, body: { ...(page.length === 0 ? {} : { clusters: page }), ...next } };
}

function clusterJson(cluster: ManagedCluster): unknown {
  const { externalEndpoint, internalEndpoint } = cluster;
  const external = externalEndpoint === undefined ? {} : { externalV4Endpoint: externalEndpoint };
  const internal = internalEndpoint === undefined ? {} : { internalV4Endpoint: internalEndpoint };
  return {
    id: cluster.id,
    folderId: cluster.folderId,
    createdAt: '2026-01-01T00:00:00Z',
    name: cluster.name,
    status: cluster.status,
    health: cluster.status === 'RUNNING' ? 'HEALTHY' : 'UNHEALTHY',
    releaseChannel: 'REGULAR',
    master: {
      version: cluster.version,
      versionInfo: { currentVersion: cluster.version },
      endpoints: { ...internal, ...external },
      masterAuth: { clusterCaCertificate: cluster.caPem },
    },
  };
}
