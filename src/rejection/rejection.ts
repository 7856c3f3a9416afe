// One object that the API rejected: where it was written, and the API's message made safe to show.
import { type Finding, finding } from '../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { clip } from '../core/text.ts';
import { type Document, placeOf } from '../kube/document.ts';
import { pathOfField } from '../kube/field-path.ts';
import { fieldsAt } from '../kube/json.ts';
import { type KubeObject, kindKey, nameOf } from '../kube/objects.ts';

export interface Refused {
  readonly document: Document;
  /** As it was sent. */
  readonly object: KubeObject;
  readonly live: KubeObject | undefined;
  readonly request: Pick<ApiRequest, 'method' | 'path'>;
  readonly response: ApiResponse;
}

/** Where a problem is: object, namespace, file, and the line of a field in the API's words. */
export function whereIs(refused: Pick<Refused, 'document' | 'object'>, field = '') {
  const { document, object } = refused;
  const { namespace } = object.metadata;
  const place = field
    ? placeOf(document, pathOfField(document.object, field))
    : { file: document.file, line: document.line };
  return {
    object: nameOf(object),
    ...(namespace ? { namespace } : {}),
    ...(document.file ? place : {}),
  };
}

/** `manifest-invalid` for one field, or for the object where the field is empty. */
export function invalidFinding(refused: Refused, field: string, said: string): Finding {
  const words = wordsOf(refused.object, said);
  const place = field ? ` at ${field}` : '';
  return finding('manifest-invalid', `${nameOf(refused.object)} is invalid${place}: ${words}.`, {
    ...whereIs(refused, field),
    evidence: [field ? `${field}: ${words}` : words],
  });
}

/** The API's message, long values cut; for a Secret, no value at all. */
export function wordsOf(object: KubeObject, message: string): string {
  const secret = kindKey(object) === 'Secret';
  const cut = message.replace(quoted, (_, head: string, value: string, tail: string) =>
    secret ? `${head}***${tail}` : `${head}${shortened(value)}${tail}`,
  );
  const words = secret ? withoutValues(object, cut.replace(/, got .*$/s, '')) : goValues(cut);
  return words.replace(/(?<![.\s])[.\s]+$/, '');
}

/** Policies and webhooks may quote the value that they reject. */
function withoutValues(secret: KubeObject, text: string): string {
  const encoded = Object.values(fieldsAt(secret, 'data')).filter(
    (each) => typeof each === 'string',
  );
  const values = encoded.flatMap((each) => [each, decoded(each)]);
  const longest = values.filter((each) => each.length > 3).toSorted((a, b) => b.length - a.length);
  return longest.reduce((shown, value) => shown.replaceAll(value, '***'), text);
}

/** Empty if it is not base64: the server has already reported that. */
function decoded(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof DOMException) return '';
    throw error;
  }
}

// Greedy on purpose: a value may hold colons, the reason after it does not.
const quoted = /((?:Invalid|Unsupported|Duplicate) value: )(.*)(: [^:]*)$/s;

function shortened(value: string): string {
  return value.length > 80 ? clip(value, 61) : value;
}

/** The server prints its own type: `got &value.valueUnstructured{Value:1}`. */
function goValues(text: string): string {
  return text.replace(/got &value\.valueUnstructured\{Value:(.*)\}/s, (_, value) => `got ${value}`);
}
