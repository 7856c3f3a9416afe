// What waits for what on github.com where production has reviewers, in the model of GitHub's rules.
import { describe, expect, test } from '@jest/globals';
import { type Happening, schedule } from '../../e2e/runner/rules/schedule.ts';
import { without } from '../../e2e/runner/rules/table.ts';
import type { Event } from '../../e2e/runner/rules/world.ts';
import { callersBefore, hubBefore, worldOf } from '../../e2e/runner/rules/worlds.ts';

const push: Event = { name: 'push', ref: 'refs/heads/main' };
const byHand: Event = {
  name: 'workflow_dispatch',
  ref: 'refs/heads/main',
  inputs: { environment: 'production' },
};
const reviewed = { environments: { production: { reviewers: true } } };

const deploy = (run: string): Happening => ({ run, workflow: 'deploy', event: push });
const rollback = (run: string): Happening => ({ run, workflow: 'rollback', event: byHand });
const approve = (run: string): Happening => ({ approve: run, environment: 'production' });

describe('with the workflows before, and reviewers on production', () => {
  const before = worldOf(callersBefore(), hubBefore(), reviewed);

  test('a rollback waits behind a deploy that nobody has approved yet', () => {
    const { states } = schedule(before, [deploy('A'), approve('A'), rollback('R')]);
    expect(states).toMatchObject({
      'A/deploy/build': 'success',
      'A/deploy/deploy': 'waits for approval of production',
      'R/rollback': expect.stringMatching(/^waits for group .*, held by A\/deploy\/deploy$/),
    });
  });

  test('so does every later deploy, behind an approval of the build alone', () => {
    const { states } = schedule(before, [deploy('A'), deploy('B'), approve('B')]);
    expect(states['A/deploy/build']).toBe('waits for approval of production');
    expect(states['B/deploy']).toMatch(/^waits for group webgen-deploy-run-.*, held by A\/deploy$/);
  });

  test('it is the group before the approval that does it', () => {
    const rules = without('group-first');
    const { states } = schedule(before, [deploy('A'), approve('A'), rollback('R'), approve('R')], {
      rules,
    });
    expect(states['A/deploy/deploy']).toBe('waits for approval of production');
    expect(states['R/rollback/rollback']).toBe('success');
  });

  test('tests that ran into their time let a deploy through', () => {
    const ends = { 'A/deploy/backend-tests': 'timed out' } as const;
    const world = worldOf(callersBefore(), hubBefore());
    expect(schedule(world, [deploy('A')], { ends }).states).toMatchObject({
      'A/deploy/backend-tests': 'cancelled',
      'A/deploy/deploy': 'success',
    });
  });

  test('custom protection rules refuse the build', () => {
    const environments = { production: { custom: true } };
    const world = worldOf(callersBefore(), hubBefore(), { environments });
    expect(schedule(world, [deploy('A')]).states).toMatchObject({
      'A/deploy/build': 'failure',
      'A/deploy/deploy': 'skipped',
    });
  });
});
