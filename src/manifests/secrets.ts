// The `secrets` input as documents, and Secrets of manifests made fit for server-side apply.

import { type Finding, finding } from '../core/errors.ts';
import { reveal, Secret } from '../core/secret.ts';
import { base64 } from '../core/text.ts';
import { type Document, type Path, placeOf, secretsInput, subjectOf } from '../kube/document.ts';
import { type Fields, isFields } from '../kube/json.ts';
import { type KubeObject, kindKey } from '../kube/objects.ts';

export interface WithSecrets {
  readonly documents: readonly Document[];
  readonly findings: readonly Finding[];
}

/**
 * Adds the values: to the Secret of that name where the manifests have one (in the namespace that
 * they are meant for), else as new Opaque Secrets without a namespace, to be filled in like any
 * other. Base64 values stay wrapped as `Secret`; only the cluster's connection unwraps them. Every
 * `stringData` becomes `data`. A key that is in both is `input-invalid`.
 */
export function secretDocuments(
  values: readonly SecretValue[],
  documents: readonly Document[],
  namespace?: string,
): WithSecrets {
  const byName = Map.groupBy(values, (value) => value.secret);
  const findings: Finding[] = [];
  const owned = documents.map((document) => {
    if (kindKey(document.object) !== 'Secret') return document;
    const plain = withoutStringData(document);
    const { metadata } = plain.object;
    const mine = metadata.namespace === undefined || metadata.namespace === namespace;
    const more = mine ? byName.get(metadata.name) : undefined;
    if (!more) return plain;
    byName.delete(metadata.name);
    const merged = merge(plain, more);
    findings.push(...merged.findings);
    return merged.document;
  });
  const made = [...byName].map(([name, keys]) => newSecret(name, keys));
  return { documents: [...owned, ...made], findings };
}

function merge(document: Document, values: readonly SecretValue[]) {
  const { object } = document;
  const data = dataOf(object);
  const findings = values
    .filter(({ key }) => Object.hasOwn(data, key))
    .map(({ key }) => {
      const subject = subjectOf(object);
      const what = `The key ${key} of ${subject.object} is in the manifests and in the input secrets.`;
      return finding('input-invalid', what, {
        ...subject,
        ...placeOf(document, ['data', key]),
        hint: `Remove ${key} from the manifest, or the line ${object.metadata.name}/${key}=… from secrets.`,
      });
    });
  const changed: KubeObject = { ...object, data: { ...data, ...encoded(values) } };
  return { document: { ...document, object: changed, fromInput: true as const }, findings };
}

function newSecret(name: string, values: readonly SecretValue[]): Document {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type: 'Opaque',
    data: encoded(values),
  };
  return { object, file: secretsInput, line: 1, lineOf: () => 1, fromInput: true };
}

function encoded(values: readonly SecretValue[]): Fields {
  return Object.fromEntries(
    values.map(({ key, value }) => [key, new Secret(base64(reveal(value)))]),
  );
}

function dataOf(object: KubeObject): Fields {
  const { data } = object;
  return isFields(data) ? data : {};
}

/**
 * Under server-side apply a key that is taken out of `stringData` would stay in the live `data`, so
 * `stringData` is never sent: https://github.com/kubernetes/kubernetes/issues/108008
 */
function withoutStringData(document: Document): Document {
  const { stringData, ...object } = document.object;
  // Anything but texts stays, for the server to refuse with the field's name.
  const texts = isFields(stringData) ? Object.entries(stringData) : [];
  if (texts.length === 0 || texts.some(([, text]) => typeof text !== 'string')) return document;
  // As on the server, stringData wins over data.
  const more = Object.fromEntries(texts.map(([key, text]) => [key, base64(String(text))]));
  const data = { ...dataOf(document.object), ...more };
  const written = (path: Path): Path =>
    path[0] === 'data' && Object.hasOwn(more, path[1] ?? '')
      ? ['stringData', ...path.slice(1)]
      : path;
  const { placeOf: place } = document;
  return {
    ...document,
    object: { ...object, data } as KubeObject,
    lineOf: (path) => document.lineOf(written(path)),
    ...(place ? { placeOf: (path: Path) => place(written(path)) } : {}),
  };
}

export interface SecretValue {
  readonly secret: string;
  readonly key: string;
  readonly value: Secret;
}
