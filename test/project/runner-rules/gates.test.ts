// What may deploy: every result of every job before, through the workflows' own conditions.
import { describe, expect, test } from '@jest/globals';
import { type Contexts, holds } from '../../../e2e/support/runner/rules/expressions.ts';
import { type Job, readWorkflow } from '../../../e2e/support/runner/rules/workflow.ts';
import { formsNow, hubBefore, hubNow } from '../../../e2e/support/runner/rules/worlds.ts';

const results = ['success', 'failure', 'cancelled', 'skipped'] as const;
type Result = (typeof results)[number];

/** Whether a job begins, where the jobs before it ended so; a gate that nobody asked for is left out. */
function begins(
  job: Job,
  ended: Readonly<Record<string, Result>>,
  { isCancelled = false, approval = ended['approval'] === 'skipped' ? '' : 'gate' } = {},
): boolean {
  const needs = Object.fromEntries(
    Object.entries(ended).map(([id, result]) => [id, { result, outputs: {} }]),
  );
  const inputs = { 'approval-environment': approval };
  const contexts: Contexts = { needs, inputs, github: { event_name: 'push' } };
  return holds(job.if, contexts, { before: Object.values(ended), isCancelled });
}

const all = (job: Job, result: Result, but: Readonly<Record<string, Result>> = {}) => ({
  ...Object.fromEntries(job.needs.map((id) => [id, result])),
  ...but,
});

const jobsOf = (text: string) =>
  Object.entries(readWorkflow(text).jobs).filter(([, { needs }]) => needs.length > 0);

describe('the gate before', () => {
  const [[, deploy] = []] = jobsOf(hubBefore()['deploy'] ?? '');

  test('let a deploy through whose tests ran into their time', () => {
    expect(deploy && begins(deploy, all(deploy, 'success', { 'backend-tests': 'cancelled' }))).toBe(
      true,
    );
  });
});

describe('the gates now', () => {
  const texts = {
    'deploy.yml': hubNow()['deploy'],
    'init’s own jobs': formsNow().ordinary['deploy'],
  };
  const gated = Object.entries(texts).flatMap(([where, text = '']) =>
    jobsOf(text).flatMap(([id, job]) => job.needs.map((need) => ({ where, id, job, need }))),
  );

  test('are those of all jobs that need others', () => {
    const ids = gated.map(({ where, id }) => `${where}: ${id}`);
    expect([...new Set(ids)]).toEqual([
      'deploy.yml: approval',
      'deploy.yml: deploy',
      'init’s own jobs: deploy',
    ]);
    expect(gated.filter(({ where }) => where !== 'deploy.yml').map(({ need }) => need)).toEqual([
      'backend-tests',
      'frontend-tests',
      'build',
    ]);
  });

  const table = gated.flatMap((each) => results.map((result) => ({ ...each, result })));

  test.each(table)('$where, $id: $need ends as $result', ({ where, job, need, result }) => {
    // Of a reusable workflow a caller leaves jobs out; in an application's own file each has its reason.
    const isGood = result === 'success' || (result === 'skipped' && where === 'deploy.yml');
    expect(begins(job, all(job, 'success', { [need]: result }))).toBe(isGood);
    for (const others of ['failure', 'cancelled'] as const) {
      expect(begins(job, all(job, others, { [need]: result }))).toBe(
        isGood && job.needs.length === 1,
      );
    }
    expect(begins(job, all(job, 'success', { [need]: result }), { isCancelled: true })).toBe(false);
  });

  test('an approval that was asked for and left out is none', () => {
    const [job] = gated.filter(({ need }) => need === 'approval').map((each) => each.job);
    const ended = job ? all(job, 'success', { approval: 'skipped' }) : {};
    expect(job && begins(job, ended, { approval: 'gate' })).toBe(false);
  });
});
