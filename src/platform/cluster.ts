// The real `Cluster`: one kept-alive connection for requests, a second one for watches.
import type { Cluster } from '../core/ports.ts';
import type { Secret } from '../core/secret.ts';
import { type Connection, keptConnection, type TlsOptions } from './connection.ts';
import { type BearerSource, credentials } from './credentials.ts';
import { authorized, type Lane, streamed, whole } from './exchange.ts';
import { type Environment, proxyFor } from './proxy.ts';

/** The settings of one server and one user from a kubeconfig. */
export interface ClusterAccess {
  readonly server: string;
  readonly namespace?: string;
  readonly proxyUrl?: string;
  readonly tls: TlsOptions;
  /** Sent with every request (impersonation). */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The Authorization header's value; `refresh` asks for a new one after a 401. */
  authorization(refresh: boolean): Promise<Secret | undefined>;
  clientCertificate?(): Promise<Pick<TlsOptions, 'cert' | 'key'> | undefined>;
}

export interface ClusterOptions {
  /** Replaces the kubeconfig's own credentials. */
  readonly token?: BearerSource;
  readonly userAgent: string;
  /** The environment with the proxy variables. Default: the process's own. */
  readonly environment?: Environment;
}

// Sixteen sockets took as long for 200 patches as 64 streams of one HTTP/2 connection (0.15–0.25 s).
const requestSockets = 16;
// One per watch, since a watch keeps its socket for minutes.
const watchSockets = 128;

/**
 * Opens nothing yet: the first request does. Throws ActionError for a proxy that is not supported.
 * A rejected credential (401) is renewed and tried once more; the second answer counts. A `Secret`
 * inside a request's body is sent as its text.
 */
export function connectCluster(access: ClusterAccess, options: ClusterOptions): Cluster {
  const server = new URL(access.server);
  const proxy = proxyFor(server, options.environment ?? process.env, access.proxyUrl);
  const tls = async (): Promise<TlsOptions> => ({
    ...access.tls,
    ...(await access.clientCertificate?.()),
  });
  const lane = (sockets: number): Lane & { readonly connection: Connection } => ({
    connection: keptConnection({ server, proxy, tls, sockets }),
    prefix: server.pathname.replace(/\/+$/, ''),
    credentials: login,
    headers: { ...access.headers, 'user-agent': options.userAgent },
  });
  const login = credentials((refresh) => access.authorization(refresh), options.token);
  const requests = lane(requestSockets);
  const watches = lane(watchSockets);
  return {
    server: access.server,
    namespace: access.namespace,
    send: (request) => authorized(requests, request, whole),
    stream: (request, onEvent) => authorized(watches, request, streamed(onEvent)),
    async close() {
      await Promise.all([requests.connection.close(), watches.connection.close()]);
    },
  };
}
