import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { placeOf } from '../../../src/kube/document.ts';
import { pathOfField } from '../../../src/kube/field-path.ts';
import { configMap, places, problems, workspaceOf } from '../../support/manifests/workspace.ts';

const deployment = [
  'apiVersion: apps/v1',
  'kind: Deployment',
  'metadata:',
  '  name: web',
  'spec:',
  '  replicas: 1',
  '  template:',
  '    spec:',
  '      containers:',
  '      - name: side',
  '        image: side:1',
  '      - name: app',
  '        image: app:1',
].join('\n');

const files = {
  'k/base/kustomization.yaml': 'resources:\n- web.yaml\n',
  'k/base/web.yaml': `# the web\n${deployment}\n`,
  'k/prod/kustomization.yaml':
    'resources:\n- ../base\nnamePrefix: prod-\npatches:\n- path: patch.yaml\nconfigMapGenerator:\n- name: settings\n  literals: [a=b]\n',
  'k/prod/patch.yaml': `${deployment.replace(/ {6}- name: side\n.*\n/, '').replace('replicas: 1', 'replcas: 3')}\n`,
};
const output = `apiVersion: v1
kind: ConfigMap
metadata:
  name: prod-settings-abc
---
${deployment.replace('name: web', 'name: prod-web').replace('replicas: 1', 'replicas: 1\n  replcas: 3')}
---
apiVersion: v1
kind: Secret
metadata:
  name: elsewhere
`;

describe('a kustomization folder', () => {
  test.each(['k/prod', 'k/prod/', 'k/prod/kustomization.yaml'])(
    '%s is built by kubectl',
    async (entry) => {
      const space = workspaceOf(files);
      const loaded = await space.load([entry], { kubectl: { stdout: output } });
      expect(problems(loaded)).toEqual([]);
      expect(space.calls.map(({ command, args }) => [command, ...args])).toEqual([
        ['/opt/kubectl', 'kustomize', join(space.workspace, 'k/prod')],
      ]);
      expect(places(loaded)).toEqual([
        'ConfigMap/prod-settings-abc k/prod/kustomization.yaml:7',
        'Deployment/prod-web k/base/web.yaml:2',
        'Secret/elsewhere k/prod/kustomization.yaml:1',
      ]);
    },
  );

  test('its fields are found in the file that has the last word', async () => {
    const loaded = await workspaceOf(files).load(['k/prod'], { kubectl: { stdout: output } });
    const document = loaded.documents.find(({ object }) => object.kind === 'Deployment');
    const at = (field: string) =>
      document && placeOf(document, pathOfField(document.object, field));
    expect(at('spec.replcas')).toEqual({ file: 'k/prod/patch.yaml', line: 6 });
    expect(at('spec.replicas')).toEqual({ file: 'k/base/web.yaml', line: 7 });
    expect(at('spec.template.spec.containers[0].image')).toEqual({
      file: 'k/base/web.yaml',
      line: 12,
    });
    expect(at('spec.template.spec.containers[1].image')).toEqual({
      file: 'k/prod/patch.yaml',
      line: 11,
    });
    expect(document && placeOf(document)).toEqual({ file: 'k/base/web.yaml', line: 2 });
    expect(document?.lineOf(['spec', 'replcas'])).toBe(6);
  });

  test('several of them ask for kubectl once; none does not ask', async () => {
    const space = workspaceOf({ ...files, 'a.yaml': configMap('a') });
    await space.load(['a.yaml']);
    expect(space.installs()).toBe(0);
    await space.load(['k/prod', 'k/base'], { kubectl: { stdout: configMap('b') } });
    expect(space.calls).toHaveLength(2);
    expect(space.installs()).toBe(1);
  });

  test('is left out when its folder is excluded', async () => {
    const space = workspaceOf({ ...files, 'a.yaml': configMap('a') });
    const loaded = await space.load(['a.yaml', 'k/prod', '-k/prod']);
    expect(places(loaded)).toEqual(['ConfigMap/a a.yaml:1']);
    expect(space.calls).toEqual([]);
  });

  test('a failed build shows what kustomize says, and the file', async () => {
    const space = workspaceOf(files);
    const stderr = `E1124 03:07:21.266343   20353 run.go:72] "command failed" err="accumulating resources from '../base': ${space.workspace}/k/base: MalformedYAMLError in File: web.yaml"\n::error::x\n`;
    const { documents, findings } = await space.load(['k/prod'], { kubectl: { code: 1, stderr } });
    expect(documents).toEqual([]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code: 'manifest-invalid', file: 'k/base/web.yaml' });
    expect(findings[0]?.evidence).toEqual([
      '"command failed" err="accumulating resources from \'../base\': k/base: MalformedYAMLError in File: web.yaml"',
      ': :error::x',
    ]);
  });

  test('what stands on stderr of a good build decides nothing', async () => {
    const kubectl = { stdout: configMap('a'), stderr: '# Warning: bases is deprecated' };
    expect(problems(await workspaceOf(files).load(['k/prod'], { kubectl }))).toEqual([]);
  });

  test('a tab in a base is found there, with its line, before kubectl starts', async () => {
    const space = workspaceOf({ ...files, 'k/base/web.yaml': 'a:\n\tb: c\n' });
    const loaded = await space.load(['k/prod']);
    expect(problems(loaded)).toEqual([expect.stringContaining('k/base/web.yaml:2')]);
    expect(space.calls).toEqual([]);
  });

  test('bases that lead in a circle are read once', async () => {
    const space = workspaceOf({
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
    });
    await space.load(['a'], { kubectl: { code: 1, stderr: 'cycle detected' } });
    expect(space.calls).toHaveLength(1);
  });
});

const remotes = [
  'resources:\n- https://github.com/a/b//base?ref=v1\n',
  'resources:\n- github.com/a/b\n',
  'resources:\n- GitHub.com/a/b\n',
  'resources:\n- git@github.com:a/b.git\n',
  'resources:\n- ssh://git@host/a/b\n',
  'resources:\n- git::https://host/a\n',
  'resources:\n- gh:a/b\n',
  'resources:\n- host.example:a/b.git\n',
  'resources:\n- example.org/a/b.git\n',
  'resources:\n- ../base?ref=x\n',
  'resources:\n- file:///etc\n',
  'resources:\n- not-there\n',
  'bases:\n- https://host/a\n',
  'components:\n- https://host/a\n',
  'crds:\n- https://host/a.yaml\n',
  'configurations:\n- https://host/a.yaml\n',
  'generators:\n- https://host/a.yaml\n',
  'transformers:\n- https://host/a.yaml\n',
  'validators:\n- https://host/a.yaml\n',
  'openapi:\n  path: https://host/a.json\n',
  'patches:\n- path: https://host/a.yaml\n',
  'patches:\n- Path: https://host/a.yaml\n',
  'patchesStrategicMerge:\n- https://host/a.yaml\n',
  'patchesJson6902:\n- path: https://host/a.yaml\n',
  'replacements:\n- path: https://host/a.yaml\n',
  'configMapGenerator:\n- name: a\n  files: [x=https://host/a]\n',
  'configMapGenerator:\n- name: a\n  envs: [https://host/a]\n',
  'secretGenerator:\n- name: a\n  env: https://host/a\n',
  'Resources:\n- https://host/a\n',
  'RESOURCES:\n- ../base\n',
  '"re\\u0073ources":\n- https://host/a\n',
  'x: &r [https://host/a]\nresources: *r\n',
  '<<: {resources: [https://host/a]}\n',
  'transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  path: https://host/a\n',
];

describe('on a pull request', () => {
  test.each(remotes)('%j is refused before kubectl starts', async (text) => {
    const space = workspaceOf({ ...files, 'k/prod/kustomization.yaml': text });
    const loaded = await space.load(['k/prod'], { untrusted: true });
    expect(loaded.documents).toEqual([]);
    expect(problems(loaded).length).toBeGreaterThan(0);
    expect(loaded.findings[0]?.file).toBe('k/prod/kustomization.yaml');
    expect(space.calls).toEqual([]);
    expect(space.installs()).toBe(0);
  });

  test('a base further down is refused too, with its own file and line', async () => {
    const space = workspaceOf({
      ...files,
      'k/base/kustomization.yaml': 'resources:\n- web.yaml\n- https://host/a?ref=v1\n',
    });
    const loaded = await space.load(['k/prod'], { untrusted: true });
    expect(problems(loaded)).toEqual([expect.stringContaining('k/base/kustomization.yaml:3')]);
  });

  test.each(['github.com/a/b', 'host.example:a', 'me@host', 'a.git', 'a?b'])(
    'a folder that is named %s may be an address to kustomize',
    async (name) => {
      const space = workspaceOf({
        'k/kustomization.yaml': `resources: ["${name}"]\n`,
        [`k/${name}/kustomization.yaml`]: 'resources: []\n',
      });
      expect((await space.load(['k'], { untrusted: true })).findings).toHaveLength(1);
      expect(space.calls).toEqual([]);
    },
  );

  test('addresses in texts that are only texts are fine', async () => {
    const space = workspaceOf({
      ...files,
      'k/prod/kustomization.yaml': [
        'resources: [../base]',
        'commonAnnotations: {source: https://github.com/a/b}',
        'images: [{name: app, newName: github.com/a/b}]',
        'configMapGenerator:',
        '- {name: a, literals: ["URL=https://github.com/a/b"]}',
        'patches:',
        '- patch: "[{op: add, path: /x, value: https://host}]"',
        '  target: {kind: Deployment}',
        '- patch: |-',
        '    a: https://host',
        '    b: c',
      ].join('\n'),
    });
    const loaded = await space.load(['k/prod'], { untrusted: true, kubectl: { stdout: output } });
    expect(problems(loaded)).toEqual([]);
    expect(space.calls).toHaveLength(1);
  });

  test('kubectl gets no way out of the machine', async () => {
    const space = workspaceOf(files);
    await space.load(['k/prod'], { untrusted: true, kubectl: { stdout: output } });
    expect(space.calls[0]?.options?.env).toMatchObject({
      HTTPS_PROXY: 'http://127.0.0.1:9',
      GIT_ALLOW_PROTOCOL: 'none',
    });
  });

  test('elsewhere remote bases are kustomize’s own affair', async () => {
    const text = 'resources:\n- https://github.com/a/b//base?ref=v1\n- github.com/a/b\n';
    const space = workspaceOf({ 'k/kustomization.yaml': text });
    expect(problems(await space.load(['k'], { kubectl: { stdout: configMap('a') } }))).toEqual([]);
    expect(space.calls[0]?.options?.env).toBeUndefined();
  });
});

describe('on every run', () => {
  const plugin = (text: string) => ({
    'k/kustomization.yaml': 'transformers: [t.yaml]\n',
    'k/t.yaml': text,
  });

  test.each([
    [{ 'k/kustomization.yaml': 'helmCharts:\n- name: a\n' }],
    [{ 'k/kustomization.yaml': 'helmChartInflationGenerator:\n- name: a\n' }],
    [{ 'k/kustomization.yaml': 'HelmCharts:\n- name: a\n' }],
    [plugin('apiVersion: example.org/v1\nkind: Program\nmetadata: {name: a}\n')],
    [
      plugin(
        'apiVersion: builtin\nkind: X\nmetadata:\n  name: a\n  annotations:\n    config.kubernetes.io/function: "exec: {path: ./x}"\n',
      ),
    ],
    [plugin('apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\n')],
    [
      {
        'k/kustomization.yaml':
          'generators:\n- |-\n  apiVersion: example.org/v1\n  kind: Program\n  metadata: {name: a}\n',
      },
    ],
  ])('%j starts no program', async (contents) => {
    const space = workspaceOf(contents);
    const loaded = await space.load(['k']);
    expect(loaded.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['manifest-invalid', 'fatal'],
    ]);
    expect(space.calls).toEqual([]);
  });

  test('a base or a file outside of the workspace is refused', async () => {
    const space = workspaceOf({
      'k/kustomization.yaml': 'resources: [../../outside, link.yaml]\n',
    });
    const outside = join(space.root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kustomization.yaml'), 'resources: []\n');
    symlinkSync('/etc/hosts', join(space.workspace, 'k/link.yaml'));
    const loaded = await space.load(['k']);
    expect(problems(loaded)).toEqual([
      expect.stringContaining('leads out of the workspace'),
      expect.stringContaining('leads out of the workspace'),
    ]);
    expect(space.calls).toEqual([]);
  });
});

test('a resource that is missing is shown where it is written, in the base’s own kustomization', async () => {
  const space = workspaceOf({ ...files, 'k/base/kustomization.yaml': 'resources:\n- none.yaml\n' });
  const stderr =
    "error: accumulating resources: accumulation err='accumulating resources from '../base': " +
    "accumulating resources from 'none.yaml': open k/base/none.yaml: no such file or directory'";
  const loaded = await space.load(['k/prod'], { kubectl: { code: 1, stderr } });
  expect(loaded.findings).toMatchObject([
    { code: 'manifest-invalid', file: 'k/base/kustomization.yaml', line: 2 },
  ]);
});

test.each(['a\0b.yaml', `${'a'.repeat(300)}.yaml`, `${'a/'.repeat(3_000)}b.yaml`])(
  'a name that no file can have is one that is not there',
  async (name) => {
    const space = workspaceOf({ 'k/kustomization.yaml': `resources: [${JSON.stringify(name)}]` });
    const loaded = await space.load(['k'], { untrusted: true });
    expect(problems(loaded)[0]).toContain('The kustomization refers to a');
  },
);
