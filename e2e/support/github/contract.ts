// GitHub's published description of its API, as far as we use it: what is sent and answered fits it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly body?: Schema;
  readonly responses: Readonly<Record<string, Schema>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Description {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const path = join(import.meta.dirname, 'openapi.json');
const description = JSON.parse(readFileSync(path, 'utf8')) as Description;
// OpenAPI 3.0 is JSON Schema with `nullable`, which Ajv knows, and formats, which only tell.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'github', components: withNull(description.components) } as AnySchema);
const compiled = new Map<string, ValidateFunction>();

export interface Matched {
  readonly id: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The operation that a request is, and what its path names. */
export function operationOf(method: string, requested: string): Matched | undefined {
  for (const [id, operation] of Object.entries(description.operations)) {
    const pattern = operation.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(requested);
    if (operation.method === method && match) return { id, parameters: { ...match.groups } };
  }
  return undefined;
}

/** What is wrong with a request's body; fields that GitHub does not know are wrong, too. */
export function bodyProblems(id: string, body: unknown): readonly string[] {
  const schema = description.operations[id]?.body;
  if (!schema) return body === undefined ? [] : ['it takes no body'];
  const known = Object.keys(schema.properties ?? {});
  const unknown = Object.keys((body ?? {}) as object).filter((key) => !known.includes(key));
  return [...unknown.map((key) => `${key} is unknown`), ...problems(`${id} body`, schema, body)];
}

export function answerProblems(id: string, status: number, body: unknown): readonly string[] {
  const schema = description.operations[id]?.responses[String(status)];
  return schema ? problems(`${id} ${status}`, schema, body) : [`${status} is no answer of ${id}`];
}

function problems(key: string, schema: Schema, value: unknown): readonly string[] {
  let validate = compiled.get(key);
  if (!validate) {
    validate = ajv.compile({ $id: `github-${compiled.size}`, ...rooted(schema) } as AnySchema);
    compiled.set(key, validate);
  }
  validate(value);
  return (validate.errors ?? []).map((each) => `${key}${each.instancePath} ${each.message}`);
}

/** Ajv knows `nullable` only beside a `type`. */
function withNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNull);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, each]) => [key, withNull(each)] as const);
  const { nullable, ...rest } = Object.fromEntries(fields);
  if (nullable !== true || 'type' in rest) return Object.fromEntries(fields);
  return { anyOf: [rest, { enum: [null] }] };
}

/** References count from the description's own root. */
function rooted(schema: Schema): Schema {
  const text = JSON.stringify(withNull(schema)).replaceAll('"#/components', '"github#/components');
  return JSON.parse(text) as Schema;
}

/** The smallest value that a schema of the description allows: for everything that no test looks at. */
export function sample(name: string): Readonly<Record<string, unknown>> {
  return smallest({ $ref: `#/components/schemas/${name}` }) as Record<string, unknown>;
}

function smallest(schema: Schema): unknown {
  const { $ref, nullable, type, properties = {}, required = [] } = schema;
  if ($ref) return smallest(description.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {});
  if (nullable) return null;
  if (schema.enum) return schema.enum[0];
  const choice = schema.oneOf?.[0] ?? schema.anyOf?.[0];
  if (choice) return smallest(choice);
  if (type === 'object') {
    return Object.fromEntries(required.map((key) => [key, smallest(properties[key] ?? {})]));
  }
  if (type === 'array') return [];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return false;
  return schema.format === 'date-time' ? '2026-11-27T12:00:00Z' : 'https://api.github.com/x';
}
