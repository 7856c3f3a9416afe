// Which repositories an application belongs to: its short name alone may be anybody's.

import type { Repository } from '../core/context.ts';
import type { ReleaseHead } from './record.ts';

/** Server and number; the name where one of them has no number. */
export function isSameRepository(one: Repository, other: Repository): boolean {
  if (hostOf(one) !== hostOf(other)) return false;
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  return one.name.toLowerCase() === other.name.toLowerCase();
}

const hostOf = ({ server }: Repository): string => server.replace(/^https?:\/\//, '').toLowerCase();

/** `github.com/123456`: what the objects say of who made them. */
export function repositoryKey(repository: Repository): string {
  return `${hostOf(repository)}/${repository.id ?? repository.name}`;
}

/** All that the application belongs to, by the newest release that says any. Newest first. */
export function repositoriesOf(heads: readonly ReleaseHead[]): readonly Repository[] {
  return heads.find(({ repositories = [] }) => repositories.length > 0)?.repositories ?? [];
}

const mostKept = 50;

/** With this run's own, under its present name; a number that is known stays known. */
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
 * The newest release of somebody else, where the application belongs to others alone. Undefined
 * where this run's repository is one of them, is not known, or no release says any.
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

/** Whose objects a run may delete: what a live object says of its maker has to be one of `keys`. */
export interface Makers {
  readonly keys: readonly string[];
  /** No other repository deploys the application: what says nothing is this one's. */
  readonly alone: boolean;
}

/** `own`: undefined on a terminal without a remote, which may delete for a sole owner alone. */
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
