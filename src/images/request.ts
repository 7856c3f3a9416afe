// What to build, as inputs, plan, steps and report share it.
import { digestsOf } from './built.ts';

/** One image of the `build` input. Paths are relative to the workspace. */
export interface ImageBuild {
  /** The last part of its repository: `backend`, `team/backend`. */
  readonly name: string;
  readonly context: string;
  /** Relative to the context, as for `docker build`; absent: its `Dockerfile`. */
  readonly dockerfile?: string;
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `linux/amd64`; empty: the builder's own. */
  readonly platforms: readonly string[];
  /** Id of the build secret → the variable of the run's environment that holds it. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly cache: ImageCache;
}

/** `auto`: whatever the environment offers; `none` also builds an unchanged image. */
export type ImageCache = 'auto' | 'gha' | 'registry' | 'none';

export interface BuildRequest {
  /** Empty if the user's own definition says what is built. */
  readonly images: readonly ImageBuild[];
  readonly bake?: { readonly file: string; readonly targets: readonly string[] };
  readonly builder?: string;
  /** `min`, `max`, or absent for no attestation. */
  readonly provenance?: 'min' | 'max';
  readonly sbom: boolean;
}

/**
 * The same as lines `name=sha256:…`, as the input `images` reads them: no brace that a runner might have
 * masked. A name that would not stay exactly one such line is left out.
 */
export function digestLines(images: Readonly<Record<string, string>>): string {
  const all = Object.entries(digestsOf(images)).filter(([name]) => /^[\w./:-]+$/.test(name));
  return all.map(([name, digest]) => `${name}=${digest}`).join('\n');
}
