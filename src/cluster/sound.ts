// Whether an answer has the required shape, checked once, before anything reads it.
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { type Fields, fieldsAt, isDeeper, isFields } from '../kube/json.ts';
import { targetOf } from '../kube/paths.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const texts: Check = (value) => isFields(value) && Object.values(value).every(text);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** The metadata fields that we read, by Kubernetes' own types. */
const head: Readonly<Record<string, Check>> = {
  name: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  creationTimestamp: text,
  deletionTimestamp: text,
  continue: text,
  generation: (value) => typeof value === 'number',
  labels: texts,
  annotations: texts,
  finalizers: listOf(text),
  managedFields: listOf(isFields),
  ownerReferences: listOf(
    (owner) =>
      isFields(owner) &&
      [owner['apiVersion'], owner['kind'], owner['name'], owner['uid']].every(text),
  ),
};

function isSoundHead(metadata: unknown): metadata is Fields {
  if (!isFields(metadata)) return false;
  return Object.entries(head).every(([key, check]) => {
    const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    return value === undefined || value === null || check(value);
  });
}

/** Whether the part of an API object that we rely on is valid: its metadata. */
function isSoundObject(value: unknown): boolean {
  return isFields(value) && isSoundHead(value['metadata']) && text(value['metadata']['name']);
}

/** A single object, or one in a watch, also has its kind; the items of a list do not. */
export function isWholeObject(value: unknown): boolean {
  if (!isFields(value) || ![value['apiVersion'], value['kind']].every(text)) return false;
  return isSoundObject(value) && !isTooDeep(value);
}

/** The deepest known CRDs have about 60 levels; the server accepts ten thousand. */
const mostLevels = 200;

/** Nested so deep that walking or serialising it would overflow the stack. */
export const isTooDeep = (value: unknown): boolean => isDeeper(value, mostLevels);

/** False for a success whose body is not what was requested: a proxy's page, `null`, a list of numbers. */
export function isSoundAnswer(
  { status, body }: Pick<ApiResponse, 'status' | 'body'>,
  { path, method, accept }: Pick<ApiRequest, 'path' | 'method' | 'accept'>,
): boolean {
  // A log is text, whatever it calls itself.
  if (status < 200 || status > 299 || accept === '*/*') return true;
  if (!isFields(body)) return false;
  const target = targetOf(path);
  // A DELETE may answer with a Status in place of the object.
  const isSaid = method === 'DELETE' && body['kind'] === 'Status';
  if (!target || isSaid || target.resource.endsWith('reviews')) return true;
  if (!isSoundHead(fieldsAt(body, 'metadata'))) return false;
  if (method === 'GET' && target.name === undefined) return isSoundList(body);
  return target.subresource !== undefined || isWholeObject(body);
}

function isSoundList({ items }: Fields): boolean {
  return items === undefined || items === null || listOf(isSoundObject)(items);
}
