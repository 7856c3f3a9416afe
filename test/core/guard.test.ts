// Who may run it: the event table, and what a pull request's files must not start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../src/core/context.ts';
import {
  asksForPeople,
  checkKubeconfig,
  isUntrusted,
  isWithin,
  knownEvents,
  mayRun,
  refuseRunner,
} from '../../src/core/guard.ts';
import { run } from '../support/run.ts';

const refused = [expect.objectContaining({ code: 'event-refused', severity: 'fatal' })];

describe('events', () => {
  const fork = { fromFork: true };
  // Event, what else is known of it, whether it may compare and write, whether its files are foreign.
  test.each<[string, Partial<RunContext>, boolean, boolean, boolean]>([
    ['push', {}, true, true, false],
    ['workflow_dispatch', {}, true, true, false],
    ['schedule', {}, true, true, false],
    ['release', {}, true, true, false],
    ['repository_dispatch', {}, true, true, false],
    ['workflow_run', {}, true, true, false],
    ['workflow_run', { startedBy: 'push' }, true, true, false],
    ['workflow_run', { startedBy: 'pull_request' }, true, true, false],
    ['workflow_run', { startedBy: 'issue_comment' }, false, false, true],
    ['workflow_run', { startedBy: 'workflow_run' }, false, false, true],
    ['workflow_run', { startedBy: 'pull_request_target' }, false, false, true],
    ['workflow_run', fork, false, false, true],
    ['pull_request', {}, true, true, true],
    ['pull_request', fork, true, false, true],
    ['pull_request', { merged: true }, true, true, false],
    ['pull_request', { merged: true, ...fork }, true, true, false],
    ['pull_request_review', {}, true, false, true],
    ['pull_request_review', fork, true, false, true],
    ['pull_request_review_comment', {}, true, false, true],
    ['merge_group', {}, true, false, true],
    ['issue_comment', {}, true, true, true],
    ['pull_request_target', {}, false, false, true],
    ['pull_request_target', { merged: true }, false, false, true],
    ['issues', {}, false, false, true],
    ['fork', {}, false, false, true],
    ['watch', {}, false, false, true],
    ['discussion_comment', {}, false, false, true],
    ['workflow_call', {}, false, false, true],
    ['pull_requests', {}, false, false, true],
    ['constructor', {}, false, false, true],
    ['', {}, false, false, true],
  ])(
    '%s %j: compares %s, writes %s, foreign files %s',
    (event, more, compares, writes, foreign) => {
      const context = run({ event, ...more });
      expect(mayRun(context, false)).toEqual(compares ? [] : refused);
      expect(mayRun(context, true)).toEqual(writes ? [] : refused);
      expect(isUntrusted(context)).toBe(foreign);
      expect(asksForPeople(context)).toBe(event === 'issue_comment');
    },
  );

  test('every row of the table is in the reference', () => {
    const page = readFileSync(
      join(import.meta.dirname, '..', '..', 'docs', 'reference', 'events.md'),
      'utf8',
    );
    for (const event of knownEvents) expect(page).toContain(`\`${event}\``);
  });

  test('a terminal has no event, and no stranger', () => {
    const context = run({ on: 'terminal', event: '' });
    expect(mayRun(context, true)).toEqual([]);
    expect(isUntrusted(context)).toBe(false);
  });
});

describe('a kubeconfig of the workspace', () => {
  const file = { isForeign: true, startsPrograms: true, outside: [] };
  const proposal = run({ event: 'pull_request' });
  test('that starts programs, or reaches beyond it, is refused on a pull request', () => {
    expect(checkKubeconfig(proposal, file)).toEqual(refused);
    const both = { ...file, outside: ['tokenFile: ../token'] };
    expect(checkKubeconfig(proposal, both)).toMatchObject([
      { code: 'event-refused', severity: 'fatal', evidence: [] },
      { code: 'event-refused', severity: 'fatal', evidence: ['tokenFile: ../token'] },
    ]);
    expect(checkKubeconfig(run({ event: 'merge_group' }), both)).toHaveLength(2);
  });
  test('is not on a push, nor outside the workspace, nor with a token', () => {
    expect(checkKubeconfig(run(), { ...file, outside: ['tokenFile: ../token'] })).toEqual([]);
    expect(checkKubeconfig(proposal, { ...file, isForeign: false })).toEqual([]);
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

describe('the runner', () => {
  test.each([
    ['Windows', 'win32'],
    ['Windows', 'linux'],
    [undefined, 'win32'],
    ['macOS', 'darwin'],
    [undefined, 'darwin'],
  ] as const)('%s on %s is refused, and what works is said', (runnerOs, platform) => {
    expect(refuseRunner(runnerOs, platform)).toMatchObject({
      code: 'runner-unsupported',
      severity: 'fatal',
      what: expect.stringMatching(/ a runner of (?:Windows|macOS)\.$/),
      hint: expect.stringContaining('runs-on: ubuntu-24.04'),
    });
  });

  test.each(['Linux', undefined, '', 'something ::error::'])('%s on linux may go on', (runnerOs) =>
    expect(refuseRunner(runnerOs, 'linux')).toBeUndefined(),
  );
});
