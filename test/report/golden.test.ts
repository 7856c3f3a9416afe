import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { githubLog } from '../../src/platform/log.ts';
import type { Outcome } from '../../src/report/outcome.ts';
import {
  annotationsOf,
  outputsOf,
  renderReport,
  renderSummary,
  renderText,
} from '../../src/report/render.ts';
import { outcomes } from '../support/report/outcomes.ts';

const folder = join(import.meta.dirname, '..', 'golden');

const run = {
  sha: '1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d',
  actor: 'octocat',
  repository: 'org/shop',
  runUrl: 'https://github.com/org/shop/actions/runs/1',
  rollbackWorkflow: 'on: {workflow_dispatch: {inputs: {environment: {}, to-release: {}}}}',
};

/** The bytes that the runner gets, and the outputs. */
function logOf(outcome: Outcome): string {
  const written: string[] = [];
  const log = githubLog((text) => written.push(text));
  for (const each of annotationsOf(outcome)) log.annotate(each);
  for (const line of renderText(outcome)) log.info(line);
  return `${written.join('')}\n--- outputs\n${JSON.stringify(outputsOf(outcome), null, 2)}\n`;
}

function expectGolden(name: string, text: string): void {
  const file = join(folder, name);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe.each(Object.entries(outcomes))('%s', (name, outcome) => {
  test('the log', () => expectGolden(`${name}.txt`, logOf(outcome)));
  test('the summary', () => expectGolden(`${name}.md`, renderSummary(outcome, run)));
  test('the report file', () => expectGolden(`${name}.json`, renderReport(outcome).json));
});
