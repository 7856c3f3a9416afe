// The link to a rollback in the summary of a deploy that left the cluster in a bad state.

import { readYaml } from '../core/small-yaml.ts';
import { type Fields, isFields } from '../kube/json.ts';
import { type Block, code, link } from './markdown.ts';
import type { Outcome } from './outcome.ts';
import type { RunFacts } from './sections.ts';

/**
 * Links to the workflow of the application's own repository and lists its inputs: no GitHub address
 * fills them in. Absent where everything was undone or nothing was written, where there is no good
 * release to restore, and where that workflow cannot be started for this environment.
 */
export function rollbackBlock(outcome: Outcome, run: RunFacts | undefined): Block[] {
  const { goodBefore, environment } = outcome;
  if (!run?.rollbackWorkflow || goodBefore === undefined || !leavesDamage(outcome)) return [];
  const isOwn = /\/actions\/runs\/\d+$/.test(run.runUrl);
  if (!isOwn || !canStart(run.rollbackWorkflow, environment)) return [];
  const url = run.runUrl.replace(/runs\/\d+$/, 'workflows/rollback.yml');
  const inputs = `environment ${code(environment)}, to-release ${code(String(goodBefore))}`;
  const text = `**To go back by hand:** ${link('rollback', url)} → Run workflow: ${inputs}, the newest good release before it.`;
  return [{ what: 'rollback', text }];
}

function leavesDamage({ command, status, undone, changes }: Outcome): boolean {
  if (status !== 'failed' && status !== 'cancelled') return false;
  if (command === 'status') return status === 'failed';
  const isChanged = changes.some(({ change }) => change !== 'unchanged');
  return command === 'deploy' && isChanged && undone?.state !== 'done';
}

/** Started by hand, with both inputs that `init` writes, and a list of environments that has this one. */
function canStart(text: string, environment: string): boolean {
  const read = readYaml(text);
  if (environment === '' || 'problem' in read) return false;
  const inputs = within(within(within(read.yaml.value, 'on'), 'workflow_dispatch'), 'inputs');
  if (!Object.hasOwn(inputs, 'environment') || !Object.hasOwn(inputs, 'to-release')) return false;
  const { options } = within(inputs, 'environment');
  return !Array.isArray(options) || options.includes(environment);
}

function within(value: unknown, key: string): Fields {
  const found = isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return isFields(found) ? found : {};
}
