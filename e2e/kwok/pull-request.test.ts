// Who may do what: pull requests, other events, and text that somebody else has written.
import { existsSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kubeconfigText } from '../cluster/kubeconfig.ts';
import { readCommands } from '../runner/commands.ts';
import type { ActionOptions } from '../runner/run-action.ts';
import { shownMasks } from '../runner/secrecy.ts';
import { deployment, openSite, type Run, type Site } from '../site.ts';

let site: Site;

beforeAll(async () => {
  site = await openSite();
  await site.cluster.kubectl(['create', 'namespace', 'shop']);
}, 900_000);

afterAll(() => site?.stop());

type Inputs = Readonly<Record<string, string>>;

async function run(inputs: Inputs, options: Partial<ActionOptions>): Promise<Run> {
  const result = await site.run({ namespace: 'shop', ...inputs }, options);
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
  const config = JSON.parse(kubeconfigText({ server, caPem, namespace: 'shop' }));
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

describe('events', () => {
  const about = (full_name: string | undefined) => ({
    repository: { full_name: 'acme/shop' },
    workflow_run: { head_branch: 'main', head_repository: full_name ? { full_name } : null },
  });
  const inputs = { command: 'diff', environment: 'production' };

  test.each<[string, Partial<ActionOptions>]>([
    ['a workflow_run of a fork', { eventName: 'workflow_run', event: about('mallory/shop') }],
    ['one of a fork that is gone', { eventName: 'workflow_run', event: about(undefined) }],
    ['one that says nothing', { eventName: 'workflow_run', event: {} }],
    ['pull_request_target', { eventName: 'pull_request_target', baseRef: 'main' }],
  ])(
    '%s is refused before anything is asked for',
    async (_, options) => {
      const asked = site.yandex.requests.length;
      const refused = await run(inputs, { workspace: await site.workspace(overlays), ...options });
      expect([refused.code, code(refused)]).toEqual([1, 'event-refused']);
      expect(site.yandex.requests.length).toBe(asked);
    },
    30_000,
  );

  test('a workflow_run of the own repository deploys what it names', async () => {
    const options = { eventName: 'workflow_run', event: about('Acme/Shop') };
    const done = await run(inputs, { workspace: await site.workspace(overlays), ...options });
    expect([done.code, objects(done)]).toEqual([0, ['Deployment/prod']]);
  }, 30_000);
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
