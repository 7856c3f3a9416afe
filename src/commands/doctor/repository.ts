// Whether the workflows exist and pass on what they should, and every environment has its overlay.
import { wrongStep } from './action-steps.ts';
import { betweenOwners, wrongCall } from './called-jobs.ts';
import { type Check, failed, ok } from './check.ts';
import { checkTriggers, type Started } from './triggers.ts';
import {
  type ActionStep,
  type CalledJob,
  jobsOf,
  type Role,
  roleOf,
  type WorkflowFile,
} from './workflow-jobs.ts';

export interface Repository {
  readonly workflows: readonly WorkflowFile[];
  /** Names of the folders in `manifests/overlays`. */
  readonly overlays: readonly string[];
  /** `owner/name` of the remote `origin`, where there is one. */
  readonly name?: string;
  /** Of the remote, where git knows it. */
  readonly defaultBranch?: string;
}

const write = 'webgen-deploy init';
const roles: readonly Role[] = ['deploy', 'pr-check', 'rollback'];

/** Each problem is a check of its own; beside notes there is a passed one where nothing failed. */
export function checkRepository(repository: Repository): readonly Check[] {
  const { workflows, overlays, name, defaultBranch } = repository;
  const calls: CalledJob[] = [];
  const steps: ActionStep[] = [];
  const problems: Check[] = [];
  for (const file of workflows) {
    const jobs = jobsOf(file);
    if (jobs) {
      calls.push(...jobs.calls);
      steps.push(...jobs.steps);
    } else
      problems.push(
        failed('workflows', `${file.path} is not valid YAML.`, [
          'Correct it; actionlint shows where.',
        ]),
      );
  }
  const found = new Set([...calls.map(({ role }) => role), ...steps.map(roleOf)]);
  problems.push(
    ...roles.filter((role) => !found.has(role)).map(missing),
    ...calls.flatMap(wrongCall),
    ...betweenOwners(calls, name?.split('/')[0]),
    ...oncePerJob(steps.flatMap(wrongStep)),
    ...checkTriggers(startedBy(calls, steps), defaultBranch),
  );
  if (found.has('deploy') && overlays.length === 0) {
    const what = 'There is no overlay in manifests/overlays.';
    problems.push(failed('workflows', what, [`${write}   # or name yours by the input manifests`]));
  }
  if (problems.some(({ verdict }) => verdict === 'failed')) return problems;
  const paths = new Set([...calls, ...steps].map(({ path }) => path));
  const files = [...paths].map((path) => path.replace('.github/workflows/', '')).join(', ');
  const forms = [
    ...(calls.length > 0 ? ['call what they should'] : []),
    ...(steps.length > 0 ? ['have what the action needs'] : []),
  ];
  const what = `${files} ${forms.join(' and ')}; overlays: ${overlays.join(', ')}.`;
  return [ok('workflows', what), ...problems];
}

const does: Readonly<Record<Role, string>> = {
  deploy: 'deploys',
  'pr-check': 'previews pull requests',
  rollback: 'rolls back',
};

const missing = (role: Role): Check =>
  failed('workflows', `No workflow ${does[role]} with webgen-deploy.`, [write]);

/** Two steps of a job lack the same permission and the same environment. */
function oncePerJob(checks: readonly Check[]): readonly Check[] {
  return [...new Map(checks.map((check) => [check.what, check])).values()];
}

function startedBy(calls: readonly CalledJob[], steps: readonly ActionStep[]): readonly Started[] {
  const all = [
    ...calls.map(({ path, on, role }) => ({ path, on, role })),
    ...steps.map((step) => ({ path: step.path, on: step.on, role: roleOf(step) })),
  ];
  return [...Map.groupBy(all, ({ path }) => path)].map(([path, own]) => ({
    path,
    on: own[0]?.on,
    deploys: own.some(({ role }) => role === 'deploy'),
    previews: own.some(({ role }) => role === 'pr-check'),
  }));
}
