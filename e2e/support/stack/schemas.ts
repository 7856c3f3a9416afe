// What kubeconform compares with: the shapes that the test's own API server publishes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCluster } from '../cluster/cluster.ts';

/** A JSON schema for each kind, out of what the API server publishes of each group (OpenAPI 3). */
export async function writeSchemas(cluster: TestCluster, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { body } = await cluster.api({ path: '/openapi/v3' });
  const paths = Object.entries(body.paths as Record<string, { serverRelativeURL: string }>);
  for (const [path, { serverRelativeURL }] of paths.filter(([key]) =>
    /^apis?\/(.+\/)?v\d/.test(key),
  )) {
    const group = /^apis\/([^/]+)\//.exec(path)?.[1] ?? '';
    const document = (await cluster.api({ path: serverRelativeURL })).body;
    await writeKinds(folder, group.split('.')[0] ?? '', document.components);
  }
}

interface Schema {
  readonly 'x-kubernetes-group-version-kind'?: readonly { version: string; kind: string }[];
}

async function writeKinds(
  folder: string,
  group: string,
  components: { schemas: Record<string, Schema> },
) {
  const strict = closed(components);
  for (const [name, schema] of Object.entries(components.schemas ?? {})) {
    for (const { kind, version } of schema['x-kubernetes-group-version-kind'] ?? []) {
      const text = JSON.stringify({ $ref: `#/components/schemas/${name}`, components: strict });
      // kubeconform's own names: `deployment-apps-v1.json`, `service-v1.json`.
      const suffix = [group, version].filter((part) => part !== '').join('-');
      const file = `${kind.toLowerCase()}-${suffix}.json`;
      await writeFile(join(folder, file), text);
    }
  }
}

/**
 * What has properties has no others: the server refuses them too (`fieldValidation=Strict`), and
 * kubeconform's own `-strict` only asks for schemas that say so.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.entries(schema).map(([key, each]) => [key, closed(each)]);
  const isOpen = 'additionalProperties' in schema || PRESERVE in schema;
  const isObject = 'properties' in schema && 'type' in schema && schema.type === 'object';
  const end = isObject && !isOpen ? [['additionalProperties', false]] : [];
  return Object.fromEntries([...inner, ...end]);
}

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
