// Strings come in once and become typed `Inputs`; every problem is collected before it fails.
import type { Secret } from './secret.ts';

export type Command = 'deploy' | 'diff' | 'status' | 'setup';

export type Credentials =
  | { readonly by: 'key'; readonly key: ServiceAccountKey }
  | { readonly by: 'oidc'; readonly serviceAccountId: string; readonly audience?: string }
  | { readonly by: 'token'; readonly token: Secret };

export interface ServiceAccountKey {
  readonly id: string;
  readonly serviceAccountId: string;
  /** PKCS#8 PEM without any leading text line. */
  readonly privateKey: Secret;
}

export type ClusterTarget =
  | { readonly by: 'id'; readonly id: string; readonly credentials: Credentials }
  | {
      readonly by: 'name';
      readonly name: string;
      readonly folderId: string;
      readonly credentials: Credentials;
    }
  /** `text` is the kubeconfig itself, decoded. */
  | {
      readonly by: 'kubeconfig';
      readonly path?: string;
      readonly text?: Secret;
      readonly context?: string;
    };

export interface SecretValue {
  readonly secret: string;
  readonly key: string;
  readonly value: Secret;
}

export interface Inputs {
  readonly command: Command;
  /** Absent only for `setup` without a cluster. */
  readonly target?: ClusterTarget;
  readonly clusterEndpoint: 'external' | 'internal';
  readonly ycApiEndpoint: string;
  readonly app: string;
  /** Empty where nothing says it and the command does not need it. */
  readonly environment: string;
  readonly namespace?: string;
  readonly createNamespace: boolean;
  /** In their order; a leading `-` excludes. */
  readonly manifests: readonly string[];
  readonly images: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretValue[];
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly forceConflicts: boolean;
  readonly restartOnConfig: boolean;
  readonly kubectlVersion: string;
  readonly ycVersion: string;
  readonly ycSha256?: string;
  readonly toolMirror?: string;
  readonly githubToken?: Secret;
  readonly summary: boolean;
  readonly logLines: number;
}
