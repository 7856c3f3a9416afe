// Lints every workflow and shell script: actionlint with shellcheck, and zizmor at its strictest.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../e2e/support/cluster/exec.ts';
import { provideTool } from '../e2e/support/tools/tools.ts';

const root = join(import.meta.dirname, '..');

/** What actionlint 1.7.12 does not know yet, each by its exact message and its issue there. */
const unknownYet: readonly (readonly [message: string, issue: string])[] = [
  [
    '^unexpected key "queue" for "concurrency" section\\. expected one of ',
    'https://github.com/rhysd/actionlint/issues/657',
  ],
  [
    '^specifying action "\\$/deploy" in invalid format because ref is missing\\.',
    'https://github.com/rhysd/actionlint/issues/732',
  ],
  [
    '^property "workflow_repository" is not defined in object type \\{check_run_id: ',
    'https://github.com/rhysd/actionlint/issues/647',
  ],
];

export interface Checked {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Findings of a failed one, the reason of a skipped one. */
  readonly text: string;
}

export const workflowFiles: readonly string[] = [
  ...globSync('.github/workflows/*.yml', { cwd: root }),
  ...globSync('example/.github/workflows/*.yml', { cwd: root }),
].sort();

const shellScripts = ['.ci/run'];

/** One after the other in every file's own folder of a repository; `files` are absolute. */
export async function actionlint(files: readonly string[]): Promise<Checked> {
  const name = 'actionlint';
  const [linter, shell] = [await provideTool('actionlint'), await provideTool('shellcheck')];
  if ('missing' in linter) return { name, result: 'skipped', text: linter.missing };
  if ('missing' in shell) return { name, result: 'skipped', text: shell.missing };
  const ignored = unknownYet.flatMap(([message]) => ['-ignore', message]);
  const args = ['-no-color', '-shellcheck', shell.path, '-pyflakes', '', ...ignored, ...files];
  return verdict(name, await exec(linter.path, args, { cwd: root }));
}

/** Offline: the audits that need no answer of github.com. */
export async function zizmor(files: readonly string[]): Promise<Checked> {
  const name = 'zizmor';
  const tool = await provideTool('zizmor');
  if ('missing' in tool) return { name, result: 'skipped', text: tool.missing };
  const config = join(root, '.github', 'zizmor.yml');
  const args = ['--offline', '--pedantic', '--no-progress', '--quiet', '--config', config];
  return verdict(name, await exec(tool.path, [...args, ...files], { cwd: root }));
}

async function shellcheck(): Promise<Checked> {
  const name = 'shellcheck';
  const tool = await provideTool('shellcheck');
  if ('missing' in tool) return { name, result: 'skipped', text: tool.missing };
  return verdict(name, await exec(tool.path, ['--color=never', ...shellScripts], { cwd: root }));
}

function verdict(name: string, done: { code: number; stdout: string; stderr: string }): Checked {
  const result = done.code === 0 ? 'passed' : 'failed';
  return { name, result, text: result === 'passed' ? '' : `${done.stdout}${done.stderr}` };
}

/** All of the project's own. */
export async function checkWorkflows(): Promise<readonly Checked[]> {
  const files = workflowFiles.map((file) => join(root, file));
  const more = ['.github/dependabot.yml', 'action.yml', 'deploy/action.yml'];
  const audited = [...files, ...more.map((file) => join(root, file))];
  return [await actionlint(files), await zizmor(audited), await shellcheck()];
}
