// What release.yml publishes and moves, against GitHub's rules.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  checkApp,
  checkTag,
  commandText,
  moveMajor,
  preflight,
  publish,
  standing,
  versionOf,
} from '../../scripts/release.ts';
import {
  type FakeGitHub,
  type GitHubState,
  newState,
  startGitHub,
} from '../support/github-releases.ts';

const root = join(import.meta.dirname, '..', '..');
const repository = 'acme/ships';
const token = 'a-token-of-the-app';
const sha = 'c'.repeat(40);
const older = 'b'.repeat(40);
const packageText = JSON.stringify({ version: '1.2.3', repository: `github:${repository}` });

const open: FakeGitHub[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const github of open.splice(0)) await github.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function api(state: GitHubState, given = token) {
  const github = await startGitHub(state, { repository, token });
  open.push(github);
  return { url: github.url, token: given, repository };
}

const files = [{ name: 'webgen-deploy-v1.2.3.tar.gz', bytes: new Uint8Array([1, 2]) }];
const release = { tag: 'v1.2.3', sha };
const tags = (...names: readonly string[]) => new Map(names.map((name) => [name, older]));

describe('the tag', () => {
  const good = { repository, tag: 'v1.2.3', packageText, branches: ['main'] };

  test.each([
    ['on main', {}],
    ['a repository that is spelled in capitals', { repository: 'Acme/Ships' }],
    ['a backport to the major', { branches: ['feature', 'release/v1'] }],
    ['a backport to the minor', { branches: ['release/v1.2'] }],
  ])('is good: %s', (_, change) => {
    expect(() => checkTag({ ...good, ...change })).not.toThrow();
  });

  test.each([
    ['another repository', { repository: 'mallory/ships' }, 'repository is mallory/ships'],
    ['a fork of another name', { repository: 'acme/ships-2' }, '"github:acme/ships-2"'],
    ['another version', { tag: 'v1.2.4' }, 'git tag v1.2.3'],
    ['no version', { tag: 'v1.2.3-rc.1' }, 'The tag is v1.2.3-rc.1'],
    ['a feature branch', { branches: ['feature'] }, 'main, release/v1, release/v1.2'],
    ['no branch', { branches: [] }, 'is on none of the branches'],
    ["another major's branch", { branches: ['release/v2', 'release/v1.3'] }, 'on none of'],
    ['a branch that begins alike', { branches: ['main-2', 'release/v1.2.3'] }, 'on none of'],
  ])('is refused: %s', (_, change, message) => {
    expect(() => checkTag({ ...good, ...change })).toThrow(message);
  });
});

describe('the app', () => {
  test('is complete with both', () => {
    expect(() => checkApp({ client: 'true', key: 'true' })).not.toThrow();
  });

  test.each([
    ['false', 'true', 'the variable RELEASE_APP_CLIENT_ID. Nothing'],
    ['true', 'false', 'the secret RELEASE_APP_PRIVATE_KEY. Nothing'],
    ['', '', 'RELEASE_APP_CLIENT_ID and the secret RELEASE_APP_PRIVATE_KEY. Nothing'],
  ])('with %s and %s says what is missing, and where it is explained', (client, key, message) => {
    expect(() => checkApp({ client, key })).toThrow(message);
    expect(() => checkApp({ client, key })).toThrow('docs/releasing.md');
  });
});

describe('versions', () => {
  test.each([
    ['v1.2.3', [1, 2, 3]],
    ['v0.0.0', [0, 0, 0]],
    ['v1.2', undefined],
    ['v1', undefined],
    ['v01.2.3', undefined],
    ['v1.2.3-rc.1', undefined],
    ['v1.2.3\nv9.9.9', undefined],
    ['v1.2.9999999999', undefined],
  ])('%j', (tag, wanted) => {
    expect(versionOf(tag)).toEqual(wanted);
  });

  test.each([
    ['first', 'v1.0.0', ['v1.0.0'], [true, true, undefined]],
    ['newest', 'v1.10.0', ['v1.9.9', 'v1.10.0', 'v1', 'v1.11'], [true, true, undefined]],
    ['backport within the major', 'v1.2.4', ['v1.3.0', 'v1.10.0'], [false, false, 'v1.10.0']],
    ['newest of an older major', 'v1.3.1', ['v1.3.0', 'v2.0.0'], [false, true, 'v2.0.0']],
    ['backport of an older major', 'v1.2.4', ['v1.3.0', 'v2.0.0'], [false, false, 'v1.3.0']],
    ['first of a new major', 'v2.0.0', ['v1.3.0'], [true, true, undefined]],
    [
      'beside what is no version',
      'v1.0.0',
      ['v9', 'vNext', 'v2.0.0-rc.1'],
      [true, true, undefined],
    ],
  ])('%s', (_, tag, all, [newest, newestOfMajor, above]) => {
    expect(standing(tag, all)).toEqual({ newest, newestOfMajor, above });
  });
});

describe('before anything is published', () => {
  test('a repository with immutable releases and an unmoved tag is good', async () => {
    const state = newState({ tags: new Map([['v1.2.3', sha]]) });
    expect(await preflight(await api(state), release)).toContain('immutable');
  });

  test('an annotated tag is followed to its commit', async () => {
    const object = 'd'.repeat(40);
    const state = newState({
      tags: new Map([['v1.2.3', object]]),
      annotated: new Map([[object, sha]]),
    });
    expect(await preflight(await api(state), release)).toContain('immutable');
  });

  test.each<[string, Partial<GitHubState>, string]>([
    ['mutable releases', { immutable: false }, 'gh api --method PUT repos/acme/ships/immutable-'],
    [
      'the right of GITHUB_TOKEN alone',
      { permissions: { contents: 'write' } },
      'Administration: read',
    ],
    ['a tag that moved', { tags: tags('v1.2.3') }, `points to ${older} now`],
    ['a tag that is gone', { tags: new Map() }, 'did not show the tag v1.2.3: 404'],
  ])('%s ends the run, and nothing was written', async (_, change, message) => {
    const state = newState({ tags: new Map([['v1.2.3', sha]]), ...change });
    await expect(preflight(await api(state), release)).rejects.toThrow(message);
    expect(state.calls.filter((each) => !each.startsWith('GET '))).toEqual([]);
  });

  test('a token that GitHub does not know ends it with its answer', async () => {
    const run = preflight(await api(newState(), 'another'), release);
    await expect(run).rejects.toThrow('401 Bad credentials');
  });
});

describe('publishing', () => {
  test('makes a draft with its files, then one publication, and it is the latest', async () => {
    const state = newState({ tags: tags('v1.2.3', 'v1.2.2') });
    const text = await publish(await api(state), release, files);
    expect(text).toContain('is the latest');
    expect(state.latest).toBe('v1.2.3');
    expect(state.releases).toMatchObject([
      { tag_name: 'v1.2.3', draft: false, immutable: true, assets: [files[0]?.name] },
    ]);
    expect(state.calls.filter((each) => !each.startsWith('GET '))).toEqual([
      'POST releases',
      'POST upload/1',
      'PATCH releases/1',
    ]);
  });

  test.each([
    ['within the major', tags('v1.2.3', 'v1.3.0')],
    ['of an older major', tags('v1.2.3', 'v2.0.0')],
  ])('a backport %s does not become the latest', async (_, all) => {
    const state = newState({ tags: all, latest: 'the newest' });
    expect(await publish(await api(state), release, files)).toContain('backport');
    expect(state.latest).toBe('the newest');
  });

  test('every page of the tags counts', async () => {
    const state = newState({ tags: tags('v1.2.3', 'v1.2.1', 'v1.9.0'), perPage: 1 });
    expect(await publish(await api(state), release, files)).toContain('backport');
  });

  test('run again it leaves a published release as it is', async () => {
    const state = newState({ tags: tags('v1.2.3') });
    const to = await api(state);
    await publish(to, release, files);
    const before = structuredClone(state.releases);
    expect(await publish(to, release, files)).toContain('by an earlier run');
    expect(state.releases).toEqual(before);
  });

  test('the draft of a run that broke off is made anew', async () => {
    const half = { id: 1, tag_name: 'v1.2.3', draft: true, immutable: false, assets: ['half'] };
    const other = { ...half, id: 2, tag_name: 'v1.2.2' };
    const state = newState({ tags: tags('v1.2.3'), releases: [half, other] });
    await publish(await api(state), release, files);
    expect(state.releases.map(({ tag_name, assets }) => [tag_name, assets])).toEqual([
      ['v1.2.2', ['half']],
      ['v1.2.3', [files[0]?.name]],
    ]);
  });

  test('a release that can still be changed fails, now and when it is run again', async () => {
    const state = newState({ tags: tags('v1.2.3'), immutable: false });
    const to = await api(state);
    await expect(publish(to, release, files)).rejects.toThrow('gh release delete v1.2.3');
    await expect(publish(to, release, files)).rejects.toThrow('gh release delete v1.2.3');
  });

  test('the token goes to GitHub alone', async () => {
    const state = newState({ tags: tags('v1.2.3'), uploadTo: 'http://127.0.0.1:9' });
    await expect(publish(await api(state), release, files)).rejects.toThrow('not its own');
    expect(state.releases).toMatchObject([{ draft: true }]);
  });

  test('without the right to write, nothing is there afterwards', async () => {
    const state = newState({ permissions: { contents: 'read' }, tags: tags('v1.2.3') });
    await expect(publish(await api(state), release, files)).rejects.toThrow('403');
    expect(state.releases).toEqual([]);
  });
});

describe('the major tag', () => {
  const differs = new Set([sha]);

  test('moves to the newest, other workflow files too', async () => {
    const state = newState({ tags: tags('v1', 'v1.2.3'), otherWorkflows: differs });
    expect(await moveMajor(await api(state), release)).toContain('v1 is v1.2.3 now');
    expect(state.tags.get('v1')).toBe(sha);
  });

  test('is made by the first release', async () => {
    const state = newState({ tags: tags('v1.2.3') });
    expect(await moveMajor(await api(state), release)).toContain('v1 is new');
    expect(state.tags.get('v1')).toBe(sha);
  });

  test('moves to the newest of an older major', async () => {
    const state = newState({ tags: tags('v1', 'v1.2.3', 'v2.0.0', 'v2') });
    await moveMajor(await api(state), release);
    expect([state.tags.get('v1'), state.tags.get('v2')]).toEqual([sha, older]);
  });

  test('stays where it is for a backport', async () => {
    const state = newState({ tags: tags('v1', 'v1.2.3', 'v1.3.0') });
    expect(await moveMajor(await api(state), release)).toContain('v1.3.0 is newer');
    expect(state.tags.get('v1')).toBe(older);
    expect(state.calls.filter((each) => !each.startsWith('GET '))).toEqual([]);
  });

  test.each<[string, Partial<GitHubState>, string]>([
    [
      'a bare 403 for other workflow files',
      { permissions: { contents: 'write' }, otherWorkflows: differs },
      'Workflows: write',
    ],
    ['the ruleset of the tags', { tagRuleset: true }, 'Cannot update this protected ref'],
  ])(
    '%s is a failure that says what to change and that a re-run ends it',
    async (_, change, text) => {
      const state = newState({ tags: tags('v1', 'v1.2.3'), ...change });
      const run = moveMajor(await api(state), release);
      await expect(run).rejects.toThrow(text);
      await expect(moveMajor(await api(state), release)).rejects.toThrow('Re-run this job');
      expect(state.tags.get('v1')).toBe(older);
    },
  );
});

/** A commit that only `branch` of origin has. */
function commitOn(folder: string, branch: string): string {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const author = ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com'];
  git('init', '--quiet');
  git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'first');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  git('update-ref', 'refs/remotes/origin/release/v1', 'HEAD');
  git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'released');
  git('update-ref', `refs/remotes/origin/${branch}`, 'HEAD');
  return git('rev-parse', 'HEAD');
}

/** The script as release.yml starts it: by itself, without any package. */
async function script(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  branch?: string,
) {
  const folder = mkdtempSync(join(tmpdir(), 'webgen-release-'));
  folders.push(folder);
  for (const name of ['release.ts', 'project.ts']) {
    cpSync(join(root, 'scripts', name), join(folder, 'scripts', name));
  }
  writeFileSync(join(folder, 'package.json'), packageText.replace('{', '{"type":"module",'));
  writeFileSync(join(folder, 'bundle.tar.gz'), 'bundle');
  const child = spawn(process.execPath, ['scripts/release.ts', ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      GITHUB_REPOSITORY: repository,
      GITHUB_REF_NAME: 'v1.2.3',
      GITHUB_SHA: branch === undefined ? sha : commitOn(folder, branch),
      ...env,
    },
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, text };
}

describe('the script', () => {
  test('publishes and moves without any package, and never prints its token', async () => {
    const state = newState({ tags: new Map([['v1.2.3', sha]]) });
    const { url } = await api(state);
    const env = { GITHUB_API_URL: url, RELEASE_TOKEN: token };
    for (const args of [['preflight'], ['publish', 'bundle.tar.gz'], ['move']]) {
      const done = await script(args, env);
      expect([args, done.code, done.text]).toEqual([args, 0, expect.stringMatching(/^::notice::/)]);
      expect(done.text).not.toContain(token);
    }
    expect(state.releases).toMatchObject([{ immutable: true, assets: ['bundle.tar.gz'] }]);
    expect(state.tags.get('v1')).toBe(sha);
  });

  test.each<[string, string, Readonly<Record<string, string>>, number, string]>([
    ['main', 'main', {}, 0, 'v1.2.3 may be released'],
    ['a branch of backports', 'release/v1.2', {}, 0, 'v1.2.3 may be released'],
    ['a feature branch', 'feature', {}, 1, 'on none of the branches'],
    ['another repository', 'main', { GITHUB_REPOSITORY: 'mallory/ships' }, 1, 'mallory/ships'],
    ['another tag', 'main', { GITHUB_REF_NAME: 'v1.2.4' }, 1, 'git tag v1.2.3'],
  ])('asks git what has the commit: %s', async (_, branch, env, wanted, message) => {
    const { code, text } = await script(['check'], env, branch);
    expect([code, text]).toEqual([wanted, expect.stringContaining(message)]);
  });

  test.each([
    [['app'], 'RELEASE_APP_CLIENT_ID and the secret RELEASE_APP_PRIVATE_KEY'],
    [['app-refused'], 'Workflows: write'],
    [['preflight'], 'GITHUB_API_URL is empty'],
    [['constructor'], 'is none of'],
    [[], 'is none of'],
  ])('%j alone is an error of one line', async (args, message) => {
    const { code, text } = await script(args, {});
    expect(code).toBe(1);
    expect(text).toMatch(/^::error title=Release::[^\n]+\n$/);
    expect(text).toContain(message);
  });

  test('nothing in a message starts a command of its own', () => {
    expect(commandText('100%\r\n::error::x')).toBe('100%25%0D%0A::error::x');
  });
});

describe('release.yml', () => {
  interface Step {
    readonly name: string;
    readonly id?: string;
    readonly if?: string;
    readonly uses?: string;
    readonly run?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly with?: Readonly<Record<string, string>>;
  }
  interface Job {
    readonly needs?: string;
    readonly steps: readonly Step[];
    readonly permissions: Readonly<Record<string, string>>;
    readonly environment?: { readonly name: string };
  }
  const text = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
  const { jobs } = parse(text) as { readonly jobs: Readonly<Record<'verify' | 'publish', Job>> };
  const at = (job: Job, what: string) =>
    job.steps.findIndex(({ run = '', uses = '' }) => `${run}${uses}`.includes(what));

  test('asks whose repository it is before it installs or builds anything', () => {
    const { verify, publish: second } = jobs;
    expect(at(verify, 'release.ts check')).toBeLessThan(at(verify, 'npm '));
    expect(verify.permissions).toEqual({ contents: 'read' });
    expect(second.needs).toBe('verify');
  });

  test('attests and publishes after app, token and immutability were looked at', () => {
    const order = [
      'release.ts app',
      'actions/create-github-app-token@',
      'release.ts preflight',
      'actions/attest@',
      'release.ts publish',
      'release.ts move',
    ].map((what) => at(jobs.publish, what));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const conditions = jobs.publish.steps.flatMap((step) => (step.if ? [step] : []));
    expect(conditions).toMatchObject([
      {
        if: "${{ failure() && steps.app.outcome == 'failure' }}",
        run: 'node scripts/release.ts app-refused',
      },
    ]);
  });

  test("gives the key to the token's step, and the token to three steps, of one environment", () => {
    const { steps, environment } = jobs.publish;
    expect(environment?.name).toBe('release');
    const holders = steps.filter((step) => /secrets\.\w+ \}\}/.test(JSON.stringify(step)));
    expect(holders.map(({ id }) => id)).toEqual(['app']);
    expect(holders[0]?.with).toEqual({
      'client-id': '${{ vars.RELEASE_APP_CLIENT_ID }}',
      'private-key': '${{ secrets.RELEASE_APP_PRIVATE_KEY }}',
      'permission-administration': 'read',
      'permission-contents': 'write',
      'permission-workflows': 'write',
    });
    const users = steps.filter(({ env }) => env?.['RELEASE_TOKEN'] !== undefined);
    expect(users.map(({ run = '' }) => run.split(' ')[2])).toEqual([
      'preflight',
      'publish',
      'move',
    ]);
    expect(jobs.verify.steps.filter((step) => JSON.stringify(step).includes('secrets.'))).toEqual(
      [],
    );
  });

  test('installs nothing where it can publish', () => {
    expect(jobs.publish.steps.filter(({ run = '' }) => /\bnpm\b|\bnpx\b/.test(run))).toEqual([]);
  });
});
