// Which repositories an application belongs to: its short name alone is not unique.

import type { Repository } from '../core/context.ts';
import type { ReleaseHead } from './record.ts';

/** Equal by server and id; by name if one of them has no id. */
export function isSameRepository(one: Repository, other: Repository): boolean {
  if (hostOf(one) !== hostOf(other)) return false;
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  return one.name.toLowerCase() === other.name.toLowerCase();
}

const hostOf = ({ server }: Repository): string => server.replace(/^https?:\/\//, '').toLowerCase();

/** `github.com/123456`: the value of the objects' repository annotation. */
export function repositoryKey(repository: Repository): string {
  return `${hostOf(repository)}/${repository.id ?? repository.name}`;
}

/** All repositories of the application, from the newest release that has any. Newest first. */
export function repositoriesOf(heads: readonly ReleaseHead[]): readonly Repository[] {
  return heads.find(({ repositories = [] }) => repositories.length > 0)?.repositories ?? [];
}

const mostKept = 50;

/** Adds this run's own, under its current name; a known id is kept. */
export function withRepository(
  known: readonly Repository[],
  own: Repository | undefined,
): readonly Repository[] {
  if (!own) return known;
  const same = known.find((each) => isSameRepository(each, own));
  const id = own.id ?? same?.id;
  const entry = { ...own, ...(id === undefined ? {} : { id }) };
  return [...known.filter((each) => each !== same), entry].slice(-mostKept);
}

/**
 * The newest release of another repository, if the application belongs only to others. Undefined
 * if this run's repository is one of them or unknown, or no release has any.
 */
export function takenBy(
  heads: readonly ReleaseHead[],
  own: Repository | undefined,
): { readonly head: ReleaseHead; readonly repository: Repository } | undefined {
  if (!own) return undefined;
  const head = heads.find(({ repositories = [] }) => repositories.length > 0);
  const known = head?.repositories ?? [];
  if (!head || known.some((each) => isSameRepository(each, own))) return undefined;
  const repository = head.repository ?? known.at(-1);
  return repository && { head, repository };
}

/** Whose objects a run may delete: a live object's repository annotation must be one of `keys`. */
export interface Makers {
  readonly keys: readonly string[];
  /** No other repository deploys the application: objects without the annotation belong to this one. */
  readonly alone: boolean;
}

/** `own`: undefined on a terminal without a remote, which may delete only for a sole owner. */
export function makersFor(heads: readonly ReleaseHead[], own: Repository | undefined): Makers {
  const known = repositoriesOf(heads);
  const alone = withRepository(known, own).length <= 1;
  const mine = own
    ? [own, ...known.filter((each) => isSameRepository(each, own))]
    : alone
      ? known
      : [];
  const keys = mine.flatMap((each) => [
    repositoryKey(each),
    repositoryKey({ server: each.server, name: each.name }),
  ]);
  return { keys: [...new Set(keys)], alone };
}
