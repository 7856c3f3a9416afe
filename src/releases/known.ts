// What is recorded of an application.
import type { Finding } from '../core/errors.ts';
import type { UnfitRelease } from './list-releases.ts';
import type { ReleaseContents, ReleaseHead } from './record.ts';

export interface KnownReleases {
  readonly namespace: string;
  /** Newest first. */
  readonly heads: readonly ReleaseHead[];
  /** The newest one's, whatever its end: the inventory is cumulative. */
  readonly newest?: ReleaseContents;
  /** In the place of releases, and none. */
  readonly unfit?: readonly UnfitRelease[];
  /** Warnings: of those, and of newer ones that a run was killed in the middle of recording. */
  readonly unread?: readonly Finding[];
}
