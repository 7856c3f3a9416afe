// The summary's way to a rollback: only where it helps, can be started, and leads to our own workflow.
import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/report/outcome.ts';
import { rollbackBlock } from '../../src/report/rollback-link.ts';
import type { RunFacts } from '../../src/report/sections.ts';
import { outcomes } from '../support/report/outcomes.ts';

const workflow = `on:
  workflow_dispatch:
    inputs:
      environment: {type: choice, options: [production, staging], required: true}
      to-release: {type: string}
`;
const run: RunFacts = {
  sha: '1f3c',
  actor: 'octocat',
  repository: 'acme/shop',
  runUrl: 'https://ghe.example:8443/acme/shop/actions/runs/17',
  rollbackWorkflow: workflow,
};

function block(parts: Partial<Outcome> = {}, facts: Partial<RunFacts> = {}): string | undefined {
  const base = outcomes['timed-out'];
  if (!base) throw new Error('no outcome');
  return rollbackBlock({ ...base, goodBefore: 11, ...parts }, { ...run, ...facts })[0]?.text;
}

const undone = { state: 'failed', objects: [], workloads: [], from: 0, to: 1 } as const;

describe('it is there', () => {
  test('where a deploy left what it had changed, with both inputs in words', () => {
    expect(block()).toBe(
      '**To go back by hand:** [rollback](https://ghe.example:8443/acme/shop/actions/workflows/rollback.yml) → Run workflow: environment <code>production</code>, to-release <code>11</code>, the newest good release before it.',
    );
  });

  test.each<[string, Partial<Outcome>]>([
    ['an undo failed', { undone }],
    ['a run was cancelled after a write', { status: 'cancelled' }],
    ['the check after a deploy failed', { command: 'status', changes: [] }],
  ])('where %s', (_, parts) => expect(block(parts)).toContain('rollback.yml'));
});

describe('it is not there', () => {
  test.each<[string, Partial<Outcome>]>([
    ['all is put back', { status: 'rolled-back', undone: { ...undone, state: 'done' } }],
    ['nothing was written', { changes: [] }],
    ['all was as before', { changes: [{ object: 'Secret/a', change: 'unchanged' }] }],
    ['it went well', { status: 'deployed' }],
    ['everything is ready', { command: 'status', status: 'succeeded' }],
    ['a rollback itself failed', { command: 'rollback' }],
    ['the environment is none of its choices', { environment: 'qa' }],
    ['no environment is known', { environment: '' }],
  ])('where %s', (_, parts) => expect(block(parts)).toBeUndefined());

  test('where there is no good release, and so nothing to go back to', () => {
    const { goodBefore: _, ...first } = outcomes['timed-out'] ?? (undefined as never);
    expect(rollbackBlock(first, run)).toEqual([]);
  });

  test.each([
    ['is not there', {}],
    ['starts by a push', { rollbackWorkflow: 'on: push' }],
    ['is only called', { rollbackWorkflow: workflow.replace('dispatch', 'call') }],
    ['has other inputs', { rollbackWorkflow: workflow.replace('to-release', 'release') }],
    ['has none', { rollbackWorkflow: 'on: [workflow_dispatch]' }],
    ['is no YAML', { rollbackWorkflow: 'on: [' }],
    ['is hostile', { rollbackWorkflow: '__proto__: {workflow_dispatch: {inputs: 1}}' }],
  ])('where the workflow %s', (_, facts) => {
    const { rollbackWorkflow: __, ...none } = run;
    const base = outcomes['timed-out'] ?? (undefined as never);
    expect(rollbackBlock({ ...base, goodBefore: 11 }, { ...none, ...facts })).toEqual([]);
  });

  test.each(['', 'javascript:alert(1)', 'https://github.com/acme/shop'])(
    'where the run has the address %j',
    (runUrl) => expect(block({}, { runUrl })).toBeUndefined(),
  );
});

test('a hostile environment stays text', () => {
  const rollbackWorkflow = 'on: {workflow_dispatch: {inputs: {environment: {}, to-release: {}}}}';
  const text = block({ environment: '[x](https://evil.example)`<b>' }, { rollbackWorkflow }) ?? '';
  expect(text).not.toMatch(/\]\(https:\/\/evil|<b>|`/);
});
