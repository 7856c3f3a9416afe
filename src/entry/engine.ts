// The engine's ports, implemented for real, the same for a runner and a terminal.
import { readdir } from 'node:fs/promises';
import { arch, homedir, platform } from 'node:os';
import { join } from 'node:path';
import type { RunContext } from '../core/context.ts';
import type { Log } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { version } from '../core/version.ts';
import { realClock } from '../platform/clock.ts';
import { connectCluster } from '../platform/cluster.ts';
import { realFiles } from '../platform/files.ts';
import { realGithub } from '../platform/github.ts';
import { realHttp } from '../platform/http.ts';
import { loadKubeconfig } from '../platform/kubeconfig.ts';
import { realShell } from '../platform/shell.ts';
import { realToolCache } from '../platform/tool-cache.ts';
import type { Engine } from '../run/state/engine.ts';
import { platformOf } from '../tools/catalog.ts';

const userAgent = `webgen-deploy/${version}`;

export interface EngineOptions extends Pick<Engine, 'exports' | 'onSecretFile'> {
  readonly context: RunContext;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Opens no connection and starts no program yet. */
export function realEngine(options: EngineOptions): Engine {
  const { context, log, signal, environment, exports, onSecretFile } = options;
  const clock = realClock();
  const url = environment['ACTIONS_ID_TOKEN_REQUEST_URL'];
  const token = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'];
  return {
    ports: {
      shell: realShell(environment),
      http: realHttp({
        clock,
        userAgent,
        environment,
        signal,
        onRetry: ({ url: where, reason, waitMs }) =>
          log.info(`${new URL(where).host}: ${reason}, again in ${Math.ceil(waitMs / 1000)} s`),
      }),
      files: realFiles(context.temp),
      clock,
      log,
    },
    connect: async (access) => {
      const { kubeconfig, path, context: name } = access;
      const known = await loadKubeconfig(kubeconfig, {
        path,
        mask: log.mask,
        ...(name ? { context: name } : {}),
      });
      return connectCluster(known, {
        userAgent,
        environment,
        ...(access.token ? { token: access.token } : {}),
      });
    },
    exports,
    environment: { ...environment },
    tools: {
      cache: realToolCache(join(homedir(), '.cache', 'webgen-deploy', 'tools'), signal),
      platform: platformOf(platform(), arch()),
    },
    ...(context.on === 'github'
      ? { github: (own: Secret) => realGithub({ token: own, userAgent, clock }) }
      : {}),
    ...(url && token ? { idToken: { url, token: new Secret(token) } } : {}),
    onSecretFile,
  };
}

/** Names of the folders in `manifests/overlays`: inputs are read without touching the disk. */
export async function overlaysOf(workspace: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(join(workspace, 'manifests', 'overlays'), {
      withFileTypes: true,
    });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // A repository without that folder sets `manifests` itself.
  }
}
