// `init`: what it proposes, asks, writes and refuses to overwrite.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type InitDoors, type InitOptions, init } from '../src/init.ts';
import { initDoors } from '../src/platform/init-doors.ts';
import { realShell } from '../src/platform/shell.ts';
import { initErrors, initJson, initLines } from '../src/report/init.ts';

const folders = [
  { name: '.', files: ['README.md'] },
  { name: 'backend', files: ['requirements.txt'], dockerfile: 'FROM x\nEXPOSE 8000/tcp\n' },
  { name: 'docs', files: [] },
  { name: 'frontend', files: ['package-lock.json'], dockerfile: 'FROM y\nexpose 3000\n' },
];

interface Scene extends Partial<InitOptions> {
  readonly folders?: InitDoors['folders'];
  readonly answers?: readonly string[];
  readonly there?: Readonly<Record<string, string>>;
  readonly repository?: string;
  readonly git?: InitDoors['git'];
}

async function play(scene: Scene) {
  const written: Record<string, string> = {};
  const asked: string[] = [];
  const waiting = [...(scene.answers ?? [])];
  const ask = async (question: string) => {
    asked.push(question);
    return waiting.shift() ?? '';
  };
  const done = await init(
    { words: {}, yes: !scene.answers, dryRun: false, force: false, ...scene },
    {
      repository: scene.repository ?? 'Shop',
      folders: scene.folders ?? folders,
      git: scene.git ?? {},
      ...(scene.answers ? { ask } : {}),
      read: async (path) => {
        const text = scene.there?.[path];
        return text === 'a link' ? 'no-file' : text === undefined ? undefined : { text };
      },
      write: async (path, text) => {
        written[path] = text;
      },
    },
  );
  return { done, written, asked, said: done.findings.map(({ what }) => what) };
}

const workflows = ['deploy', 'pr-check', 'rollback'].map((name) => `.github/workflows/${name}.yml`);
const deploy = '.github/workflows/deploy.yml';

test.each(workflows)("the example's %s is what init writes in its folder", async (path) => {
  const example = join(import.meta.dirname, '..', 'example');
  const { folders: own } = await initDoors(example, { shell: realShell(), entry: 'dist/cli.js' });
  const { written } = await play({ repository: 'ai-creatives', folders: own });
  expect(written[path]).toBe(readFileSync(join(example, path), 'utf8'));
});

test('the names of the example are those of the stack', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
  for (const overlay of ['production', 'staging']) {
    const path = `manifests/overlays/${overlay}/kustomization.yaml`;
    const namespace = /^namespace: (\S+)$/m.exec(text(path))?.[1];
    for (const caller of workflows) expect(text(`example/${caller}`)).toContain(`'${namespace}'`);
  }
  expect(text('example/scripts/deploy-k8s.sh')).toContain('--app ai-creatives\n');
  for (const caller of workflows)
    expect(text(`example/${caller}`)).toContain('app: ai-creatives\n');
});

test('tests run with what the backend names: its Python, its list of packages', async () => {
  const backend = {
    name: 'api',
    files: ['requirements.txt', 'requirements-dev.txt'],
    dockerfile: 'ARG BASE=docker.io/library/python:3.12-slim\nFROM ${BASE}\nEXPOSE 80\n',
  };
  const { written } = await play({ folders: [backend] });
  expect(written[deploy]).toContain(`      backend-path: api
      backend-test: |
        python -m pip install --disable-pip-version-check --requirement requirements-dev.txt
        python -m pytest
      python-version: '3.12'
`);
  const other = { ...backend, files: ['requirements.txt'], dockerfile: 'FROM debian\n' };
  const plain = (await play({ folders: [other] })).written[deploy];
  expect(plain).not.toMatch(/backend-test|python-version/);
});

test('proposes what lies in the folders', async () => {
  const { done, written } = await play({ repository: 'My.Web Shop_2' });
  expect(done.code).toBe(0);
  expect(Object.keys(written)).toEqual([
    ...workflows,
    'manifests/bootstrap/namespaces.yaml',
    'manifests/base/kustomization.yaml',
    'manifests/base/backend.yaml',
    'manifests/base/frontend.yaml',
    'manifests/overlays/production/kustomization.yaml',
    'manifests/overlays/staging/kustomization.yaml',
  ]);
  expect(written[deploy]).toContain("'my-web-shop-2' || 'my-web-shop-2-staging'");
  expect(written['manifests/base/backend.yaml']).toContain('containerPort: 8000');
  expect(written['manifests/overlays/staging/kustomization.yaml']).toContain(
    'my-web-shop-2-staging',
  );
});

test('one Dockerfile at the root is the application itself, and tests are left out', async () => {
  const root = [{ name: '.', files: [], dockerfile: 'FROM x\n' }];
  const { written } = await play({ folders: root });
  expect(written[deploy]).toContain('{name: shop, context: .}');
  expect(written[deploy]).toContain("backend-path: ''\n      frontend-path: ''\n");
  expect(written['manifests/base/shop.yaml']).toContain('tcpSocket');
});

test('asks what the flags leave open, and an empty answer takes the proposal', async () => {
  const words = { services: 'api:8080/healthz' };
  const { asked, written } = await play({ words, answers: ['cart', ''] });
  expect(asked).toEqual([
    'Name of the application [shop]: ',
    'Namespace of production (staging gets -staging) [cart]: ',
  ]);
  expect(written['manifests/base/api.yaml']).toContain('path: /healthz');
  expect(written[deploy]).toContain('app: cart');
  expect(written[deploy]).toContain('{name: api, context: api}');
});

test('with nobody to ask it says which flags would answer', async () => {
  const { done, written } = await play({ yes: false, words: { app: 'shop' } });
  expect(done.code).toBe(2);
  expect(initErrors(done).join('\n')).toContain('Give --namespace, --services, or --yes');
  expect(written).toEqual({});
});

describe('what is there already', () => {
  const there = { [deploy]: 'mine\n' };
  test('is never overwritten, and nothing else is written either', async () => {
    const { done, written } = await play({ there });
    expect(done.code).toBe(1);
    expect(written).toEqual({});
    expect(initErrors(done)).toEqual([
      'Nothing was written: one file is there already, and differs.',
      `  ${deploy}`,
      '  Overwrite with --force, or move it away; --dry-run shows what would happen.',
    ]);
  });
  test('is overwritten with --force, but never a link', async () => {
    const { done, written } = await play({ there, force: true });
    expect(written[deploy]).toContain('name: deploy');
    expect(initLines(done, false)).toContain(`  ~ ${deploy} (overwritten)`);
    const link = await play({ there: { [deploy]: 'a link' }, force: true });
    expect([link.done.code, link.written]).toEqual([1, {}]);
  });
  test('is left alone where it is the same', async () => {
    const first = await play({});
    const second = await play({ there: first.written });
    expect([second.done.code, second.written]).toEqual([0, {}]);
  });
});

test('a dry run says what it would write', async () => {
  const { done, written } = await play({ dryRun: true });
  expect(written).toEqual({});
  expect(initLines(done, true).slice(0, 2)).toEqual(['Would write:', `  + ${deploy}`]);
  expect(JSON.parse(initJson(done)).files[0]).toEqual({ path: deploy, state: 'new' });
});

test.each([
  ['App', { app: 'Shop' }, '--app is no name for Kubernetes.'],
  ['namespace', { namespace: '-x' }, '--namespace is no name for Kubernetes.'],
  ['no port', { services: 'api' }, '--services has "api".'],
  ['port', { services: 'api:70000' }, '--services has "api:70000".'],
  ['path', { services: 'api:80/a b' }, '--services has "b".'],
  ['injection', { services: 'api:80/x"\nrun' }, '--services has'],
  ['twice', { services: 'api:80,api:81' }, '--services names a service twice.'],
  ['none', { services: ' ' }, '--services names no service.'],
])('wrong words: %s', async (_, words, what) => {
  const { done, said, written } = await play({ words });
  expect(done.code).toBe(2);
  expect(said.join('\n')).toContain(what);
  expect(written).toEqual({});
});

test('tells all wrong words at once', async () => {
  const { said } = await play({ words: { app: 'A', namespace: 'B', services: 'c' } });
  expect(said).toHaveLength(3);
});

test('what is left to do names every secret of every environment, and no value', async () => {
  const { done } = await play({});
  const lines = initLines(done, false);
  for (const environment of ['production', 'staging', 'pr-check']) {
    for (const name of ['YC_SA_JSON_CREDENTIALS', 'YC_REGISTRY_ID', 'YC_K8S_CLUSTER_ID']) {
      expect(
        lines.some((line) => line.endsWith(`gh secret set ${name} --env ${environment}`)),
      ).toBe(true);
    }
  }
  // GitHub masks each line of a secret, so each is stored as one line.
  const store = (environment: string, file: string) =>
    `  jq -c . ${file} | gh secret set YC_SA_JSON_CREDENTIALS --env ${environment}`;
  expect(lines).toContain(store('production', 'key.json'));
  expect(lines).toContain(store('pr-check', 'check-key.json'));
  expect(lines).toContain(
    '  base64 -w0 staging.txt | gh secret set APPLICATION_SECRETS --env staging',
  );
  expect(lines.join()).not.toContain('APPLICATION_SECRETS --env pr-check');
  expect(lines).toContain('  webgen-deploy doctor');
});
