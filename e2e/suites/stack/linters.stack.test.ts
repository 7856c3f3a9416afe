// What linters say of manifests, rules and Dockerfiles: nothing above the exceptions that are written down.
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { startCluster, type TestCluster } from '../../support/cluster/cluster.ts';
import { exec } from '../../support/cluster/exec.ts';
import { provideCheckov } from '../../support/stack/checkov.ts';
import { operatorKinds } from '../../support/stack/crds.ts';
import { componentNames, copyStack, type Stack } from '../../support/stack/manifests.ts';
import { writeSchemas } from '../../support/stack/schemas.ts';
import { findProgram, type Provided, provideTool } from '../../support/tools/tools.ts';
import { findTrivy, noTrivy } from '../../support/tools/trivy.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const tools = {
  kubeconform: await provideTool('kubeconform'),
  'kube-score': await provideTool('kube-score'),
  hadolint: await provideTool('hadolint'),
  shellcheck: await provideTool('shellcheck'),
  checkov: await provideCheckov(),
  promtool: await provideTool('promtool'),
};

const trivy = await findTrivy();

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
    // As `make restore-db` sends it: into the namespace of its environment.
    const restore = await stack.render('jobs/restore');
    const named = '  name: postgres-restore\n';
    rendered['restore'] = restore.replace(named, `${named}  namespace: ai-creatives\n`);
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

/** A test that runs where its program can be had, and is skipped with the reason where it cannot. */
function lint(name: string, tool: Provided, work: (program: string) => Promise<void>): void {
  if ('missing' in tool) {
    console.warn(`skipped: ${name}: ${tool.missing}`);
    test.skip(name, () => undefined);
  } else test(name, () => work(tool.path), 900_000);
}

/** Exit code 0 and nothing to say for it. */
async function quiet(command: string, args: readonly string[], stdin = ''): Promise<void> {
  const { code, stdout, stderr } = await exec(command, args, { cwd: ROOT, stdin });
  expect({ code, text: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, text: '' });
}

/** It has something to say, and its exit code says so. */
async function loud(command: string, args: readonly string[], stdin = ''): Promise<void> {
  const { code } = await exec(command, args, { cwd: ROOT, stdin });
  expect([command, code === 0]).toEqual([command, false]);
}

describe('the stack', () => {
  const shapes = 'kubeconform: every object has the shape that the API server itself publishes';
  lint(shapes, tools.kubeconform, async (program) => {
    await writeSchemas(cluster, join(folder, 'schemas'));
    const location = join(folder, 'schemas', '{{.ResourceKind}}{{.KindSuffix}}.json');
    const args = ['-strict', '-schema-location', location, '-'];
    for (const text of Object.values(rendered)) await quiet(program, args, text);
    await loud(program, args, insecure.replace('spec:', 'spce:'));
  });

  const score = 'kube-score: nothing critical beyond what the objects say themselves';
  lint(score, tools['kube-score'], async (program) => {
    const args = ['score', '--output-format', 'ci', '-'];
    // The Job of a hand-made restore brings neither Service nor policy of its own.
    for (const [name, text] of Object.entries(rendered)) {
      if (!/restore|bootstrap/.test(name)) await quiet(program, args, asDeployed(text));
    }
    await loud(program, args, insecure);
  });

  const config = 'trivy config: nothing beyond the exceptions of manifests/.trivyignore.yaml';
  lint(config, trivy ? { path: trivy } : { missing: noTrivy }, async (program) => {
    const ignored = ['--ignorefile', join(ROOT, 'manifests', '.trivyignore.yaml')];
    const args = ['config', '--skip-check-update', '--quiet', '--exit-code', '1', ...ignored];
    await quiet(program, [...args, await files('trivy')]);
    await loud(program, [...args, await bad('trivy')]);
  });

  const linter = 'kube-linter: nothing beyond what the objects say themselves';
  lint(linter, findProgram('kube-linter', 'KUBE_LINTER'), async (program) => {
    // The objects of the bootstrap and of the restore belong to those of the overlay.
    const all = ['production-all', 'bootstrap-production', 'restore'].map((name) => rendered[name]);
    await quiet(program, ['lint', '-'], asDeployed(all.join('\n---\n')));
    await loud(program, ['lint', '-'], insecure);
  });

  const checkov = 'checkov: nothing beyond the exceptions of manifests/.checkov.yaml';
  lint(checkov, tools.checkov, async (program) => {
    const config = ['--config-file', join(ROOT, 'manifests', '.checkov.yaml'), '--skip-download'];
    const args = ['--framework', 'kubernetes', 'dockerfile', '--compact', '--quiet', ...config];
    await quiet(program, [...args, '--directory', await files('checkov')]);
    await loud(program, [...args, '--directory', await bad('checkov')]);
  });

  test('every image has its digest, but for those of which none could be read', () => {
    const images = Object.values(rendered).flatMap((text) => text.match(/image: \S+/g) ?? []);
    const plain = images
      .map((image) => image.slice(7))
      .filter((image) => !image.includes('@sha256:'));
    expect([...new Set(plain)].sort()).toEqual(['backend', 'frontend', 'rclone/rclone:1.75.1']);
  });

  lint('hadolint: the Dockerfiles', tools.hadolint, async (program) => {
    const dockerfiles = ['backend', 'frontend'].map((name) => `example/${name}/Dockerfile`);
    await quiet(program, ['--failure-threshold', 'style', ...dockerfiles]);
    await loud(
      program,
      ['--failure-threshold', 'style', '-'],
      'FROM debian\nRUN cd /tmp && sudo ls\n',
    );
  });

  lint('shellcheck: every script', tools.shellcheck, async (program) => {
    const scripts = globSync('{example/scripts,manifests/**,e2e/support/stack/bases/*}/*.sh', {
      cwd: ROOT,
    });
    expect(scripts.length).toBeGreaterThan(7);
    await quiet(program, ['--color=never', ...scripts]);
    await loud(program, ['--color=never', '-'], '#!/bin/sh\nrm $1/*\n');
  });

  lint('promtool: the alert rules, and when each fires', tools.promtool, async (program) => {
    const source = join(ROOT, 'manifests', 'components', 'monitoring');
    const rule = parse(await readFile(join(source, 'rules.yaml'), 'utf8'));
    const tests = await readFile(join(source, 'rules.test.yaml'), 'utf8');
    const groups = join(folder, 'rules.groups.yaml');
    await writeFile(groups, stringify(rule.spec));
    await writeFile(join(folder, 'rules.test.yaml'), tests);
    await quiet(program, ['check', 'rules', '--lint-fatal', groups]);
    await quiet(program, ['test', 'rules', join(folder, 'rules.test.yaml')]);
    for (const { alert } of rule.spec.groups.flatMap((group: { rules: object[] }) => group.rules)) {
      if (alert) expect(tests).toContain(`alertname: ${alert}\n`);
    }
    await writeFile(groups, stringify(rule.spec).replaceAll('> 1', '> 3'));
    await loud(program, ['test', 'rules', join(folder, 'rules.test.yaml')]);
  });
});

/** All that is rendered, and the Dockerfiles, in a folder for one linter. */
async function files(name: string): Promise<string> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  for (const [each, text] of Object.entries(rendered)) {
    await writeFile(join(place, `${each}.yaml`), asDeployed(text));
  }
  for (const each of ['backend', 'frontend']) {
    const source = join(ROOT, 'example', each, 'Dockerfile');
    await writeFile(join(place, `Dockerfile.${each}`), await readFile(source));
  }
  return place;
}

/** What every linter has to complain of: a check that cannot fail is none. */
const insecure = `apiVersion: apps/v1
kind: Deployment
metadata: {name: bad, namespace: bad}
spec:
  selector: {matchLabels: {app: bad}}
  template:
    metadata: {labels: {app: bad}}
    spec:
      hostNetwork: true
      containers: [{name: bad, image: 'bad:latest', securityContext: {privileged: true}}]
`;

async function bad(name: string): Promise<string> {
  const place = join(folder, `${name}-bad`);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'bad.yaml'), insecure);
  return place;
}
