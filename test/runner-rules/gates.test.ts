// What may deploy: every result of every job before, through the workflows' own conditions.
import { describe, expect, test } from '@jest/globals';
import { type Contexts, holds } from '../../e2e/runner/rules/expressions.ts';
import { type Job, readWorkflow } from '../../e2e/runner/rules/workflow.ts';
import { hubBefore } from '../../e2e/runner/rules/worlds.ts';

const results = ['success', 'failure', 'cancelled', 'skipped'] as const;
type Result = (typeof results)[number];

/** Whether a job begins, where the jobs before it ended so. */
function begins(job: Job, ended: Readonly<Record<string, Result>>, isCancelled = false): boolean {
  const needs = Object.fromEntries(
    Object.entries(ended).map(([id, result]) => [id, { result, outputs: {} }]),
  );
  const inputs = { 'approval-environment': 'gate' };
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
