// `init`: what it proposes, asks, writes and refuses to overwrite.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type InitDoors, type InitOptions, init } from '../../../src/commands/init/init.ts';
import { initErrors, initJson, initLines } from '../../../src/commands/init/report.ts';
import { initDoors } from '../../../src/entry/init-doors.ts';
import { imageBuilds } from '../../../src/inputs/build.ts';
import { realShell } from '../../../src/platform/shell.ts';

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

const dependabot = '.github/dependabot.yml';
const workflows = ['deploy', 'pr-check', 'rollback'].map((name) => `.github/workflows/${name}.yml`);
const deploy = '.github/workflows/deploy.yml';

test.each([...workflows, dependabot])(
  "the example's %s is what init writes in its folder",
  async (path) => {
    const example = join(import.meta.dirname, '..', '..', '..', 'example');
    const { folders: own } = await initDoors(example, { shell: realShell(), entry: 'dist/cli.js' });
    const { written } = await play({ repository: 'ai-creatives', folders: own });
    expect(written[path]).toBe(readFileSync(join(example, path), 'utf8'));
  },
);

test('the names of the example are those of the stack', () => {
  const text = (path: string) =>
    readFileSync(join(import.meta.dirname, '..', '..', '..', path), 'utf8');
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
  const called = await play({ folders: [backend], reusable: true });
  expect(called.written[deploy]).toContain(`      backend-path: api
      backend-test: |
        python -m pip install --disable-pip-version-check --requirement requirements-dev.txt
        python -m pytest
      python-version: '3.12'
`);
  const { written } = await play({ folders: [backend] });
  for (const name of ['deploy', 'pr-check']) {
    expect(written[`.github/workflows/${name}.yml`]).toContain(`          python-version: '3.12'
      - name: Test the backend
        working-directory: api
        run: |
          python -m pip install --disable-pip-version-check --requirement requirements-dev.txt
          python -m pytest
`);
  }
  const other = { ...backend, files: ['requirements.txt'], dockerfile: 'FROM debian\n' };
  const plain = (await play({ folders: [other], reusable: true })).written[deploy];
  expect(plain).not.toMatch(/backend-test|python-version/);
});

test('proposes what lies in the folders', async () => {
  const { done, written } = await play({ repository: 'My.Web Shop_2' });
  expect(done.code).toBe(0);
  expect(Object.keys(written)).toEqual([
    ...workflows,
    dependabot,
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

describe('a folder with an unusual name', () => {
  interface Job {
    readonly with?: Readonly<Record<string, string>>;
    readonly steps?: readonly Job[];
  }
  const built = (name: string) => ({ name, files: [], dockerfile: 'FROM x\n' });

  test.each(['a,b', 'my app', "it's {x}", '@web', '[slug]', 'a: b', 'a #b', 'x, y}'])(
    '%j is built from as it is called',
    async (name) => {
      const folders = [{ ...built(name), files: ['requirements.txt', 'package-lock.json'] }];
      for (const reusable of [false, true]) {
        const { written } = await play({ folders, reusable });
        const { jobs } = parse(written[deploy] ?? '') as { jobs: Record<string, Job> };
        const { with: inputs, steps } = jobs[reusable ? 'deploy' : 'build'] ?? {};
        const given = (inputs ?? steps?.find((each) => each.with?.['build'])?.with)?.['build'];
        const read = imageBuilds(given ?? '', 'build');
        expect('value' in read ? read.value.map(({ context }) => context) : read).toEqual([name]);
      }
    },
  );

  test.each(['${{ github.token }}', 'a\nb', '${{a', 'б'])(
    '%j is left out: an expression, or no line of text',
    async (name) => {
      const folders = [{ ...built(name), files: ['requirements.txt', 'package-lock.json'] }];
      const { written } = await play({ folders, words: { services: 'github-token:80 a:1 a-b:2' } });
      expect(Object.keys(written)).toContain(deploy);
      for (const text of Object.values(written)) expect(text).not.toContain(name);
      expect(written[deploy]).not.toContain('requirements');
    },
  );
});

test.each([
  [`${'a'.repeat(39)}-shop`, 'a'.repeat(39)],
  ['9lives', 'lives'],
])('the proposal for %s is a name that is taken', async (repository, app) => {
  const { done, written } = await play({ repository });
  expect(done.findings).toEqual([]);
  expect(written[deploy]).toContain(`'${app}-staging'`);
});

test.each(['null', 'on', 'y', 'true'])('%s is no name: YAML reads it otherwise', async (name) => {
  const { done, written } = await play({
    words: { app: name, namespace: 'shop', services: `${name}:80` },
  });
  expect([done.code, done.findings.length, written]).toEqual([2, 2, {}]);
});

test('one Dockerfile at the root is the application itself, and tests are left out', async () => {
  const root = [{ name: '.', files: [], dockerfile: 'FROM x\n' }];
  const { written } = await play({ folders: root });
  expect(written[deploy]).toContain('{name: shop, context: .}');
  expect(written[deploy]).not.toMatch(/tests|setup-/);
  expect(written[deploy]).toContain('needs: [build]\n');
  const called = await play({ folders: root, reusable: true });
  expect(called.written[deploy]).toContain("backend-path: ''\n      frontend-path: ''\n");
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
  ['App', { app: 'Shop' }, '--app is not a valid name for Kubernetes.'],
  ['namespace', { namespace: '-x' }, '--namespace is not a valid name for Kubernetes.'],
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

test('a service is not called as the file that lists them all', async () => {
  const { done, written } = await play({ words: { services: 'kustomization:80 web:81' } });
  expect([done.code, written]).toEqual([2, {}]);
  expect(initErrors(done)[0]).toBe('--services has "kustomization:80".');
});

test('reports all invalid values at once', async () => {
  const { said } = await play({ words: { app: 'A', namespace: 'B', services: 'c' } });
  expect(said).toHaveLength(3);
});

test('what is left to do names all that every environment needs, and no value', async () => {
  const { done } = await play({});
  const lines = initLines(done, false);
  for (const environment of ['production', 'staging', 'pr-check']) {
    const key = environment === 'pr-check' ? 'check-key.json' : 'key.json';
    // GitHub masks each line of a secret, so each is stored as one line; an id is no secret.
    expect(lines).toContain(
      `  jq -c . ${key} | gh secret set YC_SA_JSON_CREDENTIALS --env ${environment}`,
    );
    for (const [name, id] of [
      ['YC_REGISTRY_ID', '<registry-id>'],
      ['YC_K8S_CLUSTER_ID', '<cluster-id>'],
    ]) {
      expect(lines).toContain(`  gh variable set ${name} --env ${environment} --body ${id}`);
    }
  }
  expect(lines).toContain(
    "  base64 < staging.txt | tr -d '\\n' | gh secret set APPLICATION_SECRETS --env staging",
  );
  expect(lines.join()).not.toContain('APPLICATION_SECRETS --env pr-check');
  expect(lines).toContain('  webgen-deploy doctor');
});

describe('the form', () => {
  const isCaller = (text = '') => text.includes('/.github/workflows/deploy.yml@v1');

  test.each([
    ['elsewhere', { owner: 'acme' }, {}, false, 'Ordinary jobs: GitHub hands secrets'],
    ['without a remote', {}, {}, false, 'Ordinary jobs: GitHub hands secrets'],
    ["in the project's organisation", { owner: 'Org' }, {}, true, "the repository is Org's"],
    ['elsewhere, by hand', { owner: 'acme' }, { reusable: true }, true, "this one is acme's"],
    ['at home, by hand', { owner: 'org' }, { reusable: true }, true, 'by --reusable.'],
  ])('%s', async (_, git, wishes, wanted, why) => {
    const { done, written } = await play({ git, ...wishes });
    expect(isCaller(written[deploy])).toBe(wanted);
    expect(done.notes[0]).toContain(why);
    expect(initLines(done, true)).toContain(done.notes[0]);
    expect(JSON.parse(initJson(done)).notes).toEqual(done.notes);
  });
});

describe('the default branch', () => {
  test.each([
    ['main', 'main'],
    ['master', 'master'],
    ['release/1.x', 'release/1.x'],
    // YAML reads them as something else than text.
    ['1.0', "'1.0'"],
    ['null', "'null'"],
    ['true', "'true'"],
    // What everything is merged into first is not what is released.
    ['develop', 'main'],
    ["a'b", 'main'],
    ['*', 'main'],
    [undefined, 'main'],
  ])('%s: pushes to %s go to production', async (defaultBranch, production) => {
    const git = defaultBranch === undefined ? {} : { defaultBranch };
    const { done, written } = await play({ git });
    expect(written[deploy]).toContain(`    branches: [${production}, develop]\n`);
    const name = production.replaceAll("'", '');
    expect(written[deploy]).toContain(`(github.ref == 'refs/heads/${name}' ||`);
    expect(done.notes[1]).toContain(`Pushes to ${name} go to production`);
  });
});

describe('pins', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const own = (text = '') => text.match(/uses: org\/webgen-deploy\S*(?: #.*)?/g) ?? [];

  test.each([
    ['given', { pin: { commit } }, {}],
    ["the program's own", { pin: {} }, { commit }],
  ])('%s', async (_, wishes, git) => {
    for (const reusable of [false, true]) {
      const { written } = await play({ ...wishes, reusable, git });
      for (const path of workflows) {
        const uses = own(written[path]);
        expect(uses.length).toBeGreaterThan(0);
        for (const each of uses) expect(each.endsWith(`@${commit} # v1.0.0`)).toBe(true);
      }
    }
  });

  test.each([
    ['unknown', {}, 'The commit that this webgen-deploy was built from is unknown.'],
    ['a tag', { commit: 'v1.0.0' }, '--pin is not a commit'],
    ['too short', { commit: '0123456' }, '--pin is not a commit'],
  ])('%s: nothing is written, and the way to the commit is said', async (_, pin, what) => {
    const { done, written } = await play({ pin });
    expect([done.code, written]).toEqual([2, {}]);
    expect(initErrors(done).join('\n')).toContain(what);
    expect(initErrors(done).join('\n')).toContain('--pin=COMMIT');
  });

  test('what is of others is pinned in any case, to what the project itself uses', async () => {
    const { written } = await play({});
    const uses = Object.values(written).flatMap((text) => text.match(/uses: actions\/.*/g) ?? []);
    const ours = readFileSync(
      join(import.meta.dirname, '..', '..', '..', '.github', 'workflows', 'ci.yml'),
      'utf8',
    );
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter((each) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(each))).toEqual([]);
    const checkout = uses.find((each) => each.includes('actions/checkout')) ?? 'none';
    expect(ours).toContain(checkout);
  });
});

describe("the build's own environment", () => {
  test.each([[false], [true]])('is the one that was named (callers: %s)', async (reusable) => {
    const { done, written } = await play({ buildEnvironment: 'build', reusable });
    const said = reusable ? '      build-environment: build\n' : '      name: build\n';
    expect(written[deploy]).toContain(said);
    expect(written['.github/workflows/rollback.yml']).not.toContain('build');
    const lines = initLines(done, false);
    expect(lines).toContain(
      '  jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS --env build',
    );
    expect(lines).toContain('  gh variable set YC_REGISTRY_ID --env build --body <registry-id>');
  });

  test.each(['', 'a b', '$(id)', '-x', '${{ github.token }}'])(
    '%j is none',
    async (buildEnvironment) => {
      const { done, written } = await play({ buildEnvironment });
      expect([done.code, written]).toEqual([2, {}]);
      expect(initErrors(done)[0]).toBe(
        '--build-environment is not a valid name for an environment.',
      );
    },
  );
});

describe('dependabot.yml', () => {
  test.each([
    [dependabot, 'version: 2\n'],
    ['.github/dependabot.yaml', 'version: 2\n'],
    [dependabot, 'a link'],
  ])('of the repository itself (%s: %j) is left as it is, with --force too', async (path, text) => {
    for (const force of [false, true]) {
      const { done, written } = await play({ there: { [path]: text }, force });
      expect(done.code).toBe(0);
      expect(Object.keys(written)).not.toContain(dependabot);
      expect(initLines(done, false)).toContain(`  = ${dependabot} (yours, left as it is)`);
    }
  });
});
