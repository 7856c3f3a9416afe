// The runner's variables and payloads as they really come → the run's context.
import { describe, expect, test } from '@jest/globals';
import { repositoryOf } from '../src/context.ts';
import { mayRun } from '../src/guard.ts';
import { runContext, terminalContext } from '../src/run-context.ts';

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
    expect(mayRun(context)).toHaveLength(fork ? 1 : 0);
  });
  test('the payload of another event never makes a fork', () => {
    expect(runContext(env, payload({ full_name: 'mallory/shop' }), here).fromFork).toBe(false);
  });
});

test('the pull request, of its own events and of a comment on it', () => {
  const of = (payload: unknown) => runContext(env, payload, here).pullRequest;
  expect(of({ pull_request: { number: 12 } })).toBe(12);
  expect(of({ issue: { number: 13, pull_request: { url: 'x' } } })).toBe(13);
  expect(of({ issue: { number: 14 } })).toBeUndefined();
});
