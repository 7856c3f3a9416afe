// Finds the Managed Kubernetes cluster: its API's address and certificate authority, and whether it runs.
import { ActionError, finding } from '../core/errors.ts';
import type { Http, HttpResponse } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { apiError, asRecord, jsonOf, unreachable } from './api-error.ts';
import { type Endpoints, isLoopback } from './endpoints.ts';

export type ClusterName =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'name'; readonly name: string; readonly folderId: string };

export interface Lookup {
  readonly http: Http;
  readonly endpoints: Endpoints;
  readonly token: Secret;
  readonly endpoint: 'external' | 'internal';
  /** The service account whose roles are missing, if known; for hints. */
  readonly serviceAccountId?: string;
}

export interface ManagedCluster {
  readonly id: string;
  readonly name: string;
  readonly server: string;
  readonly caPem: string;
  /** `1.34`; empty if the API does not say. */
  readonly version: string;
  /** False: NetworkPolicy objects are accepted and do nothing. */
  readonly enforcesNetworkPolicy: boolean;
}

type Raw = Readonly<Record<string, unknown>>;

/**
 * Throws ActionError: `forbidden` (role named), `input-invalid` (no such cluster, saying which
 * there are), `cluster-not-running`, `cluster-unreachable` (no endpoint of the wanted kind).
 */
export async function findCluster(wanted: ClusterName, lookup: Lookup): Promise<ManagedCluster> {
  const raw =
    wanted.by === 'id' ? await getById(wanted.id, lookup) : await getByName(wanted, lookup);
  const id = textOf(raw['id']);
  checkRunning(id, textOf(raw['status']));
  const master = asRecord(raw['master']);
  const caPem = textOf(asRecord(master['masterAuth'])['clusterCaCertificate']);
  if (!caPem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ActionError(finding('api-error', `Cluster ${id} names no certificate authority.`));
  }
  return {
    id,
    name: textOf(raw['name']) || id,
    server: serverOf(id, asRecord(master['endpoints']), lookup.endpoint),
    caPem,
    version: textOf(master['version']),
    enforcesNetworkPolicy: Boolean(
      asRecord(raw['networkPolicy'])['provider'] === 'CALICO' || raw['cilium'],
    ),
  };
}

async function getById(id: string, lookup: Lookup): Promise<Raw> {
  const response = await get(`/${encodeURIComponent(id)}`, lookup);
  if (response.status === 200) return jsonOf(response.body);
  throw apiError(response, {
    doing: `read cluster ${id}`,
    hints: {
      403: `${roleHint(id, lookup)} Check the id too: an unknown one can be refused the same way.`,
      404: 'Correct yc-k8s-cluster-id; `yc managed-kubernetes cluster list` shows the ids.',
      401: 'The token was not accepted; check which cloud and region it belongs to.',
    },
  });
}

async function getByName(wanted: ClusterName & { by: 'name' }, lookup: Lookup): Promise<Raw> {
  const { name, folderId } = wanted;
  const filter = `name="${name.replace(/["\\]/g, '\\$&')}"`;
  const [found] = (await list(folderId, filter, lookup)).filter((each) => each['name'] === name);
  if (found) return found;
  const there = (await list(folderId, '', lookup)).map((each) => textOf(each['name']));
  const evidence = there.length === 0 ? 'the folder has no cluster' : `there: ${there.join(', ')}`;
  throw new ActionError(
    finding('input-invalid', `Folder ${folderId} has no cluster named "${name}".`, {
      evidence: [evidence],
      hint: 'Correct yc-k8s-cluster-name and yc-folder-id, or give yc-k8s-cluster-id.',
    }),
  );
}

async function list(folderId: string, filter: string, lookup: Lookup): Promise<readonly Raw[]> {
  const found: Raw[] = [];
  const query = new URLSearchParams({ folderId, pageSize: '1000', ...(filter ? { filter } : {}) });
  for (;;) {
    const response = await get(`?${query}`, lookup);
    if (response.status !== 200) throw listError(response, folderId, lookup);
    const { clusters, nextPageToken } = jsonOf(response.body);
    if (Array.isArray(clusters)) found.push(...clusters.map(asRecord));
    const next = textOf(nextPageToken);
    // A server that returns the same page again would loop forever.
    if (next === '' || next === query.get('pageToken')) return found;
    query.set('pageToken', next);
  }
}

function listError(response: HttpResponse, folderId: string, lookup: Lookup): ActionError {
  const subject = `--role k8s.viewer --subject serviceAccount:${lookup.serviceAccountId ?? '<id>'}`;
  const hint = `Grant it: yc resource-manager folder add-access-binding ${folderId} ${subject}`;
  return apiError(response, {
    doing: `list the clusters of folder ${folderId}`,
    hints: { 403: hint, 404: 'Correct yc-folder-id.' },
  });
}

function get(path: string, { http, endpoints, token }: Lookup): Promise<HttpResponse> {
  return http
    .send({
      url: `${endpoints.managedKubernetes}/managed-kubernetes/v1/clusters${path}`,
      headers: { authorization: new Secret(`Bearer ${reveal(token)}`) },
    })
    .catch(unreachable(endpoints.managedKubernetes));
}

/** RECONCILING is a cluster being changed; its API still answers. */
function checkRunning(id: string, status: string): void {
  if (status === 'RUNNING' || status === 'RECONCILING') return;
  const hints: Readonly<Record<string, string>> = {
    STOPPED: `Start it: yc managed-kubernetes cluster start ${id}`,
    STOPPING: `Wait until it has stopped, then: yc managed-kubernetes cluster start ${id}`,
    STARTING: 'Wait until it runs, then run this again.',
    PROVISIONING: 'Wait until it has been made, then run this again.',
    DELETING: 'It is being deleted: correct yc-k8s-cluster-id.',
  };
  const hint = hints[status] ?? `Look at it: yc managed-kubernetes cluster get ${id}`;
  const what = `Cluster ${id} is not running (${status || 'no status'}).`;
  throw new ActionError(finding('cluster-not-running', what, { hint }));
}

function serverOf(id: string, endpoints: Raw, wanted: 'external' | 'internal'): string {
  const external =
    textOf(endpoints['externalV4Endpoint']) || textOf(endpoints['externalV6Endpoint']);
  const internal = textOf(endpoints['internalV4Endpoint']);
  const server = wanted === 'external' ? external : internal;
  const url = URL.parse(server);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) {
    return server.replace(/\/+$/, '');
  }
  const word = wanted === 'external' ? 'public' : 'internal';
  const hint =
    wanted === 'external'
      ? 'Use cluster-endpoint: internal on a runner inside the VPC, or give the master a public address.'
      : 'Use cluster-endpoint: external.';
  const what = `Cluster ${id} has no ${word} endpoint.`;
  throw new ActionError(finding('cluster-unreachable', what, { hint }));
}

function roleHint(clusterId: string, { serviceAccountId }: Lookup): string {
  const subject = `--subject serviceAccount:${serviceAccountId ?? '<service account id>'}`;
  return (
    'Grant k8s.viewer on the cluster or its folder: yc managed-kubernetes cluster ' +
    `add-access-binding ${clusterId} --role k8s.viewer ${subject}.`
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
