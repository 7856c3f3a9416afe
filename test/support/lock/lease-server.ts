// An API server in memory that serves one namespace's Leases: versions, conflicts, watches, times.

import type { ApiRequest, ApiResponse, Cluster } from '../../../src/core/ports.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { status } from '../cluster/scripted-server.ts';

export interface LeaseServer extends Cluster {
  lease: KubeObject | undefined;
  /** `METHOD path` of every request but watches. */
  readonly requests: string[];
  /** False: the namespace does not exist. */
  namespaceExists: boolean;
  /** Answers in place of the server, where it gives one. */
  fault: ((request: ApiRequest) => ApiResponse | undefined) | undefined;
  /** Its clock runs that far ahead of the test's. */
  aheadMs: number;
  /** Another client's write. */
  put(change: (lease: KubeObject) => KubeObject): void;
}

export function leaseServer(clock: { now(): number }): LeaseServer {
  let version = 100;
  const watchers = new Set<(event: unknown) => void>();
  const store = (lease: KubeObject): KubeObject => {
    version += 1;
    const time = new Date(clock.now() + server.aheadMs).toISOString().replace(/\.\d+Z/, 'Z');
    const managedFields = [{ manager: 'test', operation: 'Update', time }];
    const metadata = { ...lease.metadata, resourceVersion: `${version}`, managedFields };
    server.lease = { ...lease, metadata };
    for (const watcher of watchers) watcher({ type: 'MODIFIED', object: server.lease });
    return server.lease;
  };
  const answer = (code: number, body: unknown): ApiResponse => {
    const date = new Date(clock.now() + server.aheadMs).toUTCString();
    return { status: code, headers: { date }, body };
  };
  const create = (wanted: KubeObject): ApiResponse => {
    const missing = status(404, 'NotFound', 'namespaces "web" not found', { kind: 'namespaces' });
    if (!server.namespaceExists) return answer(404, missing);
    if (server.lease) return answer(409, status(409, 'AlreadyExists', 'already exists'));
    return answer(201, store(wanted));
  };
  const list = (): ApiResponse => {
    const metadata = { resourceVersion: `${version}` };
    return answer(200, { kind: 'LeaseList', metadata, items: server.lease ? [server.lease] : [] });
  };
  const serve = ({ method, path, body }: ApiRequest): ApiResponse => {
    const { lease } = server;
    const wanted = body as KubeObject;
    if (method === 'POST') return create(wanted);
    if (/\/leases\?/.test(path) && method === 'GET') return list();
    if (!lease) return answer(404, status(404, 'NotFound', 'not found', { kind: 'leases' }));
    if (method === 'GET') return answer(200, lease);
    const same = lease.metadata.resourceVersion === wanted.metadata.resourceVersion;
    if (same) return answer(200, store(wanted));
    return answer(409, status(409, 'Conflict', 'Operation cannot be fulfilled on leases'));
  };
  const server: LeaseServer = {
    server: 'https://test',
    namespace: undefined,
    lease: undefined,
    requests: [],
    namespaceExists: true,
    fault: undefined,
    aheadMs: 0,
    put: (change) => void (server.lease && store(change(server.lease))),
    send: async (request) => {
      request.signal?.throwIfAborted();
      request.onStart?.();
      server.requests.push(`${request.method} ${request.path.replace(/\?.*/, '')}`);
      if (request.path.startsWith('/apis/coordination.k8s.io/v1?') || /v1$/.test(request.path)) {
        const resources = [{ name: 'leases', kind: 'Lease', namespaced: true, verbs: ['get'] }];
        return answer(200, { kind: 'APIResourceList', resources });
      }
      return server.fault?.(request) ?? serve(request);
    },
    stream: ({ signal }, onEvent) =>
      new Promise((_, reject) => {
        watchers.add(onEvent);
        signal?.addEventListener('abort', () => {
          watchers.delete(onEvent);
          reject(signal.reason);
        });
      }),
    close: async () => undefined,
  };
  return server;
}
