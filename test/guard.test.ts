// Who may run it: the event table, and what a pull request's files must not start.
import { describe, expect, test } from '@jest/globals';
import { checkKubeconfig, isUntrusted, isWithin, mayRun } from '../src/guard.ts';
import { run } from './run.ts';

describe('events', () => {
  test.each([
    'push',
    'workflow_dispatch',
    'schedule',
    'release',
    'pull_request',
    'merge_group',
    'workflow_run',
    'workflow_call',
    '',
  ])('%j may run', (event) => {
    expect(mayRun(run({ event }))).toEqual([]);
  });
  test.each([
    run({ event: 'pull_request_target' }),
    run({ event: 'pull_request_target', fromFork: true }),
    run({ event: 'workflow_run', fromFork: true }),
  ])('$event, from a fork: $fromFork, is refused', (context) => {
    expect(mayRun(context)).toEqual([
      expect.objectContaining({ code: 'event-refused', severity: 'fatal' }),
    ]);
  });
  test.each([
    ['pull_request', true],
    ['pull_request_target', true],
    ['pull_request_review', true],
    ['pull_request_review_comment', true],
    ['issue_comment', true],
    ['push', false],
    ['workflow_run', false],
    ['pull_requests', false],
    ['', false],
  ])('%s brings untrusted files: %s', (event, expected) => {
    expect(isUntrusted(run({ event }))).toBe(expected);
  });
});

describe('a kubeconfig of the workspace that starts programs', () => {
  const file = {
    path: '/checkout/shop/kube/config',
    workspace: '/checkout/shop',
    startsPrograms: true,
  };
  const proposal = run({ event: 'pull_request' });
  test('is refused on a pull request', () => {
    expect(checkKubeconfig(proposal, file)).toEqual([
      expect.objectContaining({ code: 'event-refused', severity: 'fatal' }),
    ]);
  });
  test('is not on a push, nor outside the workspace, nor with a token', () => {
    expect(checkKubeconfig(run(), file)).toEqual([]);
    expect(checkKubeconfig(proposal, { ...file, path: '/home/me/.kube/config' })).toEqual([]);
    expect(checkKubeconfig(proposal, { ...file, startsPrograms: false })).toEqual([]);
  });
  test.each([
    ['/checkout/shop', '/checkout/shop', true],
    ['/checkout/shop/x', '/checkout/shop/', true],
    ['/checkout/shopping/x', '/checkout/shop', false],
    ['/checkout', '/checkout/shop', false],
    ['D:\\a\\shop\\x', 'D:\\a\\shop', true],
    ['/x', '', false],
  ])('%s within %s: %s', (path, folder, expected) => {
    expect(isWithin(path, folder)).toBe(expected);
  });
});
