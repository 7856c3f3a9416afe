// A Kubernetes object as we use it: raw JSON with typed metadata.

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedField[];
  readonly finalizers?: readonly string[];
}

export interface ManagedField {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Json;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** Without managedFields, which are nearly half of a pod's bytes. */
export function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The types of `@kubernetes/client-node` as raw JSON, where times are RFC 3339 texts. */
export type Raw<T> = T extends Date
  ? string
  : T extends object
    ? { readonly [K in keyof T]: Raw<T[K]> }
    : T;

/** `Deployment/backend`: how every message names an object. */
export function nameOf(object: KubeObject): string {
  return `${object.kind}/${object.metadata.name}`;
}

/** `apps` for `apps/v1`, empty for `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `apps/Deployment`, `Pod`: the key of every table by kind; the version does not matter. */
export function kindKey(object: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  const group = groupOf(object.apiVersion);
  return group ? `${group}/${object.kind}` : object.kind;
}

/** One object's identity in the cluster across API versions. */
export function identityOf(object: KubeObject): string {
  return `${kindKey(object)}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** At most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends. */
export function labelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, '');
}
