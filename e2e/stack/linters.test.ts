// What linters say of manifests, rules and Dockerfiles: nothing above the exceptions that are written down.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { startCluster, type TestCluster } from '../cluster/cluster.ts';
import { exec } from '../cluster/exec.ts';
import { provideTool, type Tool } from '../tools/tools.ts';
import { provideCheckov } from './checkov.ts';
import { operatorKinds } from './crds.ts';
import { componentNames, copyStack, type Stack } from './manifests.ts';

const ROOT = join(import.meta.dirname, '..', '..');
let folder = '';
let cluster: TestCluster;
const stacks: Stack[] = [];
/** Everything an overlay can be: by itself, with all components, with the legacy balancer. */
const rendered: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgen-lint-'));
  cluster = await startCluster({ kind: 'kwok' });
  const kinds = await operatorKinds();
  if ('missing' in kinds) throw new Error(kinds.missing);
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], kinds.yaml);
  const all = (await componentNames()).filter((name) => name !== 'legacy-alb');
  for (const [name, components] of Object.entries({ base: [], all, legacy: ['legacy-alb'] })) {
    const stack = await copyStack(components);
    stacks.push(stack);
    for (const overlay of ['production', 'staging']) {
      rendered[`${overlay}-${name}`] = await stack.render(`overlays/${overlay}`);
      rendered[`bootstrap-${overlay}`] = await stack.render(`bootstrap/${overlay}`);
    }
    rendered['restore'] = await stack.render('jobs/restore');
  }
}, 900_000);

afterAll(async () => {
  await cluster?.stop();
  for (const stack of stacks) await stack.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The action says the images of the application. */
const asDeployed = (text: string) =>
  text.replace(/image: (backend|frontend)$/gm, 'image: registry.example/$1:1.0.0');

async function tool(name: Tool): Promise<string> {
  const provided = await provideTool(name);
  if ('missing' in provided) throw new Error(provided.missing);
  return provided.path;
}

/** Exit code 0 and nothing to say for it. */
async function quiet(command: string, args: readonly string[], stdin = ''): Promise<void> {
  const { code, stdout, stderr } = await exec(command, args, { cwd: ROOT, stdin });
  expect({ code, text: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, text: '' });
}

describe('the stack', () => {
  test('kubeconform: every object has the shape that the API server itself publishes', async () => {
    const program = await tool('kubeconform');
    await writeSchemas();
    const location = join(folder, 'schemas', '{{.ResourceKind}}{{.KindSuffix}}.json');
    for (const text of Object.values(rendered)) {
      await quiet(program, ['-strict', '-schema-location', location, '-'], text);
    }
  }, 300_000);

  test('kube-score: nothing critical beyond what the objects say themselves', async () => {
    const program = await tool('kube-score');
    // The Job of a hand-made restore brings neither Service nor policy of its own.
    for (const [name, text] of Object.entries(rendered)) {
      if (/restore|bootstrap/.test(name)) continue;
      await quiet(program, ['score', '--output-format', 'ci', '-'], asDeployed(text));
    }
  }, 300_000);

  test('checkov: nothing beyond the exceptions of manifests/.checkov.yaml', async () => {
    const program = await provideCheckov();
    const files = join(folder, 'checkov');
    await mkdir(files);
    for (const [name, text] of Object.entries(rendered)) {
      await writeFile(join(files, `${name}.yaml`), asDeployed(text));
    }
    for (const name of ['backend', 'frontend']) {
      const source = join(ROOT, 'example', name, 'Dockerfile');
      await writeFile(join(files, `Dockerfile.${name}`), await readFile(source));
    }
    const config = join(ROOT, 'manifests', '.checkov.yaml');
    const frameworks = ['--framework', 'kubernetes', 'dockerfile'];
    const args = ['--directory', files, ...frameworks, '--compact', '--quiet', '--skip-download'];
    await quiet(program, [...args, '--config-file', config]);
  }, 900_000);

  test('every image has its digest, but for those of which none could be read', () => {
    const images = Object.values(rendered).flatMap((text) => text.match(/image: \S+/g) ?? []);
    const plain = images
      .map((image) => image.slice(7))
      .filter((image) => !image.includes('@sha256:'));
    expect([...new Set(plain)].sort()).toEqual([
      'backend',
      'frontend',
      'rclone/rclone:1.71',
      'redis:8-alpine',
    ]);
  });

  test('hadolint: the Dockerfiles', async () => {
    const files = ['backend', 'frontend'].map((name) => `example/${name}/Dockerfile`);
    await quiet(await tool('hadolint'), ['--failure-threshold', 'style', ...files]);
  }, 120_000);

  test('shellcheck: every script', async () => {
    const scripts = [
      'example/scripts/local-dev.sh',
      'example/scripts/deploy-k8s.sh',
      'example/scripts/database.sh',
      'manifests/base/scripts/backup.sh',
      'manifests/base/scripts/restore.sh',
      'manifests/components/object-storage-backup/upload.sh',
      'manifests/components/postgres-replication/start-replica.sh',
      'e2e/stack/bases/postgres/entrypoint.sh',
    ];
    await quiet(await tool('shellcheck'), ['--color=never', ...scripts]);
  }, 120_000);

  test('promtool: the alert rules, and when each fires', async () => {
    const program = await tool('promtool');
    const source = join(ROOT, 'manifests', 'components', 'monitoring');
    const rule = parse(await readFile(join(source, 'rules.yaml'), 'utf8'));
    await writeFile(join(folder, 'rules.groups.yaml'), stringify(rule.spec));
    await writeFile(
      join(folder, 'rules.test.yaml'),
      await readFile(join(source, 'rules.test.yaml')),
    );
    await quiet(program, ['check', 'rules', '--lint-fatal', join(folder, 'rules.groups.yaml')]);
    await quiet(program, ['test', 'rules', join(folder, 'rules.test.yaml')]);
  }, 1_200_000);
});

/** A JSON schema for each kind, out of what the API server publishes of each group (OpenAPI 3). */
async function writeSchemas(): Promise<void> {
  await mkdir(join(folder, 'schemas'), { recursive: true });
  const { body } = await cluster.api({ path: '/openapi/v3' });
  const paths = Object.entries(body.paths as Record<string, { serverRelativeURL: string }>);
  for (const [path, { serverRelativeURL }] of paths.filter(([key]) =>
    /^apis?\/(.+\/)?v\d/.test(key),
  )) {
    const group = /^apis\/([^/]+)\//.exec(path)?.[1] ?? '';
    const document = (await cluster.api({ path: serverRelativeURL })).body;
    await writeKinds(group.split('.')[0] ?? '', document.components);
  }
}

interface Schema {
  readonly 'x-kubernetes-group-version-kind'?: readonly { version: string; kind: string }[];
}

async function writeKinds(group: string, components: { schemas: Record<string, Schema> }) {
  for (const [name, schema] of Object.entries(components.schemas ?? {})) {
    for (const { kind, version } of schema['x-kubernetes-group-version-kind'] ?? []) {
      const text = JSON.stringify({ $ref: `#/components/schemas/${name}`, components });
      // kubeconform's own names: `deployment-apps-v1.json`, `service-v1.json`.
      const suffix = [group, version].filter((part) => part !== '').join('-');
      const file = `${kind.toLowerCase()}-${suffix}.json`;
      await writeFile(join(folder, 'schemas', file), text);
    }
  }
}
