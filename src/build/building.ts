// What a build works with.
import type { RunContext } from '../core/context.ts';
import type { Http } from '../core/ports.ts';
import type { Timing } from '../core/timing.ts';
import type { RegistryAddress } from '../registry/address.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { OpenRegistry } from '../registry/login.ts';
import type { Buildx } from './bake.ts';
import type { BuildRequest } from './request.ts';
import type { SourceFacts } from './source-facts.ts';

export interface Building {
  readonly request: BuildRequest;
  readonly address: RegistryAddress;
  readonly registry: OpenRegistry & { readonly client: RegistryClient };
  readonly buildx: Buildx;
  readonly http: Http;
  readonly context: RunContext;
  readonly source: SourceFacts;
  /** The files may be a proposal that nobody has reviewed. */
  readonly proposed: boolean;
  /** GitHub's cache service is there. */
  readonly gha: boolean;
  /** `linux/amd64`: what an image is for that names no platform. */
  readonly machine: string;
  readonly logLines: number;
  onTiming(timing: Timing): void;
}
