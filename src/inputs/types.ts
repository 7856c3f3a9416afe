// The inputs of a run, read and checked.

import type { BuildRequest } from '../build/request.ts';
import type { Command } from '../core/commands.ts';
import type { Secret } from '../core/secret.ts';
import type { Patience } from '../kube/annotations.ts';
import type { SecretValue } from '../manifests/secrets.ts';
import type { Password, RegistryAddress } from '../registry/address.ts';
import type { ProblemSeverity } from '../scan/problems.ts';
import type { ScanMode } from '../scan/result.ts';
import type { Credentials } from '../yandex/credentials.ts';

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

export interface Inputs {
  readonly command: Command;
  /** Absent only for `setup` without a cluster. */
  readonly target?: ClusterTarget;
  readonly clusterEndpoint: 'external' | 'internal';
  readonly ycApiEndpoint: string;
  readonly app: string;
  /** Empty if it is not given and the command does not need it. */
  readonly environment: string;
  readonly namespace?: string;
  readonly createNamespace: boolean;
  /** In order; a leading `-` excludes. */
  readonly manifests: readonly string[];
  readonly images: Readonly<Record<string, string>>;
  /** What this run builds itself; absent if nothing is built. */
  readonly build?: BuildRequest;
  /** Absent if none is named. */
  readonly registry?: Registry;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretValue[];
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly forceConflicts: boolean;
  readonly lock: boolean;
  readonly lockTimeoutMs: number;
  readonly restartOnConfig: boolean;
  readonly scan: 'off' | ScanMode;
  readonly scanSeverity: readonly ProblemSeverity[];
  readonly scanIgnoreUnfixed: boolean;
  readonly scanBaseline: boolean;
  readonly trivyVersion: string;
  readonly trivySha256?: string;
  /** In the order to try them; absent: where its maker publishes it. */
  readonly trivyDbRepository?: readonly string[];
  readonly kubectlVersion: string;
  readonly ycVersion: string;
  readonly ycSha256?: string;
  readonly toolMirror?: string;
  readonly githubToken?: Secret;
  readonly environmentUrl?: string;
  readonly comment: boolean;
  readonly summary: boolean;
  readonly logLines: number;
  readonly patience: Patience;
  readonly prune: boolean;
  readonly pruneConfirm: boolean;
  readonly takeOver: boolean;
  readonly allowOlder: boolean;
  /** For `status`: the release that the caller deployed; undefined: whatever is live. */
  readonly revision?: number;
  /** For `rollback`; undefined: the newest good one older than the live one. */
  readonly toRelease?: number;
  readonly onFailure: 'rollback' | 'keep';
  readonly onFirstFailure: 'keep' | 'remove';
}

export interface Registry extends RegistryAddress {
  /** Absent: the machine's own Docker configuration is used. */
  readonly login?: RegistryLogin;
  /** Another host that may receive the login. */
  readonly authHost?: string;
}

export type RegistryLogin =
  | ({ readonly by: 'password' } & Password)
  /** As user `iam`, with an IAM token that is renewed. */
  | { readonly by: 'iam'; readonly credentials: Credentials };
