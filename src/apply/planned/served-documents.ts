// Gives every document its resource and its namespace; reports the kinds that the cluster does not serve.

import type { Api } from '../../cluster/api.ts';
import { nearestKind } from '../../cluster/discovery.ts';
import { type Finding, finding } from '../../core/errors.ts';
import { counted } from '../../core/text.ts';
import { type Document, findDuplicates, placeOf } from '../../kube/document.ts';
import { fieldsAt, listAt, textAt } from '../../kube/json.ts';
import { groupOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';

export interface ServedDocument {
  /** Its object with its target namespace; cluster-scoped kinds have none. */
  readonly document: Document;
  readonly resource: Resource;
  /** Its kind is served only after this run has made its CRD. */
  readonly pending: boolean;
  /** Its CRD, if that is in the same set and may bring a new schema. */
  readonly definition?: Document;
}

export interface Served {
  readonly served: readonly ServedDocument[];
  readonly findings: readonly Finding[];
}

/** `namespace`: for objects that name none. Problems: `kind-unknown`, `input-invalid`. */
export async function serveDocuments(
  documents: readonly Document[],
  api: Api,
  namespace: string | undefined,
): Promise<Served> {
  const defined = documents.flatMap((definition) =>
    resourcesOfDefinition(definition.object).map((resource) => ({ definition, resource })),
  );
  const found = await Promise.all(
    documents.map(async (document): Promise<ServedDocument | Finding | Homeless> => {
      const { apiVersion, kind } = document.object;
      const here = defined.find(
        ({ resource }) => resource.apiVersion === apiVersion && resource.kind === kind,
      );
      const known = await api.resourceOf(apiVersion, kind);
      const resource = known ?? here?.resource;
      if (!resource) return unknownKind(document, api);
      const object = placed(document.object, resource, namespace);
      if (!object) return { homeless: document };
      const pending = !known;
      const definition = here ? { definition: here.definition } : {};
      return { document: { ...document, object }, resource, pending, ...definition };
    }),
  );
  const served = found.filter((each) => 'document' in each);
  const placedDocuments = served.map(({ document }) => document);
  const before = findDuplicates(documents).length;
  const doubled = before > 0 ? [] : findDuplicates(placedDocuments);
  const lost = found.flatMap((each) => ('homeless' in each ? [each.homeless] : []));
  const unknown = found.filter((each) => 'code' in each);
  return { served, findings: [...unknown, ...homeless(lost), ...doubled] };
}

interface Homeless {
  readonly homeless: Document;
}

/** The kinds that a CRD will serve, by each of its served versions. */
export function resourcesOfDefinition(object: KubeObject): readonly Resource[] {
  if (kindKey(object) !== 'apiextensions.k8s.io/CustomResourceDefinition') return [];
  const group = textAt(object, 'spec', 'group') ?? '';
  const kind = textAt(object, 'spec', 'names', 'kind') ?? '';
  const plural = textAt(object, 'spec', 'names', 'plural') ?? '';
  const namespaced = textAt(object, 'spec', 'scope') === 'Namespaced';
  return listAt(object, 'spec', 'versions').flatMap((version) => {
    const name = textAt(version, 'name');
    const { served } = fieldsAt(version);
    return name && served !== false
      ? [{ apiVersion: `${group}/${name}`, kind, plural, namespaced }]
      : [];
  });
}

function placed(
  object: KubeObject,
  resource: Resource,
  fallback: string | undefined,
): KubeObject | undefined {
  const { namespace: written, ...metadata } = object.metadata;
  if (!resource.namespaced) return { ...object, metadata };
  const namespace = written ?? fallback;
  return namespace ? { ...object, metadata: { ...metadata, namespace } } : undefined;
}

async function unknownKind(document: Document, api: Api): Promise<Finding> {
  const { apiVersion, kind } = document.object;
  const near = await nearestKind(api, apiVersion, kind);
  const group = groupOf(apiVersion);
  const hint = near ? `Did you mean ${near.kind} in ${near.apiVersion}?` : undefined;
  return finding('kind-unknown', `The cluster serves no kind ${kind} in ${apiVersion}.`, {
    object: nameOf(document.object),
    ...(document.file ? placeOf(document, ['kind']) : {}),
    ...(hint ? { hint } : {}),
    evidence: group ? [`${group} is not a group of this cluster, or has no ${kind}.`] : [],
  });
}

/** One finding, however many objects are affected. */
function homeless(documents: readonly Document[]): readonly Finding[] {
  const [first, ...more] = documents;
  if (!first) return [];
  const name = nameOf(first.object);
  const who =
    more.length > 0 ? `${name} and ${counted(more.length, 'more object')} name` : `${name} names`;
  const hint = 'Set the namespace input, or metadata.namespace in the manifest.';
  return [
    finding('input-invalid', `${who} no namespace, and neither does the run.`, {
      object: name,
      ...(first.file ? { file: first.file, line: first.line } : {}),
      evidence: more.map(({ object, file, line }) => `${nameOf(object)} at ${file}:${line}`),
      hint,
    }),
  ];
}
