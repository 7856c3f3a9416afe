// What is recorded of an application.
import type { Finding } from '../core/errors.ts';
import type { UnfitRelease } from './list-releases.ts';
import type { ReleaseContents, ReleaseHead } from './record.ts';

export interface KnownReleases {
  readonly namespace: string;
  /** Newest first. */
  readonly heads: readonly ReleaseHead[];
  /** From the newest release, whatever its state: the inventory is cumulative. */
  readonly newest?: ReleaseContents;
  /** Secrets with a release's name that are not releases. */
  readonly unfit?: readonly UnfitRelease[];
  /** Warnings about those, and about newer releases whose run was killed while recording. */
  readonly unread?: readonly Finding[];
}
