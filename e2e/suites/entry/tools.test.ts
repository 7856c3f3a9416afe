// kubectl and yc as a job gets them: the asked version, from its maker, or a clear refusal.
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { provideAssets } from '../../support/cluster/assets.ts';
import { execOk } from '../../support/cluster/exec.ts';
import { type Internet, openInternet } from '../../support/internet/internet.ts';
import {
  kubectlPath,
  kubectlProgram,
  type Makers,
  makerNames,
  sha256,
  startMakers,
  ycPath,
} from '../../support/internet/makers.ts';
import type { ActionOptions } from '../../support/runner/run-action.ts';
import { runAction } from '../../support/runner/run-action.ts';
import { shownMasks } from '../../support/runner/secrecy.ts';
import {
  deployment,
  namespaceFor,
  openSharedSite,
  type Run,
  type Site,
} from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');
let internet: Internet;
let makers: Makers;
let real = '';
let cache = '';
const remote = 'manifests.example.com';
const elsewhere = 'elsewhere.example.com';
const mirror = 'mirror.example.com';

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
  real = `${(await provideAssets(['kubectl']))['kubectl']}`;
  internet = await openInternet([...makerNames, remote, elsewhere, mirror]);
  makers = startMakers(internet, real);
  for (const version of ['1.33.9', '1.34.3', '1.34.4', '1.35.2']) makers.publishKubectl(version);
  const newest = { stable: '1.35.2', 'stable-1.35': '1.35.2', 'stable-1.34': '1.34.4' };
  for (const [name, version] of Object.entries({ ...newest, 'stable-1.33': '1.33.9' })) {
    makers.files.set(`cdn.dl.k8s.io/release/${name}.txt`, `v${version}\n`);
  }
}, 900_000);

afterAll(async () => {
  await internet?.stop();
  await site?.stop();
});

beforeEach(async () => {
  internet.asked.length = 0;
  cache = await mkdtemp(join(tmpdir(), 'webgen-tools-'));
});

afterEach(() => rm(cache, { recursive: true, force: true }));

type Inputs = Readonly<Record<string, string>>;

/** On the job's own PATH there is no kubectl, and behind the proxy only what the test put there. */
async function run(inputs: Inputs, options: Partial<ActionOptions> = {}): Promise<Run> {
  const env = { ...internet.env, RUNNER_TOOL_CACHE: cache, PATH: '/nowhere', ...options.env };
  const result = await site.run({ namespace: ns, ...inputs }, { ...options, env });
  expect(shownMasks(result.stdout)).toEqual([]);
  return result;
}

/** `setup` without a cluster: only the tools. */
async function setup(inputs: Inputs): Promise<Run> {
  const env = { ...internet.env, RUNNER_TOOL_CACHE: cache, PATH: '/nowhere' };
  const given = { command: 'setup', 'yc-version': 'none', 'kubectl-version': 'none', ...inputs };
  const result = await runAction({ inputs: given, env });
  await result.cleanUp();
  return { ...result, text: result.stdout + result.stderr };
}

const code = ({ outputs }: Run) => outputs['error-code'];
const asked = () => internet.asked.map(({ host, path }) => `${host}${path}`);

describe('setup', () => {
  const yc = () => ({ 'yc-version': '9.8.7', 'yc-sha256': makers.publishYc('9.8.7') });

  test('puts kubectl of the cluster’s minor, yc and a working KUBECONFIG before later steps', async () => {
    const first = await run({ command: 'setup', ...yc() });
    expect(first.text).toContain('kubectl 1.34.4: installed');
    expect(first.text).toContain('yc 9.8.7: installed');
    expect([first.code, first.outputs['status']]).toEqual([0, 'succeeded']);
    const env = { PATH: first.paths.join(delimiter), KUBECONFIG: `${first.env['KUBECONFIG']}` };
    expect(await execOk('yc', ['version', '--semantic'], { env })).toBe('9.8.7\n');
    expect(await execOk('kubectl', ['version', '--client'], { env })).toContain('v1.34.4');
    const who = JSON.parse(await execOk('kubectl', ['auth', 'whoami', '-o', 'json'], { env }));
    expect(who.status.userInfo.username).toBe(site.account.id);
    expect(asked()).toContain(`cdn.dl.k8s.io/${kubectlPath('1.34.4')}`);

    const second = await run({ command: 'setup', ...yc() });
    expect(second.text).toContain('kubectl 1.34.4: taken from the tool cache');
    expect(second.text).toContain('yc 9.8.7: taken from the tool cache');
    expect(second.paths.toSorted()).toEqual(first.paths.toSorted());
    const downloads = asked().filter((each) => /\/(kubectl|yc)$/.test(each));
    expect(downloads.filter((each) => each.startsWith('cdn.') || each.endsWith('yc'))).toHaveLength(
      2,
    );
    for (const { headers } of internet.asked) expect(headers['authorization']).toBeUndefined();
  }, 60_000);

  test.each(['kubectl', 'yc'])(
    'refuses a %s that somebody planted in the tool cache',
    async (name) => {
      const inputs = name === 'yc' ? yc() : { 'kubectl-version': '1.34.4' };
      const good = await setup(inputs);
      expect(good.code).toBe(0);
      const marker = join(cache, 'marker');
      await writeFile(join(`${good.paths[0]}`, name), `#!/bin/sh\ntouch ${marker}\necho 9.8.7\n`);
      const planted = await setup(inputs);
      expect(code(planted)).toBe('tool-checksum-mismatch');
      expect(planted.paths).toEqual([]);
      expect(await readdir(cache)).not.toContain('marker');
    },
    60_000,
  );

  test('takes nothing that is not what the maker published', async () => {
    const page = '<!DOCTYPE html><title>Sign in to the network</title>';
    makers.files.set(`cdn.dl.k8s.io/${kubectlPath('1.34.3')}`, page);
    makers.publishYc('1.2.3', page);
    const wrong = await setup({
      'kubectl-version': '1.34.3',
      'yc-version': '1.2.3',
      'yc-sha256': sha256('another program'),
    });
    const codes = JSON.parse(`${wrong.outputs['findings']}`).map((each: Inputs) => each['code']);
    expect(codes).toEqual(['tool-checksum-mismatch', 'tool-checksum-mismatch']);
    expect([wrong.code, wrong.paths]).toEqual([1, []]);
    makers.publishKubectl('1.34.3');

    // The digest is right, and still it is no program.
    const odd = await setup({ 'yc-version': '1.2.3', 'yc-sha256': sha256(page) });
    expect(code(odd)).toBe('tool-unavailable');
    makers.publishYc('1.2.4', '#!/bin/sh\necho 1.2.3\n');
    const older = { 'yc-version': '1.2.4', 'yc-sha256': sha256('#!/bin/sh\necho 1.2.3\n') };
    const other = await setup(older);
    expect(code(other)).toBe('tool-unavailable');
    expect(other.text).toContain('it says 1.2.3');
  }, 60_000);

  test('takes a mirror’s program only where the maker’s digest is its own', async () => {
    const inputs = { 'kubectl-version': '1.34.4', 'tool-mirror': `https://${mirror}/tools` };
    const path = `/tools/dl.k8s.io/${kubectlPath('1.34.4')}`;
    let body = '#!/bin/sh\necho tampered\n';
    internet.host(mirror, (one) =>
      one.path.startsWith(path) ? { body: one.path === path ? body : sha256(body) } : undefined,
    );
    expect(code(await setup(inputs))).toBe('tool-checksum-mismatch');
    body = kubectlProgram('1.34.4', real);
    expect((await setup(inputs)).paths).toHaveLength(1);
    const fromMirror = internet.asked.filter(({ host }) => host === mirror);
    expect(fromMirror.map((each) => each.path)).toEqual([path, path]);
  }, 60_000);

  test('says that a version does not exist, and takes no other', async () => {
    const none = await setup({
      'kubectl-version': '1.34.99',
      'yc-version': '7.7.7',
      'yc-sha256': sha256(''),
    });
    expect([none.code, none.paths, await readdir(cache)]).toEqual([1, [], []]);
    const findings = JSON.parse(`${none.outputs['findings']}`);
    expect(findings).toMatchObject([{ code: 'tool-unavailable' }, { code: 'tool-unavailable' }]);
    expect(none.text).toContain(`https://storage.yandexcloud.net/${ycPath('7.7.7')}: HTTP 404`);
    makers.files.set('cdn.dl.k8s.io/release/stable-1.30.txt', '<html>Sign in</html>');
    for (const version of ['1.30', '>=1.99', '1.34.4.5', 'newest']) {
      const refused = await setup({ 'kubectl-version': version });
      const kind = /newest|4.5/.test(version) ? 'input-invalid' : 'tool-unavailable';
      expect([version, code(refused), refused.paths]).toEqual([version, kind, []]);
    }
  }, 60_000);

  test.each([
    ['1.34.4', '1.34.4'],
    ['1.34', '1.34.4'],
    ['>=1.33 <1.35', '1.34.4'],
    ['~1.33.0', '1.33.9'],
    ['latest', '1.35.2'],
  ])(
    'kubectl-version %s is %s',
    async (given, version) => {
      const { text, paths } = await setup({ 'kubectl-version': given });
      expect(text).toContain(`kubectl ${version}: installed`);
      expect(paths).toHaveLength(1);
    },
    30_000,
  );

  test('a version that is asked for is installed by the other commands too, once', async () => {
    const files = { 'app.yaml': deployment('plain'), ...base };
    const workspace = await site.workspace(files);
    const asked = { ...yc(), 'kubectl-version': '1.34.3', environment: 'production' };
    const both = { command: 'diff', manifests: 'app.yaml\napp/production' };
    const seen = await run({ ...asked, ...both }, { workspace });
    expect([seen.code, seen.outputs['status']]).toEqual([0, 'succeeded']);
    expect(seen.paths).toHaveLength(2);
    for (const tool of ['kubectl 1.34.3', 'yc 9.8.7']) {
      expect(seen.text.split(`${tool}: installed`)).toHaveLength(2);
    }
    const status = await run({ ...asked, command: 'status' });
    expect([status.code, status.paths.length]).toEqual([0, 2]);
    const none = { manifests: 'app.yaml', environment: 'production', 'kubectl-version': '1.34.99' };
    expect(code(await run(none, { workspace }))).toBe('tool-unavailable');
  }, 60_000);

  test('a kubeconfig’s cluster is asked for its version', async () => {
    const { 'yc-k8s-cluster-id': _, ...rest } = site.access;
    const none = Object.fromEntries(Object.keys(rest).map((name) => [name, '']));
    const own = { ...none, 'yc-k8s-cluster-id': '', 'yc-version': 'none' };
    for (const wanted of ['auto', 'match-cluster']) {
      const inputs = { ...own, kubeconfig: site.cluster.kubeconfig, 'kubectl-version': wanted };
      const matched = await run({ command: 'setup', ...inputs });
      expect(matched.text).toMatch(/kubectl 1\.34\.4: (installed|taken)/);
    }
    const unknown = await setup({ 'kubectl-version': 'match-cluster' });
    expect(code(unknown)).toBe('input-invalid');
  }, 60_000);
});

const base = {
  'app/base/kustomization.yaml': 'resources: [deep/web.yaml]\n',
  'app/base/deep/web.yaml': deployment('web'),
  'app/production/kustomization.yaml':
    'resources: [../base]\nnamePrefix: prod-\npatches: [{path: more.yaml}]\n',
  'app/production/more.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  paused: false\n',
};

/** A folder with a kubectl that leaves a trace when it is started. */
async function tracedKubectl() {
  const folder = await site.workspace({ kubectl: '' });
  const trace = join(folder, 'started');
  const program = `#!/bin/sh\necho "$*" >> '${trace}'\nexec '${real}' "$@"\n`;
  await writeFile(join(folder, 'kubectl'), program);
  await chmod(join(folder, 'kubectl'), 0o755);
  return { PATH: folder, started: async () => (await readdir(folder)).includes('started') };
}

describe('a kustomization', () => {
  const deploy = { manifests: 'app/production', environment: 'production' };

  test('is built by an installed kubectl where none is on PATH', async () => {
    const workspace = await site.workspace(base);
    const built = await run({ ...deploy, 'kubectl-version': 'match-cluster' }, { workspace });
    expect(built.text).toContain('kubectl 1.34.4: installed');
    expect([built.code, built.outputs['status']]).toEqual([0, 'deployed']);
    expect(built.paths).toHaveLength(1);
    const again = await run({ ...deploy, 'kubectl-version': 'none' }, { workspace });
    expect(code(again)).toBe('tool-unavailable');
    const wrong = { ...deploy, 'kubectl-version': 'match-cluster', 'yc-k8s-cluster-id': 'cat0' };
    const closed = JSON.parse(`${(await run(wrong, { workspace })).outputs['findings']}`);
    expect(closed).toMatchObject([{ code: 'input-invalid' }]);
  }, 60_000);

  test('shows a wrong field in the base’s or the patch’s own file and line', async () => {
    const { PATH } = await tracedKubectl();
    for (const [file, from, to, line] of [
      ['app/base/deep/web.yaml', 'image:', 'imagePulPolicy: Always\n          image:', 15],
      ['app/production/more.yaml', 'paused', 'pausd', 6],
    ] as const) {
      const workspace = await site.workspace({ ...base, [file]: base[file].replace(from, to) });
      const wrong = await run(deploy, { workspace, env: { PATH } });
      expect(code(wrong)).toBe('field-unknown');
      expect(wrong.stdout).toMatch(new RegExp(`^::error file=${file},line=${line},`, 'm'));
    }
  }, 60_000);

  test('names the file whose resource is missing', async () => {
    const { PATH } = await tracedKubectl();
    const broken = { ...base, 'app/base/kustomization.yaml': 'resources: [deep/none.yaml]\n' };
    const wrong = await run(deploy, { workspace: await site.workspace(broken), env: { PATH } });
    expect(code(wrong)).toBe('manifest-invalid');
    expect(wrong.stdout).toMatch(/^::error file=app\/base\/kustomization\.yaml,line=1,/m);
    expect(wrong.text).toContain('none.yaml');
  }, 60_000);

  test('may have a remote base on a push, and kubectl does not even start on a pull request', async () => {
    const remoteBase = 'resources:\n  - ../base\n  - https://github.com/evil/base//app?ref=v1\n';
    const workspace = await site.workspace({
      ...base,
      'app/production/kustomization.yaml': remoteBase,
    });
    const proposal = { eventName: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main' };
    const first = await tracedKubectl();
    const inputs = { ...deploy, command: 'diff' };
    const refused = await run(inputs, { workspace, ...proposal, env: { PATH: first.PATH } });
    expect(code(refused)).toBe('manifest-invalid');
    expect(refused.stdout).toMatch(/^::error file=app\/production\/kustomization\.yaml,line=3,/m);
    expect(await first.started()).toBe(false);
    const pushed = await run(inputs, { workspace, env: { PATH: first.PATH } });
    expect(await first.started()).toBe(true);
    expect(pushed.text).toContain('kubectl kustomize failed');
  }, 60_000);
});

describe('a manifest from an address', () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: remote}\ndata: {a: b}\n';
  const from = (path: string, digest = sha256(text)) =>
    run({ manifests: `https://${remote}${path}#sha256=${digest}`, environment: 'production' });

  beforeAll(() => {
    internet.host(remote, ({ path }) => {
      if (path === '/app.yaml') return { body: text };
      if (path === '/moved.yaml') return { status: 302, headers: { location: '/app.yaml' } };
      const location = `https://${elsewhere}/app.yaml`;
      return path === '/away.yaml' ? { status: 307, headers: { location } } : undefined;
    });
    internet.host(elsewhere, () => ({ body: text }));
  });

  test('is applied where its digest is right; nobody’s credentials go there', async () => {
    for (const path of ['/app.yaml', '/moved.yaml']) {
      const done = await from(path);
      expect([path, done.code]).toEqual([path, 0]);
    }
    const { body } = await site.cluster.api({
      path: `/api/v1/namespaces/${ns}/configmaps/remote`,
    });
    expect(body.data).toEqual({ a: 'b' });
    expect(internet.asked).toHaveLength(3);
    for (const { headers } of internet.asked) {
      expect([headers['authorization'], headers['cookie']]).toEqual([undefined, undefined]);
    }
  }, 60_000);

  test('is refused with another digest, none, by http, missing, or on another host', async () => {
    const other = await from('/app.yaml', sha256('another'));
    expect([other.code, code(other)]).toEqual([1, 'manifest-invalid']);
    expect(other.text).toContain(sha256(text));
    const away = await from('/away.yaml');
    expect(code(away)).toBe('manifest-invalid');
    expect(away.text).toContain(`redirects to ${elsewhere}`);
    expect(internet.asked.map(({ host }) => host)).not.toContain(elsewhere);
    expect(code(await from('/none.yaml'))).toBe('manifest-invalid');
    internet.asked.length = 0;
    for (const manifests of [
      `https://${remote}/app.yaml`,
      `http://${remote}/app.yaml#sha256=${sha256(text)}`,
      `https://ghs_token@${remote}/app.yaml#sha256=${sha256(text)}`,
    ]) {
      const refused = await run({ manifests, environment: 'production' });
      expect([refused.code, code(refused)]).toEqual([1, 'input-invalid']);
      expect(refused.text).not.toContain('ghs_token');
    }
    expect(internet.asked).toEqual([]);
  }, 60_000);
});
