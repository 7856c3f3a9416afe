// Lists the heads of an application's releases, and Secrets that only have a release's name.
import { listAll } from '../cluster/list.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { leaping } from './choose.ts';
import { type ReadHead, readHead, secretName, selectorOf } from './codec.ts';
import type { ReleaseHead } from './record.ts';
import { type Store, secrets, unfitFinding, withRule } from './release-store.ts';

/** A Secret with a release's name that is not one: never restored, never counted. */
export interface UnfitRelease {
  /** The number in its name; absent if that is not a release's. */
  readonly number?: number;
  /** A `release-invalid` that names the Secret. */
  readonly finding: Finding;
}

export interface ListedReleases {
  readonly heads: readonly ReleaseHead[];
  readonly unfit: readonly UnfitRelease[];
}

// Twelve are kept, in a few parts each at most; a head may have 256 KiB.
const mostSecrets = 1_000;
const pageSize = 50;

/**
 * The heads of all releases, without contents. Throws ActionError `forbidden` with the rule,
 * or `release-invalid` for more Secrets than releases can have.
 */
export async function listReleases(store: Store): Promise<ListedReleases> {
  const { api, app, namespace, signal } = store;
  const read: ReadHead[] = [];
  const selection = {
    namespace,
    headsOnly: true,
    pageSize,
    most: mostSecrets,
    // A page of hostile heads is 12 MiB; only the parsed fields are kept.
    keep: ({ apiVersion, kind, ...secret }: KubeObject): KubeObject => {
      const head = readHead({ apiVersion, kind, ...secret }, app);
      if (head) read.push(head);
      return { apiVersion, kind, metadata: { name: secret.metadata.name } };
    },
    ...selectorOf(app),
    ...(signal ? { signal } : {}),
  };
  try {
    const { objects } = await listAll(api, secrets, selection);
    if (objects.length > mostSecrets) throw new ActionError(tooMany(store));
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    throw new ActionError(withRule(error.findings[0], namespace));
  }
  const heads = read.flatMap((each) => ('head' in each ? [each.head] : []));
  const leaps = leaping(heads).map(({ number }) => number);
  const problems = [
    ...read.flatMap((each) => ('problem' in each ? [each] : [])),
    ...leaps.map((number) => ({
      secret: secretName(app, number, 1),
      number,
      problem: 'its number is far beyond the one before',
    })),
  ];
  return {
    heads: heads.filter(({ number }) => !leaps.includes(number)),
    unfit: problems.map(({ secret, problem, ...known }) => ({
      ...(known.number === undefined ? {} : { number: known.number }),
      finding: unfitFinding(secret, namespace, problem),
    })),
  };
}

function tooMany({ app, namespace }: Store): Finding {
  const what = `Namespace ${namespace} has more than ${mostSecrets} Secrets of releases of ${app}.`;
  const { labelSelector } = selectorOf(app);
  const hint = `No deploy leaves so many. Find out who wrote them, and delete them: \
kubectl delete secret -n ${namespace} -l '${labelSelector}'`;
  return finding('release-invalid', what, { namespace, hint });
}
