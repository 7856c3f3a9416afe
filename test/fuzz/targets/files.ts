// What stands in a repository: manifests, kustomizations, Dockerfiles, ignore files, kubeconfigs.
import fc from 'fast-check';
import { readDockerfile } from '../../../src/build/dockerfile.ts';
import { ignoreRules } from '../../../src/build/dockerignore.ts';
import { readUserBake, withOverrides } from '../../../src/build/user-bake.ts';
import { oneKubeconfig } from '../../../src/connect/one-kubeconfig.ts';
import { Secret } from '../../../src/core/secret.ts';
import { kubeconfig, readKubeconfig } from '../../../src/inputs/kubeconfig.ts';
import { kubeconfigSecrets } from '../../../src/inputs/mask.ts';
import { loadManifests } from '../../../src/manifests/load/load-manifests.ts';
import { gateOf, stageOf } from '../../../src/manifests/order.ts';
import { transform } from '../../../src/manifests/transform.ts';
import { loadKubeconfig } from '../../../src/platform/kubeconfig.ts';
import { readIgnoreFiles } from '../../../src/scan/ignore-file.ts';
import { mutated, spliced, text, written, yamlTricks } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import { isRecord, memoryFiles, scriptedHttp } from '../doors.ts';
import { target } from '../target.ts';
import { kubeconfigTexts } from './inputs.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'shop',
    labels: { app: 'web' },
    annotations: {
      'webgen-deploy/ready': 'self.status.phase == "Ready"',
      'webgen-deploy/failed': '{.status.phase}=Failed',
      'webgen-deploy/phase': 'pre-deploy',
      'webgen-deploy/patience': 'quick',
    },
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        initContainers: [{ name: 'i', image: 'a:1' }],
        containers: [
          {
            name: 'web',
            image: 'registry.example/shop/web:${TAG}',
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
            envFrom: [{ configMapRef: { name: 'c' } }],
          },
        ],
        volumes: [{ name: 'v', secret: { secretName: 's' } }],
      },
    },
  },
};

const secretManifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  data: { k: 'eA==' },
  stringData: { password: { $secret: [0, 'raw'] } },
};

const manifests = fc.oneof(
  { weight: 6, arbitrary: written(mutated(deployment)) },
  { weight: 2, arbitrary: written(mutated(secretManifest)) },
  {
    weight: 2,
    arbitrary: written(
      mutated({ apiVersion: 'v1', kind: 'List', items: [deployment, secretManifest] }),
    ),
  },
  { weight: 2, arbitrary: yamlTricks },
  { weight: 1, arbitrary: spliced(yamlTricks) },
  { weight: 1, arbitrary: text },
);

const kustomization = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: ['web.yaml', '../base', 'https://example.com/x?ref=1'],
  namePrefix: 'a-',
  patches: [{ path: 'web.yaml' }, { patch: '- op: add\n  path: /a\n  value: 1' }],
  configMapGenerator: [{ name: 'web', literals: ['a=b'], files: ['web.yaml'] }],
  secretGenerator: [{ name: 's', envs: ['web.yaml'] }],
  transformers: ['web.yaml', 'apiVersion: builtin\nkind: X\n'],
  generators: ['web.yaml'],
  images: [{ name: 'a', newTag: 'b' }],
  helmCharts: [],
};

const root = '/work/shop';

interface Repository {
  readonly files: unknown;
  readonly entries: unknown;
  readonly untrusted?: unknown;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly code?: unknown;
  readonly http?: unknown;
}

async function load(repository: Repository) {
  const { files, entries, untrusted, stdout = '', stderr = '', code, http = [] } = repository;
  const texts = new Map(
    Object.entries(isRecord(files) ? files : {}).map(([path, each]) => [
      `${root}/${path}`,
      textOf(each),
    ]),
  );
  const result = {
    code: code === 1 ? 1 : 0,
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    durationMs: 1,
  };
  const { documents, findings } = await loadManifests(
    (Array.isArray(entries) ? entries : ['.']).map(textOf),
    {
      ports: {
        shell: { run: async () => result, which: async () => undefined },
        files: memoryFiles(texts),
        http: scriptedHttp(http),
      },
      context: { workspace: root, temp: '/temp' },
      untrusted: untrusted === true,
      kubectl: async () => '/opt/kubectl',
    },
  );
  const changed = transform(documents, {
    app: 'shop',
    variables: { TAG: '1', A: '${B}' },
    images: { web: 'registry.example/shop/web:2' },
    secrets: [{ secret: 's', key: 'k', value: new Secret('value-of-the-input') }],
    namespace: 'web',
  });
  for (const { object } of changed.documents) [stageOf(object), gateOf(object)];
  return { findings: [...findings, ...changed.findings] };
}

const dockerfile = `# syntax=docker/dockerfile:1
ARG BASE=node:22
FROM --platform=$BUILDPLATFORM \${BASE:-node:20} AS build
COPY --from=deps /a /b
RUN --mount=type=cache,from=cache,target=/x npm ci
ADD https://example.com/a.tar /a
RUN <<EOF
echo hi
EOF
FROM build
COPY . .
`;

const ignored = '# comment\nnode_modules\n!node_modules/keep\n**/*.log\n/dist/\n*.[oa]\n';

const trivyIgnore = {
  vulnerabilities: [
    {
      id: 'CVE-2025-1',
      paths: ['a/b'],
      purls: ['pkg:x'],
      expired_at: '2026-12-31',
      statement: 's',
    },
  ],
  misconfigurations: [{ id: 'KSV-1' }],
  secrets: [],
  licenses: null,
};

const bakeFile = {
  group: { default: { targets: ['app', 'group'] }, group: { targets: ['group', 'app'] } },
  target: {
    app: {
      context: '.',
      dockerfile: 'Dockerfile',
      tags: ['registry.example/shop/app:1', 'x'],
      platforms: ['linux/amd64'],
      labels: { a: 'b' },
      secret: ['id=x,env=Y'],
    },
  },
};

export const fileTargets = {
  manifests: target<Repository>(
    fc.record({
      files: fc.record({ 'a.yaml': manifests, 'b.json': manifests }),
      entries: fc.oneof(
        { weight: 6, arbitrary: fc.constant(['.']) },
        { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
      ),
    }),
    load,
  ),

  'remote-manifest': target<Repository>(
    fc.record({
      files: fc.constant({}),
      entries: fc.constant([`https://example.com/a.yaml#sha256=${'0'.repeat(64)}`]),
      http: fc.array(
        fc.record({
          status: fc.constantFrom(200, 301, 404),
          headers: fc.record({ location: text }),
          body: text,
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    load,
  ),

  kustomization: target<Repository>(
    fc.record({
      files: fc.record({
        'k/kustomization.yaml': fc.oneof(
          { weight: 4, arbitrary: written(mutated(kustomization)) },
          { weight: 1, arbitrary: yamlTricks },
        ),
        'k/web.yaml': manifests,
        'base/kustomization.yaml': fc.constantFrom('resources: [../k]\n', 'resources: []\n'),
      }),
      entries: fc.constant(['k']),
      untrusted: fc.boolean(),
      code: fc.constantFrom(0, 1),
      stdout: manifests,
      stderr: spliced(
        fc.constantFrom(
          "E1124 03:07:21.078404   20331 run.go:72] accumulating resources: '../base' must resolve",
          '',
        ),
      ),
    }),
    load,
  ),

  dockerfile: target<string>(
    fc.oneof(
      { weight: 5, arbitrary: spliced(fc.constant(dockerfile), 4) },
      { weight: 1, arbitrary: text },
    ),
    (written) => {
      const { bases, unknown = '' } = readDockerfile(textOf(written), { BASE: 'alpine', A: '$B' });
      return { lines: [...bases, unknown] };
    },
  ),

  dockerignore: target<{ readonly rules: string; readonly paths: readonly unknown[] }>(
    fc.record({
      rules: fc.oneof(
        { weight: 3, arbitrary: spliced(fc.constant(ignored)) },
        { weight: 1, arbitrary: text },
        {
          weight: 2,
          arbitrary: fc
            .array(fc.constantFrom('*', '**', '**/', 'a', '?', '[a-z]', '[^a]', '/', '\\'), {
              maxLength: 60,
            })
            .map((each) => each.join('')),
        },
      ),
      paths: fc.array(
        fc.oneof(
          text,
          fc.constantFrom('a/b/c.log', 'node_modules/x/y', 'a'.repeat(200), 'a/'.repeat(100)),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    ({ rules, paths }) => {
      const { ignores, mayHold } = ignoreRules(textOf(rules));
      // No system has longer ones.
      const all = paths.map((path) => textOf(path).slice(0, 4_096));
      return { lines: all.map((path) => `${ignores(path)} ${mayHold(path)}`) };
    },
  ),

  trivyignore: target<{ readonly plain: string; readonly yaml: string }>(
    fc.record({
      plain: spliced(fc.constant('# x\nCVE-2025-1 exp:2026-12-31\nAVD-2\n')),
      yaml: fc.oneof(written(mutated(trivyIgnore)), yamlTricks),
    }),
    ({ plain, yaml }) => {
      const files = [
        { file: '.trivyignore', text: textOf(plain) },
        { file: '.trivyignore.yaml', text: textOf(yaml) },
      ];
      return readIgnoreFiles(files, { now: Date.UTC(2026, 10, 27), severity: 'fatal' });
    },
  ),

  kubeconfig: target<string>(kubeconfigTexts, async (given) => {
    const written = textOf(given);
    const read = kubeconfig(written, 'kubeconfig');
    const findings = 'findings' in read ? read.findings : [];
    kubeconfigSecrets(written);
    const facts = readKubeconfig(written);
    // Only what can be read is merged.
    if (facts)
      oneKubeconfig([
        { folder: '/a', text: written },
        { folder: '/b', text: written },
      ]);
    const access = await loadKubeconfig(new Secret(written), { path: '/nowhere/config' });
    return { findings, lines: [access.server, access.user, access.namespace ?? ''] };
  }),

  'bake-file': target<string>(
    fc.oneof(
      { weight: 3, arbitrary: mutated(bakeFile).map((each) => ({ $json: each })) },
      { weight: 1, arbitrary: text },
    ),
    (given) => {
      const printed = textOf(given);
      const read = readUserBake(printed);
      if (!read) return {};
      withOverrides(printed, read, { labels: { a: 'b' } });
      return { lines: [...read.images.map(({ name }) => name), ...read.untagged] };
    },
  ),
};
