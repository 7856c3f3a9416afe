// Reads a kubeconfig and returns how to reach its context: server, TLS, proxy, and our identity there.
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { ActionError, allOrProblems, finding } from '../core/errors.ts';
import { isLoopback } from '../core/readers.ts';
import { reveal, type Secret } from '../core/secret.ts';
import { readYaml } from '../core/small-yaml.ts';
import { fieldsAt, isFields, listAt } from '../kube/json.ts';
import { impersonation, loginOf } from './kube-login.ts';
import { readBounded } from './secret-source.ts';

export interface KubeTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
  readonly pfx?: Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

/** Everything that a connection to one API server needs. */
export interface KubeAccess {
  /** Without a trailing slash. */
  readonly server: string;
  /** The namespace of the context. */
  readonly namespace?: string;
  /** The name of the kubeconfig's user, for messages. */
  readonly user: string;
  /** The user logs in with a program (exec plugin or auth-provider). */
  readonly startsPrograms: boolean;
  /** From the kubeconfig itself; the transport handles environment variables. */
  readonly proxyUrl?: string;
  readonly tls: KubeTls;
  /** Impersonation, if configured for the user. Sent with every request. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /**
   * The value of the Authorization header; undefined if only certificates authenticate. `refresh` requests
   * a new one after a 401. Throws ActionError `unauthenticated`.
   */
  authorization(refresh: boolean): Promise<Secret | undefined>;
  /** A certificate from a credential plugin; to be awaited before connecting. */
  clientCertificate(): Promise<{ readonly cert: Buffer; readonly key: Buffer } | undefined>;
}

export interface KubeconfigOptions {
  /** The folder of the file: relative paths in it start there. */
  readonly path?: string;
  /** Used instead of the current context. */
  readonly context?: string;
  /** Called with every secret from a file or program, before its first use. */
  readonly mask?: (secret: Secret) => void;
}

/** Reads the text. Throws ActionError `input-invalid`, listing what is available instead. */
export async function loadKubeconfig(
  text: Secret,
  options: KubeconfigOptions = {},
): Promise<KubeAccess> {
  const raw = parse(text);
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    config.loadFromString(JSON.stringify(raw));
  } catch (error) {
    throw invalid(`The kubeconfig is incomplete: ${(error as Error).message}.`);
  }
  if (options.path) config.makePathsAbsolute(dirname(options.path));
  const { context, cluster, user } = choose(config, options.context);
  const tls = await tlsOf(cluster, user);
  const who = rawUser(raw, user.name);
  const namespace = context.namespace;
  const folder = options.path === undefined ? {} : { folder: dirname(options.path) };
  const mask = options.mask ?? (() => undefined);
  return {
    server: serverOf(cluster),
    ...(namespace ? { namespace } : {}),
    user: user.name,
    startsPrograms: Boolean(user.exec || user.authProvider),
    ...(cluster.proxyUrl ? { proxyUrl: cluster.proxyUrl } : {}),
    tls,
    headers: impersonation(who),
    ...loginOf({ config, cluster, user, who, mask, ...folder }),
  };
}

function parse(text: Secret): Record<string, unknown> {
  const read = readYaml(reveal(text));
  if ('problem' in read) {
    const { problem, line } = read;
    throw invalid(`The kubeconfig ${problem} (line ${line}).`);
  }
  const raw = read.yaml.value;
  if (!isFields(raw) || !Array.isArray(raw['clusters'])) {
    throw invalid('The kubeconfig has no list of clusters, so it is not a kubeconfig.');
  }
  checkTexts(raw);
  return raw;
}

/** list → its item's key → that object's text fields, by client-go's own types. */
const textFields = [
  ['clusters', 'cluster', ['server', 'proxy-url', 'tls-server-name', 'certificate-authority']],
  ['clusters', 'cluster', ['certificate-authority-data']],
  ['contexts', 'context', ['cluster', 'user', 'namespace']],
  ['users', 'user', ['token', 'tokenFile', 'username', 'password', 'as', 'as-uid']],
  ['users', 'user', ['client-certificate', 'client-certificate-data', 'client-key']],
  ['users', 'user', ['client-key-data']],
] as const;

/** Rejects what kubectl would reject, before the library takes a list as a name. */
function checkTexts(raw: Record<string, unknown>): void {
  const wrong = (value: unknown) => (value ?? '') !== '' && typeof value !== 'string';
  if (wrong(raw['current-context'])) throw invalid('Its current-context is not a text.');
  for (const [list, held, names] of textFields) {
    for (const entry of listAt(raw, list)) {
      const fields = fieldsAt(entry, held);
      const odd = wrong(fieldsAt(entry)['name'])
        ? 'name'
        : names.find((name) => wrong(fields[name]));
      if (odd) throw invalid(`The kubeconfig has an entry of ${list} whose ${odd} is not a text.`);
    }
  }
}

function choose(config: KubeConfig, wanted: string | undefined) {
  const name = wanted ?? config.getCurrentContext();
  const there = config.getContexts().map((each) => each.name);
  if (!name) throw invalid('The kubeconfig has no current context.', names('contexts', there));
  const context = there.includes(name) ? config.getContextObject(name) : null;
  if (!context) throw invalid(`The kubeconfig has no context "${name}".`, names('contexts', there));
  const cluster = config.getCluster(context.cluster);
  if (!cluster) {
    const clusters = config.getClusters().map((each) => each.name);
    const what = `Context "${name}" names a cluster "${context.cluster}" that is not there.`;
    throw invalid(what, names('clusters', clusters));
  }
  const user = context.user ? config.getUser(context.user) : { name: '' };
  if (!user) {
    const users = config.getUsers().map((each) => each.name);
    const what = `Context "${name}" names a user "${context.user}" that is not there.`;
    throw invalid(what, names('users', users));
  }
  config.setCurrentContext(name);
  return { context, cluster, user };
}

function serverOf(cluster: Cluster): string {
  const url = URL.parse(cluster.server);
  if (url?.protocol === 'https:') return cluster.server;
  const name = `Cluster "${cluster.name}"`;
  if (url?.protocol !== 'http:') {
    throw invalid(`${name} has a server that is not an http or https address.`);
  }
  if (isLoopback(url.hostname)) return cluster.server;
  throw invalid(
    `${name} has a server by plain http, which anyone on the network can read and change.`,
  );
}

async function tlsOf(cluster: Cluster, user: User): Promise<KubeTls> {
  const [ca, cert, key] = await allOrProblems([
    pem('certificate-authority', cluster.caFile, cluster.caData),
    pem('client-certificate', user.certFile, user.certData),
    pem('client-key', user.keyFile, user.keyData),
  ]);
  return {
    // Without verification an authority is a contradiction; kubectl rejects the combination.
    ...(ca && !cluster.skipTLSVerify ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
  };
}

/** A bundle of all public authorities has a quarter of this. */
const mostPemBytes = 2 ** 20;

/** Data takes precedence over a file, as in kubectl. */
async function pem(field: string, file?: string, data?: string): Promise<Buffer | undefined> {
  if (data) {
    const decoded = Buffer.from(data, 'base64');
    if (decoded.includes('-----BEGIN ')) return decoded;
    throw invalid(`The kubeconfig's ${field}-data is not the base64 of a PEM text.`);
  }
  if (!file) return undefined;
  const unreadable = (why: string) =>
    invalid(`The kubeconfig's ${field} file ${file} cannot be read (${why}).`);
  const text = await readBounded(file, mostPemBytes).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error.code ?? 'unreadable');
  });
  if (text === undefined) throw unreadable('larger than 1 MiB');
  return Buffer.from(text);
}

function rawUser(raw: Record<string, unknown>, name: string): Record<string, unknown> {
  const users: unknown[] = Array.isArray(raw['users']) ? raw['users'] : [];
  const entry = users.find((each) => isFields(each) && each['name'] === name);
  const user = isFields(entry) ? entry['user'] : undefined;
  return isFields(user) ? user : {};
}

function names(of: string, there: readonly string[]): string {
  return there.length === 0 ? `It has no ${of}.` : `Its ${of}: ${there.join(', ')}.`;
}

function invalid(what: string, ...evidence: readonly string[]): ActionError {
  const hint = 'Correct the inputs kubeconfig and kube-context.';
  return new ActionError(finding('input-invalid', what, { evidence, hint }));
}
