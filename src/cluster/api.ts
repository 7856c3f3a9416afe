// The Kubernetes API as the engine uses it: raw JSON with retries, discovery per group, the server's clock.
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import type { Resource } from '../kube/resource.ts';

export interface Api {
  readonly server: string;
  /** The namespace of the kubeconfig's context. */
  readonly namespace: string | undefined;
  /** Requests sent so far, watches included. */
  readonly requests: number;
  /**
   * Sends with retries for transient failures (429, 5xx, broken connections). Any other status
   * is an answer. Throws ActionError `cluster-unreachable` or, for 401, `unauthenticated`.
   */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** One watch, without retries (`watch.ts` does those). */
  stream(request: ApiRequest, onEvent: (event: unknown) => void): Promise<ApiResponse>;
  /** One request per group and version, cached. Undefined if the server does not serve it. */
  resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined>;
  /** Invalidates the cache of a group and version, after a CRD was created. */
  forget(apiVersion: string): void;
  /** Milliseconds since the epoch by the server's own clock (its Date header). */
  now(): number;
}
