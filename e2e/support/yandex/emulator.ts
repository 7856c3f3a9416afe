// Yandex Cloud's API as a deployer meets it, on this machine: it checks all that it can check.
import { exchange, type Federation } from './federation.ts';
import { startGithub } from './github.ts';
import {
  accountOfJwt,
  emptyIdentity,
  type Identity,
  type IssuedToken,
  issue,
  makeAccount,
  newId,
  Refused,
  type Role,
  type ServiceAccount,
} from './identity.ts';
import { clusters, type ManagedCluster } from './managed-kubernetes.ts';
import { type Journal, type Logged, type Received, type Reply, refusal, serve } from './server.ts';
import { reviewToken } from './token-review.ts';

export interface Yandex {
  /** For the input `yc-api-endpoint`: `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** For `startCluster`'s `yandexWebhookUrl`. */
  readonly tokenReviewUrl: string;
  /** IAM tokens issued so far; `expiresAt` may be moved. */
  readonly tokens: readonly IssuedToken[];
  /** Every request that any of the services got, in the order of the answers. */
  readonly requests: readonly Logged[];
  /** GitHub's side of the keyless way: environment for a job, the claims, tokens handed out. */
  readonly github: {
    readonly env: Readonly<Record<string, string>>;
    readonly issuer: string;
    readonly tokens: readonly string[];
    /** `sub` may be changed; default `repo:acme/shop:ref:refs/heads/main`. */
    readonly claims: { sub: string; readonly defaultAudience: string };
  };
  /** A service account with a key; by default it has the role `k8s.viewer`. */
  addServiceAccount(roles?: readonly Role[]): ServiceAccount;
  /** A cluster; what comes back may be changed and is served so from then on. */
  addCluster(cluster: NewCluster): ManagedCluster;
  /** Lets a GitHub subject (exactly this one) become a service account. */
  link(serviceAccountId: string, subject: string): void;
  /** Audiences of GitHub tokens that are accepted; changeable. */
  readonly audiences: string[];
  /** How long tokens issued from now on live. */
  setTokenLifetime(seconds: number): void;
  /** Ends all tokens. The API server may remember one for another 10 s. */
  expireTokens(): void;
  /** The next `times` requests whose path starts so are answered by this status; 0 cuts them. */
  failNext(path: string, status: number, options?: FailOptions): void;
  stop(): Promise<void>;
}

export interface NewCluster extends Partial<ManagedCluster> {
  readonly caPem: string;
}

export interface FailOptions {
  /** Default 1. */
  readonly times?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Starts all services, each on a port of its own, so that discovery has to be used. `iamPort`: where
 * an API server that is there already asks for reviews of tokens; default a free one.
 */
export async function startYandex(iamPort?: number): Promise<Yandex> {
  const journal: Journal = { requests: [], failures: [] };
  const identity = emptyIdentity();
  const all: ManagedCluster[] = [];
  const github = await startGithub(journal);
  const audiences = [github.claims.defaultAudience];
  const federation: Federation = { identity, github, audiences, links: [] };
  const iam = await serve(
    'iam',
    journal,
    (request) => iamApi(identity, request, iam.address),
    iamPort,
  );
  const kubernetes = await serve('managed-kubernetes', journal, (request) =>
    clusters(identity, all, request),
  );
  const oauth = await serve('oauth', journal, (request) => exchange(federation, request));
  const addresses = { iam, 'managed-kubernetes': kubernetes, oauth };
  const endpoints = Object.entries(addresses).map(([id, { address }]) => ({ id, address }));
  const api = await serve('api', journal, (request) =>
    request.method === 'GET' && request.path === '/endpoints'
      ? { status: 200, body: { endpoints } }
      : refusal(404, 'Not found'),
  );
  const services = [api, iam, kubernetes, oauth, github.service];
  return {
    endpoint: `http://${api.address}`,
    tokenReviewUrl: `http://${iam.address}/tokenreview`,
    github,
    audiences,
    stop: async () => {
      await Promise.all(services.map((service) => service.stop()));
    },
    ...controls(identity, journal, all),
    link: (serviceAccountId, subject) => {
      federation.links.push({ serviceAccountId, subject });
    },
  };
}

type Controls = Pick<
  Yandex,
  | 'tokens'
  | 'requests'
  | 'addServiceAccount'
  | 'addCluster'
  | 'setTokenLifetime'
  | 'expireTokens'
  | 'failNext'
>;

function controls(identity: Identity, journal: Journal, all: ManagedCluster[]): Controls {
  return {
    tokens: identity.tokens,
    requests: journal.requests,
    addServiceAccount: (roles = ['k8s.viewer']) => {
      const account = makeAccount(roles);
      identity.accounts.push(account);
      return account;
    },
    addCluster: (cluster) => {
      const made: ManagedCluster = {
        id: newId('cat'),
        folderId: newId('b1g'),
        name: 'production',
        status: 'RUNNING',
        version: '1.34',
        ...cluster,
      };
      all.push(made);
      return made;
    },
    setTokenLifetime: (seconds) => {
      identity.lifetimeMs = seconds * 1000;
    },
    expireTokens: () => {
      for (const token of identity.tokens) token.expiresAt = 0;
    },
    failNext: (path, status, { times = 1, headers = {} } = {}) => {
      journal.failures.push({ path, status, headers, left: times });
    },
  };
}

async function iamApi(identity: Identity, request: Received, address: string): Promise<Reply> {
  const route = `${request.method} ${request.path}`;
  if (route === 'POST /tokenreview') return reviewToken(identity, request);
  if (route !== 'POST /iam/v1/tokens') return refusal(404, 'Not found');
  const jwt = jwtOf(request.body);
  if (jwt === undefined) return refusal(400, 'jwt: Field is required');
  try {
    const account = await accountOfJwt(identity, jwt, `https://${address}/iam/v1/tokens`);
    const { token, expiresAt } = issue(identity, account.id);
    const body = { iamToken: token, expiresAt: new Date(expiresAt).toISOString() };
    return { status: 200, body };
  } catch (error) {
    if (error instanceof Refused) return refusal(401, error.message);
    throw error;
  }
}

function jwtOf(body: string): string | undefined {
  try {
    const { jwt } = JSON.parse(body) as { jwt?: unknown };
    return typeof jwt === 'string' ? jwt : undefined;
  } catch {
    return undefined;
  }
}
