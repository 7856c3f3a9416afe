// What the composition root provides: everything that differs between a runner and a terminal.

import type { Access } from '../../connect/authenticate.ts';
import type { Cluster, GitHub, Ports } from '../../core/ports.ts';
import type { Secret } from '../../core/secret.ts';
import type { Outcome } from '../../report/outcome.ts';
import type { Exports, InstallToolsPorts } from '../../tools/install-tools.ts';
import type { IdTokenRequest } from '../../yandex/oidc.ts';

/** What the composition root provides: everything that differs between a runner and a terminal. */
export interface Engine {
  readonly ports: Ports;
  /** Reads the kubeconfig; opens no connection yet. */
  connect(access: Access): Promise<Cluster>;
  readonly exports: Exports;
  readonly tools: Omit<InstallToolsPorts, 'log' | 'exports' | 'http' | 'files' | 'shell'>;
  /** The runner's variables, as they were when the run started. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly idToken?: IdTokenRequest;
  /** GitHub's API for a token; only in a run of GitHub. */
  github?(token: Secret): GitHub;
  /** Called before a secret file is written, so that the post step removes it in any case. */
  onSecretFile(path: string): void;
  /**
   * Called once, when the work begins: `look` returns at any moment what to report if the run hangs just
   * then, with `hangMark` for the evidence. The returned function is called when that has changed and
   * must be known at once.
   */
  watch?(look: () => Outcome): () => void;
}
