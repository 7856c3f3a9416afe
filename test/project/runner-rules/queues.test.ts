// What waits for what on github.com where production has reviewers, in the model of GitHub's rules.
import { describe, expect, test } from '@jest/globals';
import { type Happening, schedule } from '../../../e2e/support/runner/rules/schedule.ts';
import { without } from '../../../e2e/support/runner/rules/table.ts';
import type { Event } from '../../../e2e/support/runner/rules/world.ts';
import {
  callersBefore,
  formsNow,
  hubBefore,
  hubNow,
  worldOf,
} from '../../../e2e/support/runner/rules/worlds.ts';

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

describe.each(['ordinary', 'reusable'] as const)('with the %s workflows now', (form) => {
  const world = worldOf(formsNow()[form], hubNow(), { ...reviewed, owner: 'org' });
  const at = (run: string, job: string) =>
    form === 'ordinary' ? `${run}/${job}` : `${run}/${run === 'R' ? 'rollback' : 'deploy'}/${job}`;
  const waits = 'waits for approval of production';

  test('a rollback starts at once, whatever waits for an approval', () => {
    for (const happened of [[deploy('A')], [deploy('A'), approve('A')]]) {
      const { log, states } = schedule(world, [...happened, rollback('R'), approve('R')]);
      expect(states[at('R', 'rollback')]).toBe('success');
      expect(log.filter((line) => line.includes('waits for group'))).toEqual([]);
    }
  });

  test.each([
    ['the first first', ['A', 'B']],
    ['the last first', ['B', 'A']],
  ])('of two deploys that wait each starts when it is approved: %s', (_, [one = '', two = '']) => {
    const queued = [deploy('A'), deploy('B'), approve('A'), approve('B')];
    const { states } = schedule(world, queued);
    expect([states[at('A', 'deploy')], states[at('B', 'deploy')]]).toEqual([waits, waits]);
    const { log } = schedule(world, [...queued, approve(one), approve(two)]);
    const starts = log.filter(
      (line) => /\/deploy starts$/.test(line) && !/^[AB]\/deploy starts/.test(line),
    );
    const ordinary = log.filter((line) => /^[AB]\/deploy starts$/.test(line));
    expect((form === 'ordinary' ? ordinary : starts).map((line) => line.charAt(0))).toEqual([
      one,
      two,
    ]);
  });

  test('an environment of the build alone: it asks for no approval, and custom rules do not refuse it', () => {
    const environments = { production: { reviewers: true, custom: true }, build: {} };
    const own = formsNow({ 'build-environment': 'build' })[form];
    const free = worldOf(own, hubNow(), { owner: 'org', environments });
    expect(schedule(free, [deploy('A')]).states).toMatchObject({
      [at('A', 'build')]: 'success',
      [at('A', 'deploy')]: waits,
    });
  });

  test('tests that ran into their time, or were cancelled, let nothing through', () => {
    for (const end of ['timed out', 'cancelled', 'failure'] as const) {
      const free = worldOf(formsNow()[form], hubNow(), { owner: 'org' });
      const ends = { [at('A', 'build')]: end };
      expect(schedule(free, [deploy('A')], { ends }).states[at('A', 'deploy')]).toBe('skipped');
    }
  });
});

describe('the inputs of the reusable deploy', () => {
  const own = (settings: Readonly<Record<string, string>>) => formsNow(settings).reusable;

  test('approval-environment: one gate, outside all groups', () => {
    const environments = { production: {}, gate: { reviewers: true } };
    const world = worldOf(own({ 'approval-environment': 'gate' }), hubNow(), {
      owner: 'org',
      environments,
    });
    const { states } = schedule(world, [deploy('A'), rollback('R')]);
    expect(states).toMatchObject({
      'A/deploy/build': 'success',
      'A/deploy/approval': 'waits for approval of gate',
      'R/rollback/rollback': 'success',
    });
    const done = schedule(world, [deploy('A'), { approve: 'A', environment: 'gate' }]);
    expect(done.states['A/deploy/deploy']).toBe('success');
  });

  test('lock: false keeps a group: a deploy that runs is waited for', () => {
    const world = worldOf(own({ lock: 'false' }), hubNow(), { owner: 'org' });
    const busy = ['A/deploy/deploy'];
    const { states } = schedule(world, [deploy('A'), deploy('B')], { busy });
    expect(states['B/deploy/deploy']).toMatch(/^waits for group .*, held by A\/deploy\/deploy$/);
  });
});
