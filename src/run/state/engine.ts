// What the composition root brings: everything that differs between a runner and a terminal.

import type { Access } from '../../connect/authenticate.ts';
import type { Cluster, GitHub, Ports } from '../../core/ports.ts';
import type { Secret } from '../../core/secret.ts';
import type { Outcome } from '../../report/outcome.ts';
import type { Exports, InstallToolsPorts } from '../../tools/install-tools.ts';
import type { IdTokenRequest } from '../../yandex/oidc.ts';

/** What the composition root brings: everything that is different on a runner and a terminal. */
export interface Engine {
  readonly ports: Ports;
  /** Reads the kubeconfig; opens nothing yet. */
  connect(access: Access): Promise<Cluster>;
  readonly exports: Exports;
  readonly tools: Omit<InstallToolsPorts, 'log' | 'exports' | 'http' | 'files' | 'shell'>;
  /** The runner's variables, as they were when the run began. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly idToken?: IdTokenRequest;
  /** GitHub's API for a token; only in a run of GitHub. */
  github?(token: Secret): GitHub;
  /** Called before a secret file is made, so that the post step removes it whatever happens. */
  onSecretFile(path: string): void;
  /**
   * Called once, when the work begins: `look` shows at any moment what is to be said if the run hangs
   * just then, with `hangMark` for why. What it gives back is called when that has changed and must
   * be known at once.
   */
  watch?(look: () => Outcome): () => void;
}
