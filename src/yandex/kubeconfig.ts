// The kubeconfig that we write for a Managed Kubernetes cluster, for ourselves and later steps.
import { reveal, Secret } from '../core/secret.ts';

export interface KubeconfigParts {
  readonly id: string;
  readonly name: string;
  readonly server: string;
  readonly caPem: string;
  readonly token: Secret;
}

/** With a bearer token, so that no `yc` and no plugin is needed. JSON, which is YAML. */
export function managedKubeconfig({ id, name, server, caPem, token }: KubeconfigParts): Secret {
  const cluster = `yc-managed-k8s-${id}`;
  const context = `yc-${name}`;
  const ca = Buffer.from(caPem).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: cluster, user: { token: reveal(token) } }],
    contexts: [{ name: context, context: { cluster, user: cluster } }],
  };
  return new Secret(`${JSON.stringify(config, null, 2)}\n`);
}
