// The runner's variables and payloads as they really come → the run's context.
import { describe, expect, test } from '@jest/globals';
import { branchOf, repositoryOf } from '../../src/core/context.ts';
import { mayRun } from '../../src/core/guard.ts';
import { runContext, terminalContext } from '../../src/entry/run-context.ts';

const env = {
  GITHUB_ACTIONS: 'true',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_BASE_REF: '',
  GITHUB_REPOSITORY: 'acme/shop',
  GITHUB_SHA: '1f3c',
  GITHUB_ACTOR: 'dev',
  GITHUB_RUN_ID: '42',
  GITHUB_SERVER_URL: 'https://ghe.example',
  GITHUB_WORKSPACE: '/work/shop',
  RUNNER_TEMP: '/work/temp',
};
const here = { workspace: '/cwd', temp: '/tmp' };

test('a push', () => {
  expect(runContext(env, {}, here)).toEqual({
    on: 'github',
    attempt: 1,
    apiUrl: 'https://api.github.com',
    event: 'push',
    ref: 'refs/heads/main',
    baseRef: '',
    repository: 'acme/shop',
    sha: '1f3c',
    defaultBranch: '',
    actor: 'dev',
    runUrl: 'https://ghe.example/acme/shop/actions/runs/42',
    fromFork: false,
    workspace: '/work/shop',
    temp: '/work/temp',
  });
});

test('the repository is known by its number, a renamed one too', () => {
  const known = runContext({ ...env, GITHUB_REPOSITORY_ID: '7' }, {}, here);
  expect(repositoryOf(known)).toEqual({
    server: 'https://ghe.example',
    id: '7',
    name: 'acme/shop',
  });
  const unnumbered = runContext({ ...env, GITHUB_REPOSITORY_ID: '7\n8' }, {}, here);
  expect(repositoryOf(unnumbered)).toEqual({ server: 'https://ghe.example', name: 'acme/shop' });
  expect(repositoryOf(terminalContext(here))).toBeUndefined();
});

test('a pull request says its base by the variable or by the payload', () => {
  const pull = { ...env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_BASE_REF: 'main' };
  expect(runContext(pull, {}, here).baseRef).toBe('main');
  const review = { ...env, GITHUB_EVENT_NAME: 'pull_request_review' };
  const payload = { pull_request: { base: { ref: 'develop' }, head: { ref: 'main' } } };
  expect(runContext(review, payload, here).baseRef).toBe('develop');
});

test('a push says the default branch and the commit’s time', () => {
  const payload = {
    repository: { default_branch: 'trunk' },
    head_commit: { timestamp: '2026-11-01T10:00:00+03:00' },
  };
  expect(runContext(env, payload, here)).toMatchObject({
    defaultBranch: 'trunk',
    commitTime: '2026-11-01T10:00:00+03:00',
  });
});

test('a pull request is its head commit, not the merge that GitHub makes', () => {
  const payload = { pull_request: { number: 7, head: { sha: 'abcd' } } };
  const pull = { ...env, GITHUB_EVENT_NAME: 'pull_request' };
  expect(runContext(pull, payload, here)).toMatchObject({ sha: 'abcd', pullRequest: 7 });
});

test('a terminal has no event, whatever its variables say', () => {
  const context = runContext({ ...env, GITHUB_ACTIONS: undefined }, { pull_request: {} }, here);
  expect(context).toEqual({
    on: 'terminal',
    attempt: 1,
    apiUrl: '',
    event: '',
    ref: '',
    baseRef: '',
    repository: '',
    sha: '',
    defaultBranch: '',
    actor: '',
    runUrl: '',
    fromFork: false,
    ...here,
  });
});

describe('workflow_run', () => {
  const started = { ...env, GITHUB_EVENT_NAME: 'workflow_run' };
  const payload = (head: unknown) => ({
    repository: { full_name: 'acme/shop' },
    workflow_run: { event: 'pull_request', head_repository: head },
  });
  test.each([
    ['its own repository', payload({ full_name: 'acme/shop' }), false],
    ['its own repository in another case', payload({ full_name: 'Acme/Shop' }), false],
    ['a fork', payload({ full_name: 'mallory/shop' }), true],
    ['a deleted fork', payload(null), true],
    ['a fork of a strange form', payload({ full_name: ['acme/shop'] }), true],
    ['nobody knows whom', undefined, true],
  ])('started by %s', (_, event, fork) => {
    const context = runContext(started, event, here);
    expect(context.fromFork).toBe(fork);
    expect(mayRun(context, true)).toHaveLength(fork ? 1 : 0);
  });
  test('the payload of another event never makes a fork', () => {
    expect(runContext(env, payload({ full_name: 'mallory/shop' }), here).fromFork).toBe(false);
  });
});

describe('a pull request', () => {
  const pull = { ...env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_SHA: 'aaaa' };
  const payload = (repo: unknown, more: object = {}) => ({
    action: 'synchronize',
    repository: { full_name: 'acme/shop' },
    pull_request: { number: 7, head: { sha: 'bbbb', repo }, ...more },
  });
  const own = { full_name: 'Acme/Shop' };

  test.each([
    ['its own repository', payload(own), false],
    ['a fork', payload({ full_name: 'mallory/shop' }), true],
    ['a fork that is gone', payload(null), true],
  ])('from %s', (_, event, fork) => {
    expect(runContext(pull, event, here).fromFork).toBe(fork);
    const review = { ...pull, GITHUB_EVENT_NAME: 'pull_request_review' };
    expect(runContext(review, event, here).fromFork).toBe(fork);
  });

  test('that was merged is what it was merged to', () => {
    const event = { ...payload({ full_name: 'mallory/shop' }, { merged: true }), action: 'closed' };
    expect(runContext(pull, event, here)).toMatchObject({ merged: true, sha: 'aaaa' });
  });

  test.each([
    ['is closed without a merge', { ...payload(own, { merged: false }), action: 'closed' }],
    ['was merged and is edited since', { ...payload(own, { merged: true }), action: 'edited' }],
    ['says so in another form', { ...payload(own, { merged: 'true' }), action: 'closed' }],
  ])('that %s counts as open', (_, event) => {
    const context = runContext(pull, event, here);
    expect(context).toMatchObject({ sha: 'bbbb' });
    expect(context.merged).toBeUndefined();
  });
});

test('a merge queue says its base in full', () => {
  const queue = { ...env, GITHUB_EVENT_NAME: 'merge_group' };
  const payload = { merge_group: { base_ref: 'refs/heads/develop' } };
  expect(runContext(queue, payload, here).baseRef).toBe('develop');
});

test('a comment says who wrote it, and who changed it since', () => {
  const comment = { ...env, GITHUB_EVENT_NAME: 'issue_comment' };
  const people = (payload: unknown) => runContext(comment, payload, here).people;
  const by = (login: unknown) => ({ user: { login } });
  expect(people({ comment: by('mallory'), sender: { login: 'mallory' } })).toEqual(['mallory']);
  const edited = { comment: by('mallory'), sender: { login: 'octocat' } };
  expect(people(edited)).toEqual(['mallory', 'octocat']);
  expect(people({ comment: by(['octocat']), sender: { login: 'octocat' } })).toEqual([]);
  expect(people({})).toEqual([]);
});

test('the pull request, of its own events and of a comment on it', () => {
  const of = (payload: unknown) => runContext(env, payload, here).pullRequest;
  expect(of({ pull_request: { number: 12 } })).toBe(12);
  expect(of({ issue: { number: 13, pull_request: { url: 'x' } } })).toBe(13);
  expect(of({ issue: { number: 14 } })).toBeUndefined();
});

describe('the branch of a commit', () => {
  const of = (event: string, ref: string, payload: unknown = {}) =>
    branchOf(runContext({ ...env, GITHUB_EVENT_NAME: event, GITHUB_REF: ref }, payload, here));

  test.each([
    ['push', 'refs/heads/feature/a', 'feature/a'],
    ['push', 'refs/tags/v1', 'refs/tags/v1'],
    ['workflow_dispatch', 'refs/heads/main', 'main'],
    ['schedule', 'refs/heads/main', 'main'],
    ['release', 'refs/tags/v1', 'refs/tags/v1'],
    ['pull_request', 'refs/pull/12/merge', 'refs/pull/12/merge'],
  ])('%s on %s is %s', (event, ref, branch) => {
    expect(of(event, ref)).toBe(branch);
  });

  test('of a pull request that is being merged is the branch that it was merged to', () => {
    const payload = { action: 'closed', pull_request: { merged: true, number: 12 } };
    expect(of('pull_request', 'refs/heads/main', payload)).toBe('main');
  });

  test.each(['workflow_run', 'repository_dispatch', 'issue_comment', 'pull_request_target'])(
    'is not known on %s, whose commit is the default branch, whatever is checked out',
    (event) => {
      expect(of(event, 'refs/heads/main')).toBeUndefined();
    },
  );

  test('is not known on a terminal, of no ref, and of one that no Git has', () => {
    expect(branchOf(terminalContext(here))).toBeUndefined();
    expect(of('push', '')).toBeUndefined();
    expect(of('push', `refs/heads/${'a'.repeat(300)}`)).toBeUndefined();
  });
});
