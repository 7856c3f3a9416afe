// Whether an answer has the shape that it must have, looked at once, before anything reads it.
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

/** What we read of the head of an object, by Kubernetes' own types. */
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

/** An object of the API as far as we rely on it: its head. */
function isSoundObject(value: unknown): boolean {
  return isFields(value) && isSoundHead(value['metadata']) && text(value['metadata']['name']);
}

/** One that comes alone, or in a watch, says its kind as well; the items of a list do not. */
export function isWholeObject(value: unknown): boolean {
  if (!isFields(value) || ![value['apiVersion'], value['kind']].every(text)) return false;
  return isSoundObject(value) && !isTooDeep(value);
}

/** The deepest CRDs that are around have about 60 levels; the server takes ten thousand. */
const mostLevels = 200;

/** Nested beyond what anything that walks through it, or writes it, has a stack for. */
export const isTooDeep = (value: unknown): boolean => isDeeper(value, mostLevels);

/** False for a success whose body is none of what was asked for: a proxy's page, `null`, a list of numbers. */
export function isSoundAnswer(
  { status, body }: Pick<ApiResponse, 'status' | 'body'>,
  { path, method, accept }: Pick<ApiRequest, 'path' | 'method' | 'accept'>,
): boolean {
  // A log is text, whatever it calls itself.
  if (status < 200 || status > 299 || accept === '*/*') return true;
  if (!isFields(body)) return false;
  const target = targetOf(path);
  // What is deleted may answer with a Status in place of the object.
  const isSaid = method === 'DELETE' && body['kind'] === 'Status';
  if (!target || isSaid || target.resource.endsWith('reviews')) return true;
  if (!isSoundHead(fieldsAt(body, 'metadata'))) return false;
  if (method === 'GET' && target.name === undefined) return isSoundList(body);
  return target.subresource !== undefined || isWholeObject(body);
}

function isSoundList({ items }: Fields): boolean {
  return items === undefined || items === null || listOf(isSoundObject)(items);
}
