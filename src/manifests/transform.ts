// Documents as written → documents to send: variables, images, secrets, labels, in this order.
import { type Finding, finding } from '../core/errors.ts';
import { clip, oneLine } from '../core/text.ts';
import { containerImages } from '../images/containers.ts';
import { parseReference } from '../images/reference.ts';
import { invalidImages, setImages, unmatchedImages } from '../images/set-images.ts';
import { type Document, findDuplicates, placeOf, subjectOf } from '../kube/document.ts';
import { withValueAt } from '../kube/json.ts';
import { isBuiltIn } from '../kube/kinds.ts';
import { labelValue } from '../kube/objects.ts';
import { patienceFindings, ruleFindings } from './annotations.ts';
import { withoutHelmHooks } from './helm-hooks.ts';
import { phaseFindings } from './phases.ts';
import type { SecretValue } from './secrets.ts';
import { secretDocuments } from './secrets.ts';
import { fillVariables, type Variables } from './variables.ts';

export interface TransformOptions {
  readonly app: string;
  readonly variables: Variables;
  /** name → reference. */
  readonly images: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretValue[];
  /** The namespace of objects that name none, if already known. */
  readonly namespace?: string;
}

export interface Transformed {
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

/**
 * Everything that needs no cluster. The namespace of objects that name none is set when they are sent, since
 * only the server knows which kinds have one.
 */
export function transform(documents: readonly Document[], options: TransformOptions): Transformed {
  const { documents: own, findings: hooks } = withoutHelmHooks(documents);
  const filled = fillVariables(own, options.variables);
  const imaged = applyImages(filled.documents, options.images);
  // Duplicates in the text were found by the parser; this finds names that became equal through variables.
  const doubled = findDuplicates(own).length > 0 ? [] : findDuplicates(imaged.documents);
  const kept = secretDocuments(options.secrets, imaged.documents, options.namespace);
  return {
    documents: setLabels(kept.documents, options.app),
    findings: [
      ...hooks,
      ...filled.findings,
      ...imaged.findings,
      ...doubled,
      ...kept.findings,
      ...patienceFindings(kept.documents),
      ...phaseFindings(kept.documents),
      ...ruleFindings(kept.documents),
    ],
  };
}

function applyImages(
  documents: readonly Document[],
  images: Readonly<Record<string, string>>,
): Transformed {
  const set = setImages(
    documents.map((document) => document.object),
    images,
  );
  const changed = documents.map((document, index) =>
    withObject(document, set.objects[index] ?? document.object),
  );
  return {
    documents: changed,
    findings: [
      ...invalidImages(images),
      ...unmatchedImages(images, set),
      ...changed.flatMap(malformedImages),
    ],
  };
}

/** Malformed images. One with an unfilled variable already has its own finding. */
function malformedImages(document: Document): readonly Finding[] {
  const { object } = document;
  if (!isBuiltIn(object)) return [];
  return containerImages(object)
    .filter(({ image }) => !image.includes('${') && parseReference(image) === undefined)
    .map(({ image, container, path }) => {
      const subject = subjectOf(object);
      const name = clip(oneLine(container), 80);
      const what = `The image of container ${name} in ${subject.object} is malformed.`;
      return finding('image-name-invalid', what, {
        ...subject,
        container: name,
        ...placeOf(document, path),
        evidence: [clip(oneLine(image), 300)],
      });
    });
}

function withObject(document: Document, object: Document['object']): Document {
  return object === document.object ? document : { ...document, object };
}

/** Sets the managed-by and part-of labels, if unset, on the object's own metadata only. */
export function setLabels(documents: readonly Document[], app: string): readonly Document[] {
  const ours = {
    'app.kubernetes.io/managed-by': 'webgen-deploy',
    'app.kubernetes.io/part-of': labelValue(app),
  };
  return documents.map((document) => {
    const { labels = {} } = document.object.metadata;
    const missing = Object.entries(ours).filter(([key]) => !Object.hasOwn(labels, key));
    if (missing.length === 0) return document;
    const all = { ...labels, ...Object.fromEntries(missing) };
    return withObject(document, withValueAt(document.object, ['metadata', 'labels'], all));
  });
}
