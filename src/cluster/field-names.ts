// "Did you mean": the field names that the API knows at a path, requested only after a misspelling.
import leven from 'leven';
import { type Fields, fieldsAt, isFields, listAt, textAt } from '../kube/json.ts';
import { groupOf, type KubeObject } from '../kube/objects.ts';
import { rootOf } from '../kube/paths.ts';
import type { Api } from './api.ts';

/** Limits of a field's path: anything longer is not a misspelt name. */
const longest = 1_024;

/**
 * The known name nearest to the last part of an unknown field's path (`spec.replcas`), with its
 * whole path. Undefined if none is near or the server does not publish its schema.
 */
export async function nearestField(
  object: Pick<KubeObject, 'apiVersion' | 'kind'>,
  field: string,
  api: Pick<Api, 'send'>,
): Promise<string | undefined> {
  if (field.length > longest) return undefined;
  const schemas = await schemasOf(object.apiVersion, api);
  const parts = partsOf(field);
  const written = parts.pop();
  if (!written) return undefined;
  const start = Object.values(schemas).find((schema) => isOfKind(schema, object));
  const parent = parts.reduce((schema, part) => inside(schema, part, schemas), start);
  const names = Object.keys(fieldsAt(resolved(parent, schemas), 'properties'));
  const [best] = names
    .filter((name) => name.length <= longest)
    .map((name) => ({ name, distance: leven(name.toLowerCase(), written.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(written.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return best && field.slice(0, field.length - written.length) + best.name;
}

async function schemasOf(apiVersion: string, api: Pick<Api, 'send'>): Promise<Fields> {
  const path = `/openapi/v3${rootOf(apiVersion)}`;
  const response = await api.send({ method: 'GET', path, accept: 'application/json' });
  return response.status === 200 ? fieldsAt(response.body, 'components', 'schemas') : {};
}

function isOfKind(schema: unknown, { apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>) {
  const version = apiVersion.split('/').at(-1);
  return listAt(schema, 'x-kubernetes-group-version-kind').some(
    (each) =>
      textAt(each, 'kind') === kind &&
      textAt(each, 'group') === groupOf(apiVersion) &&
      textAt(each, 'version') === version,
  );
}

/** `spec`, `containers`, `[]`: the text in brackets is irrelevant to a schema. */
function partsOf(field: string): string[] {
  return [...field.matchAll(/\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^.[\]]+/g)].map(([part]) =>
    part.startsWith('[') ? '[]' : part,
  );
}

function inside(schema: unknown, part: string, schemas: Fields): unknown {
  const here = resolved(schema, schemas);
  if (part === '[]') return fieldsAt(here, 'items');
  return fieldsAt(here, 'properties')[part] ?? fieldsAt(here)['additionalProperties'];
}

/** Follows `$ref`, alone or in an `allOf` of one. */
function resolved(schema: unknown, schemas: Fields): unknown {
  const [only] = listAt(schema, 'allOf');
  const reference = textAt(schema, '$ref') ?? textAt(only, '$ref');
  const name = reference?.split('/').at(-1);
  const target = name === undefined ? undefined : schemas[name];
  return isFields(target) ? target : schema;
}
