// Owners that a manifest names and the cluster does not have: the garbage collector would delete the object.
import type { Api } from '../../cluster/api.ts';
import { readOne } from '../../cluster/live-objects.ts';
import { ActionError, type Finding, finding } from '../../core/errors.ts';
import { plain } from '../../core/plain-text.ts';
import { type Document, placeOf, subjectOf } from '../../kube/document.ts';
import type { OwnerReference } from '../../kube/objects.ts';
import type { ServedDocument } from '../planned/served-documents.ts';

interface Checked {
  readonly documents: readonly ServedDocument[];
  readonly findings: readonly Finding[];
}

/**
 * Without owners that do not exist, or live under another uid: an exported object names those of its old
 * cluster. Each is said. What may not be read, or is not answered for, is left as it is.
 */
export async function withoutStaleOwners(
  served: readonly ServedDocument[],
  settings: { readonly api: Api; readonly signal?: AbortSignal | undefined },
): Promise<Checked> {
  const checked = await Promise.all(served.map((each) => checkOne(each, settings)));
  return {
    documents: checked.map(({ document }) => document),
    findings: checked.flatMap(({ findings }) => findings),
  };
}

interface CheckedOne {
  readonly document: ServedDocument;
  readonly findings: readonly Finding[];
}

async function checkOne(
  served: ServedDocument,
  settings: Parameters<typeof withoutStaleOwners>[1],
): Promise<CheckedOne> {
  const { document } = served;
  const { metadata } = document.object;
  const owners = metadata.ownerReferences;
  if (!Array.isArray(owners) || owners.length === 0) return { document: served, findings: [] };
  const stale = await Promise.all(
    owners.map((owner) => isStale(owner, metadata.namespace, settings)),
  );
  const kept = owners.filter((_, at) => !stale[at]);
  if (kept.length === owners.length) return { document: served, findings: [] };
  const { ownerReferences: _, ...rest } = metadata;
  const object = {
    ...document.object,
    metadata: kept.length > 0 ? { ...rest, ownerReferences: kept } : rest,
  };
  return {
    document: { ...served, document: { ...document, object } },
    findings: owners.flatMap((owner, at) => (stale[at] ? [told(document, owner, at)] : [])),
  };
}

function told(document: Document, owner: OwnerReference, at: number): Finding {
  const subject = subjectOf(document.object);
  const name = plain(`${owner.kind}/${owner.name}`, 200);
  const what = `${subject.object} names an owner that does not exist, ${name}; it is applied without it.`;
  return finding('manifest-invalid', what, {
    severity: 'warning',
    ...subject,
    ...placeOf(document, ['metadata', 'ownerReferences', at]),
    evidence: [
      plain(`uid ${owner.uid}: the garbage collector deletes an object whose owner is gone`, 300),
    ],
    hint: 'Remove metadata.ownerReferences from the manifest: an export from a cluster has it.',
  });
}

/** Certain only from an answer; a kind that is not served proves nothing about the owner. */
async function isStale(
  owner: OwnerReference,
  namespace: string | undefined,
  { api, signal }: Parameters<typeof withoutStaleOwners>[1],
): Promise<boolean> {
  const { apiVersion, kind, name, uid } = owner;
  if (![apiVersion, kind, name, uid].every((each) => typeof each === 'string')) return false;
  try {
    const resource = await api.resourceOf(apiVersion, kind);
    if (!resource) return false;
    // Kubernetes leaves alone what is cluster-wide and names an owner in a namespace.
    if (resource.namespaced && namespace === undefined) return false;
    const at = resource.namespaced ? namespace : undefined;
    const object = { apiVersion, kind, metadata: { name, ...(at ? { namespace: at } : {}) } };
    const live = await readOne({ resource, object, api, signal });
    return live?.metadata.uid !== uid;
  } catch (error) {
    if (error instanceof ActionError) return false;
    throw error;
  }
}
