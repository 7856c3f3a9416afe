// API paths and queries, built and parsed by functions instead of string concatenation.
import type { Resource } from './resource.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface PathParts {
  /** Absent: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string | undefined;
  readonly name?: string;
  readonly subresource?: string;
  /** Undefined values are left out. */
  readonly query?: Query;
}

/** The parts of a path; `resource` is the plural. */
export interface PathTarget {
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `/apis/apps/v1` or `/api/v1`. */
export function rootOf(apiVersion: string): string {
  const parts = apiVersion.split('/').map(segment).join('/');
  return apiVersion.includes('/') ? `/apis/${parts}` : `/api/${parts}`;
}

/** The path of an object or a list, percent-encoded. The namespace is ignored for cluster-scoped kinds. */
export function pathOf(
  resource: Pick<Resource, 'apiVersion' | 'plural' | 'namespaced'>,
  parts: PathParts = {},
): string {
  const { namespace, name, subresource, query } = parts;
  const segments = [
    ...(resource.namespaced && namespace !== undefined ? ['namespaces', segment(namespace)] : []),
    segment(resource.plural),
    ...(name === undefined ? [] : [segment(name)]),
    ...(subresource === undefined ? [] : [segment(subresource)]),
  ];
  return withQuery(`${rootOf(resource.apiVersion)}/${segments.join('/')}`, query ?? {});
}

/** Adds a query to a path that has none yet. */
export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** Parses a path, for messages. Undefined if it is not the path of a resource. */
export function targetOf(path: string): PathTarget | undefined {
  const [plain = ''] = path.split('?');
  const parts = plain.split('/').slice(1).map(decodeURIComponent);
  const [root, second = '', , ...named] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const rest = root === 'api' ? parts.slice(2) : named;
  const group = root === 'api' ? '' : second;
  const inside = rest[0] === 'namespaces' && rest.length > 2;
  const [resource, name, subresource] = inside ? rest.slice(2) : rest;
  const namespace = inside ? rest[1] : undefined;
  if (!resource) return undefined;
  return {
    group,
    resource,
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(subresource ? { subresource } : {}),
  };
}

// A proxy in between would normalise `.` and `..`; the `:` of RBAC names is encoded too.
function segment(text: string): string {
  return /^\.{1,2}$/.test(text) ? text.replaceAll('.', '%2E') : encodeURIComponent(text);
}
