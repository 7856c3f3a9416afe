// Which events start a run and where it goes, and what the token of each job may do.
import { describe, expect, test } from '@jest/globals';
import { grantedTo, startFaults } from '../../../e2e/support/runner/rules/permissions.ts';
import { schedule } from '../../../e2e/support/runner/rules/schedule.ts';
import { readWorkflow } from '../../../e2e/support/runner/rules/workflow.ts';
import type { Event } from '../../../e2e/support/runner/rules/world.ts';
import {
  callersBefore,
  files,
  forms,
  formsNow,
  hubBefore,
  hubNow,
  worldOf,
} from '../../../e2e/support/runner/rules/worlds.ts';

/** Where the jobs of a run go: each environment asks for an approval by its name. */
const everywhere = {
  environments: Object.fromEntries(
    ['production', 'staging', 'pr-check'].map((name) => [name, { reviewers: true }]),
  ),
};

describe('of a repository whose default branch is master', () => {
  test('the callers before are not started by a push to it, without a word', () => {
    const before = worldOf(callersBefore(), hubBefore(), everywhere);
    const push: Event = { name: 'push', ref: 'refs/heads/master' };
    const { log } = schedule(before, [{ run: 'A', workflow: 'deploy', event: push }]);
    expect(log).toEqual(['A is not started']);
  });

  describe.each(forms)('%s', (form) => {
    const branches = { production: 'master', staging: 'develop' };
    const world = worldOf(formsNow({}, branches)[form], hubNow(), everywhere);
    const start = (workflow: string, event: Event) =>
      Object.entries(schedule(world, [{ run: 'A', workflow, event }]).states).map(
        ([path, state]) => `${path.split('/').at(-1)}: ${state}`,
      );

    test.each([
      ['push', 'refs/heads/master', 'production'],
      ['push', 'refs/heads/develop', 'staging'],
    ] as const)('a %s of %s goes to %s', (name, ref, environment) => {
      expect(start('deploy', { name, ref })).toContain(
        `build: waits for approval of ${environment}`,
      );
    });

    test('a push of any other branch starts nothing', () => {
      expect(start('deploy', { name: 'push', ref: 'refs/heads/main' })).toEqual([]);
    });

    test('the check reports in a merge queue, without a preview', () => {
      const states = start('pr-check', {
        name: 'merge_group',
        ref: 'refs/heads/gh-readonly-queue/master/pr-7',
      });
      expect(states).toEqual(
        expect.arrayContaining(['A: success', 'manifests: success', 'preview: skipped']),
      );
    });

    test.each(['fork', 'dependabot'] as const)(
      'neither does one of a %s have a preview',
      (from) => {
        const event = {
          name: 'pull_request',
          ref: 'refs/pull/7/merge',
          baseRef: 'master',
        } as const;
        expect(start('pr-check', { ...event, from })).toEqual(
          expect.arrayContaining(['A: success', 'preview: skipped']),
        );
        expect(start('pr-check', event)).toContain('preview: waits for approval of pr-check');
      },
    );

    test('a stacked pull request is checked, without a preview that could be red', () => {
      const stacked = {
        name: 'pull_request',
        ref: 'refs/pull/8/merge',
        baseRef: 'feature',
      } as const;
      expect(start('pr-check', stacked)).toEqual(
        expect.arrayContaining(['A: success', 'manifests: success', 'preview: skipped']),
      );
    });
  });
});

describe('the token', () => {
  const grant = {
    contents: 'read',
    actions: 'read',
    'id-token': 'write',
    'security-events': 'write',
  };
  const cloud = { deploy: ['build', 'deploy'], 'pr-check': ['preview'], rollback: ['rollback'] };

  test.each(files)(
    '%s: the jobs in the cloud have what the caller grants, tests and gates less',
    (name) => {
      const called = readWorkflow(hubNow()[name] ?? '');
      for (const job of Object.keys(called.jobs)) {
        const granted = grantedTo(job, called, grant);
        if (cloud[name].includes(job)) expect(granted).toEqual(grant);
        else expect([job, granted?.['id-token'] ?? 'none']).toEqual([job, 'none']);
      }
    },
  );

  test('before, no job could do without a key, whatever its caller granted', () => {
    const called = readWorkflow(hubBefore()['deploy'] ?? '');
    expect(grantedTo('deploy', called, grant)).toEqual({ contents: 'read', actions: 'read' });
  });

  test.each([
    ['init wrote for v1', callersBefore()],
    ['init writes now', formsNow().reusable],
  ])('a caller as %s starts: nothing is asked that it does not grant', (_, callers) => {
    const world = worldOf(callers, hubNow());
    for (const text of Object.values(callers)) {
      expect(startFaults(world, readWorkflow(text))).toEqual([]);
    }
  });
});
