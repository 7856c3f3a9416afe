// A client for the registry API: look up a tag, check the push permission, add tags.

import { ActionError, type Finding } from '../core/errors.ts';
import { type Http, type HttpRequest, type HttpResponse, TransportError } from '../core/ports.ts';
import { reveal, Secret } from '../core/secret.ts';
import { fieldsAt, items, jsonFields } from '../kube/json.ts';
import { type Password, registryUrl } from './address.ts';
import { mayReceive, strangeRealm } from './auth-host.ts';
import { basicAuth } from './docker-config.ts';
import { answered, unreached } from './problems.ts';

export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
}

export interface RegistryClient {
  /** Undefined if the registry has no such tag. Throws ActionError if that cannot be determined. */
  find(repository: string, tag: string): Promise<Manifest | undefined>;
  /** `linux/amd64`, … of an index; empty for an image of one platform, or without an answer. */
  platforms(repository: string, reference: string): Promise<readonly string[]>;
  /** Whether the login may list the repository's tags: then what is not there does not exist. */
  mayRead(repository: string): Promise<boolean>;
  /**
   * Begins an upload and cancels it: a refusal that a push would only get after minutes is known at once.
   * Throws ActionError with the code of the registry's refusal.
   */
  checkPush(repository: string): Promise<void>;
  /** A finding if the registry wants the login sent to a foreign host; undefined otherwise, also without an answer. */
  checkRealm(): Promise<Finding | undefined>;
  /** Puts the manifest under further tags. Throws ActionError. */
  tag(repository: string, digest: string, tags: readonly string[]): Promise<void>;
}

export interface ClientOptions {
  readonly host: string;
  readonly http: Http;
  /** Another host that may receive the login. */
  readonly authHost?: string | undefined;
  /** Called before each exchange, since a token may have been renewed. */
  login(): Promise<Password | undefined>;
  /** Called with each token that the registry issues, before it is used. */
  mask(secret: Secret): void;
}

const mediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** `node` is `library/node` on Docker Hub. */
export const hubPath = (repository: string): string =>
  repository.includes('/') ? repository : `library/${repository}`;

/** A host that is named `docker.io` answers elsewhere. */
const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

export function registryClient(options: ClientOptions): RegistryClient {
  const base = registryUrl(apiHosts[options.host] ?? options.host);
  const send = sender(options);
  const pathOf = (repository: string) => repository.slice(options.host.length + 1);
  const manifest = (repository: string, reference: string) =>
    `${base}/v2/${pathOf(repository)}/manifests/${reference}`;
  const accept = { accept: mediaTypes.join(', ') };
  return {
    async find(repository, tag) {
      const scope = `repository:${pathOf(repository)}:pull`;
      const request = { method: 'HEAD', url: manifest(repository, tag), headers: accept } as const;
      const response = await send(request, scope);
      if (response.status === 404) return undefined;
      const digest = response.headers['docker-content-digest'] ?? '';
      if (response.status === 200 && /^sha256:[0-9a-f]{64}$/.test(digest)) {
        return { digest, mediaType: response.headers['content-type'] ?? '' };
      }
      throw problem(response, repository, 'pull');
    },
    async platforms(repository, reference) {
      const scope = `repository:${pathOf(repository)}:pull`;
      const got = await send({ url: manifest(repository, reference), headers: accept }, scope);
      if (got.status !== 200) return [];
      return items(jsonFields(got.body)['manifests']).flatMap((each) => {
        const { os, architecture } = fieldsAt(each, 'platform');
        // What an attestation is of has no platform.
        const isKnown = typeof os === 'string' && os !== 'unknown';
        return isKnown ? [`${os}/${String(architecture)}`] : [];
      });
    },
    async mayRead(repository) {
      const url = `${base}/v2/${pathOf(repository)}/tags/list?n=1`;
      const { status } = await send({ url }, `repository:${pathOf(repository)}:pull`);
      return status === 200;
    },
    async checkPush(repository) {
      const scope = `repository:${pathOf(repository)}:pull,push`;
      const url = `${base}/v2/${pathOf(repository)}/blobs/uploads/`;
      const response = await send({ method: 'POST', url }, scope);
      if (response.status !== 202) throw problem(response, repository, 'push');
      const location = response.headers['location'];
      const upload = location === undefined ? undefined : URL.parse(location, url);
      if (upload?.origin !== new URL(url).origin) return;
      // An abandoned upload is cleaned up by the registry itself.
      await send({ method: 'DELETE', url: upload.href }, scope).catch(() => undefined);
    },
    async checkRealm() {
      const user = await options.login();
      if (!user) return undefined;
      const response = await options.http.send({ url: `${base}/v2/` }).catch(() => undefined);
      const { realm } = challengeOf(response?.headers ?? {});
      const asking = { ...options, ...user };
      return realm && !mayReceive(realm, asking) ? strangeRealm(realm, asking) : undefined;
    },
    async tag(repository, digest, tags) {
      const scope = `repository:${pathOf(repository)}:pull,push`;
      const got = await send({ url: manifest(repository, digest), headers: accept }, scope);
      if (got.status !== 200) throw problem(got, repository, 'pull');
      const headers = { 'content-type': got.headers['content-type'] ?? '' };
      for (const tag of tags) {
        const url = manifest(repository, tag);
        const put = await send({ method: 'PUT', url, headers, body: got.body }, scope);
        if (put.status >= 300) throw problem(put, repository, 'push');
      }
    },
  };
}

function problem(response: HttpResponse, repository: string, doing: 'pull' | 'push'): ActionError {
  return new ActionError(answered({ ...response, repository, doing }));
}

type Send = (request: HttpRequest, scope: string) => Promise<HttpResponse>;

/** Answers a challenge once per scope and login: Basic, or a token from the given realm. */
function sender({ host, http, login, authHost, mask }: ClientOptions): Send {
  const known = new Map<string, Secret>();
  return async (request, scope) => {
    const user = await login();
    const key = `${scope} ${user ? reveal(basicAuth(user)) : ''}`;
    const reach = (sent: HttpRequest) =>
      http.send(sent).catch((error: unknown) => {
        if (error instanceof TransportError) throw new ActionError(unreached(host, error));
        throw error;
      });
    const attempt = (authorization: Secret | undefined) =>
      reach(
        authorization ? { ...request, headers: { ...request.headers, authorization } } : request,
      );
    const first = await attempt(known.get(key));
    if (first.status !== 401) return first;
    const authorization = await answer(first, { scope, user, reach, host, authHost, mask });
    if (!authorization) return first;
    known.set(key, authorization);
    return attempt(authorization);
  };
}

interface Answering extends Pick<ClientOptions, 'host' | 'authHost' | 'mask'> {
  readonly scope: string;
  readonly user: Password | undefined;
  readonly reach: (request: HttpRequest) => Promise<HttpResponse>;
}

/** Characters; a realm, a service and a scope have a few hundred. */
const longestChallenge = 4_096;

/** Throws ActionError if the login would be sent to a foreign host. */
async function answer(
  { headers }: HttpResponse,
  { scope, user, reach, host, authHost, mask }: Answering,
): Promise<Secret | undefined> {
  const { isBasic, realm, service } = challengeOf(headers);
  const basic = user && new Secret(`Basic ${reveal(basicAuth(user))}`);
  if (isBasic) return basic;
  if (!realm) return undefined;
  const asking = { host, authHost, username: user?.username ?? '' };
  if (user && !mayReceive(realm, asking)) throw new ActionError(strangeRealm(realm, asking));
  // An anonymous token may be requested from any host, except inside this machine.
  if (!user && realm.protocol !== 'https:' && !mayReceive(realm, asking)) return undefined;
  if (service) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', scope);
  const response = await reach({
    url: realm.href,
    ...(basic ? { headers: { authorization: basic } } : {}),
  });
  if (response.status !== 200) return undefined;
  const { token, access_token: other } = jsonFields(response.body);
  const text = typeof token === 'string' ? token : other;
  if (typeof text !== 'string') return undefined;
  mask(new Secret(text));
  return new Secret(`Bearer ${text}`);
}

interface Challenge {
  readonly isBasic: boolean;
  /** The parts of a Bearer challenge, if its realm is an address. */
  readonly realm?: URL | null;
  readonly service?: string | undefined;
}

function challengeOf(headers: HttpResponse['headers']): Challenge {
  const challenge = (headers['www-authenticate'] ?? '').slice(0, longestChallenge);
  const isBasic = /^basic/i.test(challenge);
  if (!/^bearer/i.test(challenge)) return { isBasic };
  const parts = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
  return { isBasic, realm: URL.parse(parts['realm'] ?? ''), service: parts['service'] };
}
