// What the steps of a build share.
import type { RunContext } from '../core/context.ts';
import type { Http } from '../core/ports.ts';
import type { Timing } from '../core/timing.ts';
import type { BuildRequest } from '../images/request.ts';
import type { RegistryAddress } from '../registry/address.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { OpenRegistry } from '../registry/login.ts';
import type { Buildx } from './bake.ts';
import type { SourceFacts } from './source-facts.ts';

export interface Building {
  readonly request: BuildRequest;
  readonly address: RegistryAddress;
  readonly registry: OpenRegistry & { readonly client: RegistryClient };
  readonly buildx: Buildx;
  readonly http: Http;
  readonly context: RunContext;
  readonly source: SourceFacts;
  /** The files may be unreviewed (a pull request). */
  readonly proposed: boolean;
  /** GitHub's cache service is available. */
  readonly gha: boolean;
  /** `linux/amd64`: the platform of an image that names none. */
  readonly machine: string;
  readonly logLines: number;
  onTiming(timing: Timing): void;
}
