// The inputs of a run, read and checked.

import type { BuildRequest } from '../build/request.ts';
import type { Secret } from '../core/secret.ts';
import type { SecretValue } from '../manifests/secrets.ts';
import type { Password, RegistryAddress } from '../registry/address.ts';
import type { ScanMode } from '../scan/result.ts';
import type { Credentials } from '../yandex/credentials.ts';
import type { PlainInputs } from './plain-inputs.ts';

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

/** What the rules between inputs make of several, or of an event. */
interface DecidedInputs {
  /** Absent only for `setup` without a cluster. */
  readonly target?: ClusterTarget;
  readonly app: string;
  /** Empty where nothing says it and the command does not need it. */
  readonly environment: string;
  /** In their order; a leading `-` excludes. */
  readonly manifests: readonly string[];
  readonly images: Readonly<Record<string, string>>;
  /** What this run builds itself; absent where nothing is built. */
  readonly build?: BuildRequest;
  /** Absent where none is named. */
  readonly registry?: Registry;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretValue[];
  readonly scan: 'off' | ScanMode;
}

/** Every input of the table `fields` by its name in camel case, and what is decided between them. */
export interface Inputs extends PlainInputs, DecidedInputs {}

export interface Registry extends RegistryAddress {
  /** Absent: as the machine's own Docker configuration says. */
  readonly login?: RegistryLogin;
  /** Another host that may see the login. */
  readonly authHost?: string;
}

export type RegistryLogin =
  | ({ readonly by: 'password' } & Password)
  /** As user `iam`, with an IAM token that is kept alive. */
  | { readonly by: 'iam'; readonly credentials: Credentials };
