// Reads the recorded releases of the application: all heads, and the contents of the newest.

import { ActionError, type Finding } from '../../core/errors.ts';
import { newestFirst } from '../../releases/choose.ts';
import type { KnownReleases } from '../../releases/known.ts';
import { listReleases, type UnfitRelease } from '../../releases/list-releases.ts';
import type { ReleaseHead } from '../../releases/record.ts';
import { readContents, type Store } from '../../releases/release-store.ts';
import { apiOf, type Connected, releaseNamespace } from '../state/state.ts';

export function storeOf(run: Connected, namespace: string): Store {
  return { api: apiOf(run), app: run.inputs.app, namespace, signal: run.signal };
}

/** Throws ActionError `forbidden` with the rule that would allow it. */
export async function readReleases(
  run: Connected,
  { contents }: { readonly contents: boolean },
): Promise<KnownReleases | undefined> {
  const namespace = releaseNamespace(run);
  if (namespace === undefined) return undefined;
  const store = storeOf(run, namespace);
  const { heads: listed, unfit } = await listReleases(store);
  const heads = newestFirst(listed);
  const newest = contents ? await newestContents(heads, store) : {};
  return {
    namespace,
    heads,
    ...newest,
    unfit,
    unread: [...warned(unfit), ...(newest.unread ?? [])],
  };
}

const mostWarnings = 10;

/** A planted record must neither block anyone nor go unreported. */
function warned(unfit: readonly UnfitRelease[]): readonly Finding[] {
  const shown = unfit.slice(0, mostWarnings).map(({ finding: each }): Finding => {
    return { ...each, severity: 'warning', what: `${each.what} It is left out.` };
  });
  const [last] = shown.slice(-1);
  const more = unfit.length - shown.length;
  if (!last || more === 0) return shown;
  return [...shown.slice(0, -1), { ...last, what: `${last.what} So are ${more} more.` }];
}

/** Of the twelve kept some may be broken; any more were planted. */
const mostTries = 20;

/** An unreadable one must not block every later deploy. */
async function newestContents(
  heads: readonly ReleaseHead[],
  store: Store,
): Promise<Pick<KnownReleases, 'newest' | 'unread'>> {
  const unread: Finding[] = [];
  for (const head of heads.slice(0, mostTries)) {
    try {
      return { newest: await readContents(head, store), unread };
    } catch (error) {
      const [first] = error instanceof ActionError ? error.findings : [];
      if (first?.code !== 'release-not-found' && first?.code !== 'release-invalid') throw error;
      const what = `${first.what} What only that run created is not pruned.`;
      unread.push({ ...first, severity: 'warning', what });
    }
  }
  return { unread };
}
