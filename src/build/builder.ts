// What a buildx builder supports, read from `docker buildx inspect`, and which inputs exceed that.
import type { Finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import { clip, oneLine } from '../core/text.ts';
import type { BuildRequest } from '../images/request.ts';

export interface Builder {
  readonly name: string;
  /** `docker`, `docker-container`, `kubernetes`, `remote`. */
  readonly driver: string;
  /** All but a plain Docker engine: exports caches, attestations and many platforms. */
  readonly full: boolean;
  /** Why one of its nodes does not answer. */
  readonly error?: string;
}

/** The label is what buildx itself looks for: an engine with the containerd image store has it. */
export function readBuilder(text: string): Builder {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim();
  const driver = field('Driver') ?? '';
  const full = driver !== 'docker' || /org\.mobyproject\.buildkit\.worker\.snapshotter/.test(text);
  const error = field('Error');
  return {
    name: field('Name') ?? '',
    driver,
    full,
    ...(error === undefined ? {} : { error: clip(oneLine(error), 500) }),
  };
}

const other =
  'Use another builder (docker/setup-buildx-action makes one), or turn on the containerd image store.';

/** Inputs that a plain Docker engine cannot satisfy: reported, never silently ignored. */
export function beyondBuilder(request: BuildRequest, { full }: Builder): readonly Finding[] {
  if (full) return [];
  const cannot = 'is more than a builder with the plain docker driver can do';
  return [
    ...(request.provenance ? [invalid('provenance', cannot, other)] : []),
    ...(request.sbom ? [invalid('sbom', cannot, other)] : []),
    ...request.images
      .filter(({ platforms }) => platforms.length > 1)
      .map(({ name }) =>
        invalid('build', `of \`${name}\` names several platforms, which ${cannot}`, other),
      ),
    ...request.images
      .filter(({ cache }) => cache === 'gha' || cache === 'registry')
      .map(({ name, cache }) =>
        invalid('build', `of \`${name}\` has cache: ${cache}, which ${cannot}`, other),
      ),
  ];
}
