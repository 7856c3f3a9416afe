// Before a rollback: recorded objects outside the namespace must be proven by the live ones.

import { type ServedDocument, serveDocuments } from '../../apply/planned/served-documents.ts';
import { readLive } from '../../cluster/live-objects.ts';
import { ActionError, type Finding, finding, throwIfFatal } from '../../core/errors.ts';
import { counted } from '../../core/text.ts';
import type { Document } from '../../kube/document.ts';
import { identityOf, type KubeObject, nameOf } from '../../kube/objects.ts';
import { secretName } from '../../releases/codec.ts';
import { type Home, isElsewhere, whyUnproven } from '../../releases/proof.ts';
import { entryKey, entryOf, type Release, type ReleaseContents } from '../../releases/record.ts';
import { apiOf, type Connected } from '../state/state.ts';

const mostNamed = 20;

/**
 * The run's documents, each such object with the proven uid. Anyone who may write Secrets in one
 * namespace can forge a release there. Throws ActionError `release-invalid` with every object that is
 * cluster-wide, or in another namespace, and not proven; only reads are sent. `newest`: the last
 * recorded release, whose uids count too.
 */
export async function proveRecorded(
  run: Connected,
  { head, contents }: Release,
  { namespace, newest }: { readonly namespace: string; readonly newest?: ReleaseContents },
): Promise<readonly Document[]> {
  const { state, inputs, signal } = run;
  const api = apiOf(run);
  const home: Home = { app: inputs.app, namespace };
  // The dry run reports kinds that are not served.
  const { served, findings: problems } = await serveDocuments(
    state.documents,
    api,
    state.namespace,
  );
  const elsewhere = served.filter(({ document }) =>
    isElsewhere(document.object.metadata.namespace, home),
  );
  if (elsewhere.length === 0) return state.documents;
  const wanted = elsewhere
    .filter(({ pending }) => !pending)
    .map(({ document, resource }) => ({ object: document.object, resource }));
  const { live, findings } = await readLive(wanted, api, signal);
  throwIfFatal(findings);
  const uids = Map.groupBy(
    [...contents.inventory, ...(newest?.inventory ?? [])].filter(({ uid }) => uid !== undefined),
    entryKey,
  );
  const unproven = elsewhere.flatMap((each) => {
    const { object } = each.document;
    const recorded = uids.get(entryKey(entryOf(object)))?.flatMap(({ uid }) => uid ?? []) ?? [];
    const why = whyUnproven(live.get(identityOf(object)), home, recorded);
    return why === undefined ? [] : [`${placeOf(each)}: ${why}`];
  });
  if (unproven.length > 0) throw new ActionError(refusal(unproven, head, home));
  // If it has problems of its own the dry run ends the rollback; otherwise each document stays in place.
  if (problems.length > 0) return state.documents;
  return state.documents.map((document, at) => {
    const each = served[at];
    const provenUid = each && uidOf(live, each);
    return each && elsewhere.includes(each) && provenUid ? { ...document, provenUid } : document;
  });
}

function uidOf(live: ReadonlyMap<string, KubeObject>, { document }: ServedDocument) {
  return live.get(identityOf(document.object))?.metadata.uid;
}

function placeOf({ document: { object } }: ServedDocument): string {
  const { namespace } = object.metadata;
  return namespace === undefined ? nameOf(object) : `${nameOf(object)} in ${namespace}`;
}

function refusal(unproven: readonly string[], head: Release['head'], home: Home): Finding {
  const { number, commit } = head;
  const { app, namespace } = home;
  const objects = counted(unproven.length, 'object');
  const what = `Release ${number} holds ${objects} outside namespace ${namespace} that ${unproven.length === 1 ? 'is' : 'are'} not proven to be those of ${app}.`;
  const more = unproven.length - mostNamed;
  const known = /^[0-9a-f]{7,64}$/.test(commit);
  return finding('release-invalid', what, {
    object: `Secret/${secretName(app, number, 1)}`,
    namespace,
    evidence: [...unproven.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])],
    hint: `${known ? `Deploy commit ${commit}` : 'Deploy an earlier commit'} instead: a deploy makes \
what is missing, and marks what it writes as its own.`,
  });
}
