// The objects in an answer, held against what the API promises of every object: a proxy, a gateway or
// an aggregated server may answer with anything.
import { ActionError, type Finding, finding } from '../errors.ts';
import { isFields } from '../manifests/values.ts';
import type { ApiRequest, ApiResponse } from '../ports.ts';
import type { KubeObject } from './objects.ts';

type Asked = Pick<ApiRequest, 'method' | 'path'>;

/** The object that an answer holds. Throws ActionError `api-error` where it holds none. */
export function objectIn({ body }: Pick<ApiResponse, 'body'>, request: Asked): KubeObject {
  if (isSoundObject(body)) return body;
  throw new ActionError(unsound(request, 'an object'));
}

/** `api-error`: an answer that is not `what` the API promises. */
export function unsound({ method, path }: Asked, what: string): Finding {
  const [place = ''] = path.split('?');
  return finding(
    'api-error',
    `The API answered ${method} ${place} with something else than ${what}.`,
    {
      hint: 'Look at what stands between: a proxy or gateway, or the API service that serves the kind.',
    },
  );
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => isFields(value) && Object.values(value).every(isText);
const isListOf = (value: unknown, check: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(check);

const isOwner = (value: unknown): boolean =>
  isFields(value) &&
  [value['apiVersion'], value['kind'], value['name'], value['uid']].every(isText);

const isManager = (value: unknown): boolean =>
  isFields(value) &&
  ['manager', 'operation', 'apiVersion', 'subresource', 'time'].every((key) =>
    isAbsentOr(value[key], isText),
  ) &&
  isAbsentOr(value['fieldsV1'], isFields);

const isAbsentOr = (value: unknown, check: (value: unknown) => boolean): boolean =>
  value === undefined || value === null || check(value);

/** What is absent may be; what is there has its type. */
const metadataFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  namespace: isText,
  uid: isText,
  generation: (value) => typeof value === 'number',
  resourceVersion: isText,
  creationTimestamp: isText,
  deletionTimestamp: isText,
  labels: isTexts,
  annotations: isTexts,
  ownerReferences: (value) => isListOf(value, isOwner),
  managedFields: (value) => isListOf(value, isManager),
  finalizers: (value) => isListOf(value, isText),
};

const checks = Object.entries(metadataFields);

/** True where the head of it is an object's head; `spec` and `status` are their kind's business. */
export function isSoundObject(value: unknown): value is KubeObject {
  if (!isFields(value) || !isText(value['apiVersion']) || !isText(value['kind'])) return false;
  const { metadata } = value;
  if (!isFields(metadata) || !isText(metadata['name'])) return false;
  return checks.every(([key, check]) => isAbsentOr(metadata[key], check));
}
