// The text of a kubeconfig: writes our own, and reads what is dangerous or secret in another's.
import { parseDocument } from 'yaml';
import { reveal, Secret } from '../secret.ts';

export interface KubeconfigParts {
  readonly id: string;
  readonly name: string;
  readonly server: string;
  readonly caPem: string;
  readonly token: Secret;
}

/** A kubeconfig with a bearer token; JSON, which is YAML. */
export function kubeconfigText({ id, name, server, caPem, token }: KubeconfigParts): Secret {
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

/**
 * True where any user logs in with a program. Looks for the keys at any depth, so that an anchor
 * cannot hide one. False for a text that cannot be read: it cannot be used either.
 */
export function startsPrograms(text: Secret): boolean {
  return fieldsOf(text).some(([key, value]) => programs.has(key) && Boolean(value));
}

/** What the masker must know before anything is done with the file. */
export function secretsIn(text: Secret): readonly Secret[] {
  return fieldsOf(text)
    .filter(([key, value]) => secrets.has(key) && typeof value === 'string' && value !== '')
    .map(([, value]) => new Secret(String(value)));
}

const programs = new Set(['exec', 'auth-provider']);
const secrets = new Set(
  'token password client-key-data access-token id-token refresh-token client-secret'.split(' '),
);

function fieldsOf(text: Secret): readonly (readonly [string, unknown])[] {
  const document = parseDocument(reveal(text));
  if (document.errors.length > 0) return [];
  const found: (readonly [string, unknown])[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      found.push([key, each]);
      visit(each);
    }
  };
  visit(document.toJS());
  return found;
}
