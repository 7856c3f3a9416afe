// The addresses of Yandex Cloud's services, from the one API address that the user gives.
import { ActionError, finding } from '../core/errors.ts';
import type { Http } from '../core/ports.ts';
import { apiError, asRecord, jsonOf, unreachable } from './api-error.ts';

/** Base addresses without a trailing slash. */
export interface Endpoints {
  readonly iam: string;
  readonly managedKubernetes: string;
  /** Exchanges an OIDC token for an IAM token. */
  readonly oauth: string;
}

const publicOauth = 'https://auth.yandex.cloud';

/**
 * Requests `GET <endpoint>/endpoints`. Throws ActionError: `input-invalid` if that is not such an API,
 * `cluster-unreachable` if nothing answers.
 */
export async function discoverEndpoints(http: Http, apiEndpoint: string): Promise<Endpoints> {
  const base = baseAddress(apiEndpoint);
  const url = `${base.origin}${base.pathname.replace(/\/+$/, '')}/endpoints`;
  const response = await http.send({ url }).catch(unreachable(base.origin));
  if (response.status >= 500 || response.status === 429) {
    throw apiError(response, { doing: 'list its endpoints' });
  }
  const list = response.status === 200 ? jsonOf(response.body)['endpoints'] : undefined;
  const addresses = new Map(
    (Array.isArray(list) ? list : []).map(asRecord).map((each) => [each['id'], each['address']]),
  );
  const addressOf = (id: string, otherwise?: string): string => {
    const address = addresses.get(id);
    if (typeof address === 'string') return serviceAddress(base, id, address);
    if (otherwise) return otherwise;
    const what = `yc-api-endpoint ${base.origin} names no address for "${id}".`;
    throw invalid(what, `GET ${url} answered HTTP ${response.status}`);
  };
  return {
    iam: addressOf('iam'),
    managedKubernetes: addressOf('managed-kubernetes'),
    oauth: addressOf('oauth', publicOauth),
  };
}

/** The JWT's audience: always https, without the port if it is 443. */
export function tokenAudience(iam: string): string {
  const { hostname, port, protocol } = new URL(iam);
  const shown = port || (protocol === 'http:' ? '80' : '');
  return `https://${hostname}${shown === '' || shown === '443' ? '' : `:${shown}`}/iam/v1/tokens`;
}

/** True for loopback, the only host where http is allowed. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function baseAddress(text: string): URL {
  const url = URL.parse(text);
  const secure =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url && secure && !url.username && !url.password) return url;
  throw invalid('yc-api-endpoint is not an https:// address (http:// only to 127.0.0.1).');
}

function serviceAddress(base: URL, id: string, address: string): string {
  const url = URL.parse(`${base.protocol}//${address}`);
  const bare = url && !url.username && url.pathname === '/' && !url.search && !url.hash;
  // Credentials are sent there, so an http endpoint may only be loopback.
  if (bare && (base.protocol === 'https:' || isLoopback(url.hostname))) return url.origin;
  throw invalid(`yc-api-endpoint ${base.origin} gives an unusable address for "${id}".`, address);
}

function invalid(what: string, ...evidence: readonly string[]): ActionError {
  const hint = 'Give the API address of your region, for example https://api.cloud.yandex.net.';
  return new ActionError(finding('input-invalid', what, { evidence, hint }));
}
