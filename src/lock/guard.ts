// A run that may have lost its lock writes nothing: checked before every single write.
import type { ApiRequest, Cluster } from '../core/ports.ts';
import type { Lock } from './hold.ts';

/** Two renewals: by then an outage, or a stopped process, is noticed. */
const freshMs = 30_000;

/**
 * The same cluster; while there is a lock, a write waits until the API has said within 30 s that
 * the lock is ours. Retried writes too: this wraps the cluster below the retries. Throws ActionError
 * `lock-lost`.
 */
export function guarded(cluster: Cluster, lockNow: () => Lock | undefined): Cluster {
  return {
    server: cluster.server,
    namespace: cluster.namespace,
    send: (request) => {
      const lock = lockNow();
      return lock && isWrite(request) ? sendHeld(cluster, lock, request) : cluster.send(request);
    },
    stream: (request, onEvent) => cluster.stream(request, onEvent),
    close: () => cluster.close(),
  };
}

async function sendHeld(cluster: Cluster, lock: Lock, request: ApiRequest) {
  for (;;) {
    await lock.confirm(freshMs);
    let stale = false;
    // Opening a connection may have taken long, or the process was stopped meanwhile.
    const onStart = (): void => {
      stale = !lock.isFresh(freshMs);
      if (stale) throw new Error('The lock has to be confirmed first.');
    };
    try {
      return await cluster.send({ ...request, onStart });
    } catch (error) {
      if (!stale) throw error;
    }
  }
}

/** A dry run changes nothing, and neither does an access review. */
function isWrite({ method, path }: ApiRequest): boolean {
  if (method === 'GET') return false;
  return !/[?&]dryRun=All(?:&|$)/.test(path) && !/reviews(?:\?|$)/.test(path);
}
