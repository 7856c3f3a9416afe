// Whether the key works with Yandex Cloud, and the cluster exists, runs and can be reached.
import { ActionError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import type { Secret } from '../../core/secret.ts';
import type { ClusterTarget } from '../../inputs/types.ts';
import { findCluster, type ManagedCluster } from '../../yandex/cluster.ts';
import type { Credentials } from '../../yandex/credentials.ts';
import { discoverEndpoints, type Endpoints } from '../../yandex/endpoints.ts';
import { tokenByKey } from '../../yandex/iam-token.ts';
import { type Check, fromFinding, ok } from './check.ts';

type CloudPorts = Pick<Ports, 'http' | 'clock' | 'log'>;

export interface Cloud {
  readonly token: Secret;
  readonly endpoints: Endpoints;
  readonly serviceAccountId?: string;
}

/** `value` is absent where the check failed. */
export interface Checked<T> {
  readonly check: Check;
  readonly value?: T;
}

/** A token from the key, or the one given. */
export async function checkKey(
  credentials: Credentials,
  apiEndpoint: string,
  ports: CloudPorts,
): Promise<Checked<Cloud>> {
  return expected<Cloud>('key', async () => {
    const endpoints = await discoverEndpoints(ports.http, apiEndpoint);
    if (credentials.by === 'token') {
      const what = 'An IAM token is given; only the cluster can say whether it is valid.';
      return { check: ok('key', what), value: { token: credentials.token, endpoints } };
    }
    if (credentials.by === 'oidc') throw new Error('a terminal has no OIDC token');
    const { id, serviceAccountId } = credentials.key;
    const { token, expiresAt } = await tokenByKey(credentials.key, endpoints, ports);
    const hours = Math.round((expiresAt - ports.clock.now()) / 3_600_000);
    const what = `Key ${id} of service account ${serviceAccountId} gives tokens valid for ${hours} h.`;
    return { check: ok('key', what), value: { token, endpoints, serviceAccountId } };
  });
}

export async function checkCluster(
  target: Exclude<ClusterTarget, { readonly by: 'kubeconfig' }>,
  { token, endpoints, serviceAccountId }: Cloud,
  options: { readonly http: Ports['http']; readonly endpoint: 'external' | 'internal' },
): Promise<Checked<ManagedCluster>> {
  return expected('cluster', async () => {
    const account = serviceAccountId === undefined ? {} : { serviceAccountId };
    const cluster = await findCluster(target, { ...options, endpoints, token, ...account });
    const { name, version, server } = cluster;
    const what = `Cluster ${name} runs Kubernetes ${version || '(unknown)'} at ${server}.`;
    return { check: ok('cluster', what), value: cluster };
  });
}

/** An expected error is a failed check. */
export async function expected<T>(
  name: Check['check'],
  work: () => Promise<Checked<T>>,
): Promise<Checked<T>> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    const [first] = error.findings;
    if (!first) throw error;
    return { check: fromFinding(name, first) };
  }
}
