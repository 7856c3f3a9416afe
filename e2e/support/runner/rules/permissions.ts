// What the token of a called job may do, looked at before anything of a run starts. Pure.
import { allRules, type Rules } from './table.ts';
import { type Permissions, readWorkflow, type Workflow } from './workflow.ts';
import type { World } from './world.ts';

/** Of repositories and organisations that are new: "read repository contents and packages". */
const usual: Permissions = { contents: 'read', packages: 'read' };

const levels = ['none', 'read', 'write'];

function levelOf(permissions: Permissions, scope: string): number {
  const level = permissions?.[scope] ?? permissions?.['all'] ?? 'none';
  return Math.max(0, levels.indexOf(level));
}

/** What the token of a job of a called workflow may do: no more than the caller's grant. */
export function grantedTo(job: string, called: Workflow, granted: Permissions): Permissions {
  return called.jobs[job]?.permissions ?? called.permissions ?? granted;
}

/** Whatever `if:` says: empty where the run may start. */
export function startFaults(
  world: Pick<World, 'called'>,
  workflow: Workflow,
  rules: Rules = allRules,
): readonly string[] {
  if (!rules.has('permission-start')) return [];
  return Object.entries(workflow.jobs).flatMap(([id, job]) => {
    const text = job.uses === undefined ? undefined : world.called[job.uses];
    if (text === undefined) return [];
    const granted = job.permissions ?? workflow.permissions ?? usual;
    const called = readWorkflow(text);
    return Object.entries(called.jobs).flatMap(([inner, { permissions = called.permissions }]) =>
      Object.entries(permissions ?? {})
        .filter(([scope]) => levelOf(permissions, scope) > levelOf(granted, scope))
        .map(
          ([scope, level]) =>
            `the job ${id}/${inner} is requesting ${scope}: ${level}, but is only allowed ${scope}: ${levels[levelOf(granted, scope)]}`,
        ),
    );
  });
}
