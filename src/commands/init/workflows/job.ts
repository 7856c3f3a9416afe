// One job as lines of YAML, and what jobs have in common.
import { expression, type Form } from './form.ts';
import { type Entries, entries, renderStep, type Step } from './steps.ts';
import { block, entry, indent, type Lines } from './yaml.ts';

export type Grants = Readonly<Record<string, readonly [level: 'read' | 'write', reason: string]>>;

export interface Job {
  readonly name: string;
  readonly needs?: readonly string[];
  /** Its first lines may be comments. */
  readonly if?: Lines;
  readonly minutes: number;
  readonly environment?: Lines;
  readonly concurrency?: Lines;
  readonly permissions?: Grants;
  readonly outputs?: Entries;
  readonly steps: readonly Step[];
}

/** The linter requires a job's permissions in its own file. */
export const callersGrant = '# zizmor: ignore[excessive-permissions]';

const grants = (permissions: Grants): Lines =>
  Object.entries(permissions).map(([right, [level, reason]]) => `${right}: ${level} # ${reason}`);

// JSON names several labels, or a group.
const runner = `\${{ (startsWith(inputs.runner, '[') || startsWith(inputs.runner, '{')) && fromJSON(inputs.runner) || inputs.runner }}`;

function runsOn(form: Form): Lines {
  const text = form.text('runner');
  // JSON is YAML as well.
  if (!form.isReusable && /^[[{]/.test(text)) return [`runs-on: ${text}`];
  return entry('runs-on', form.isReusable ? runner : text);
}

export function render(form: Form, job: Job): Lines {
  const { name, needs, minutes, environment, concurrency, permissions, outputs, steps } = job;
  const none = permissions !== undefined && Object.keys(permissions).length === 0;
  const body = [
    `name: ${name}${permissions ? '' : ` ${callersGrant}`}`,
    ...(needs ? [`needs: [${needs.join(', ')}]`] : []),
    ...(job.if ?? []),
    ...runsOn(form),
    ...entry('timeout-minutes', String(minutes)).map((line) => line.replaceAll("'", '')),
    ...block('environment', environment ?? []),
    ...(concurrency ?? []),
    ...(none ? ['permissions: {}'] : block('permissions', grants(permissions ?? {}))),
    ...block('outputs', entries(outputs ?? [])),
    'steps:',
    ...steps.flatMap((step) => indent(renderStep(step))),
  ];
  return body;
}

/** A job's id → its lines. */
export type Jobs = Readonly<Record<string, Lines>>;

export const source: Grants = { contents: ['read', "the application's source"] };

/**
 * The permissions of a job with the cloud's credentials. A called job that asks for a permission that
 * its caller does not grant stops the whole run, so in the reusable form the caller's grant applies:
 * more of it (keyless, code scanning) is the caller's choice.
 * https://docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations
 */
export const granted = (form: Form, permissions: Grants): Pick<Job, 'permissions'> =>
  form.isReusable ? {} : { permissions };

/**
 * With the lock nothing else orders deploys: a job that waits for approval already holds its group,
 * for up to 30 days, and a rollback would wait with it. A group with a unique name has no effect.
 */
export function group(form: Form, environment: string): Lines {
  const isLocked = form.text('lock') === 'true';
  if (!form.isReusable && isLocked) return [];
  const own = `\${{ inputs.lock && format('{0}-{1}-', github.run_id, github.run_attempt) || '' }}`;
  const app = form.text('app');
  return [
    ...(form.isReusable
      ? [
          '# Only without the lock; with it each run has a group of its own, which is as good as none.',
        ]
      : []),
    'concurrency:',
    `  group: webgen-deploy-${form.isReusable ? own : ''}\${{ github.repository }}-${app}-${expression(environment)}`,
    '  cancel-in-progress: false',
    '  queue: max',
  ];
}

export const live: Grants = { actions: ['read', 'whether the run that holds the lock has ended'] };

export const outputsOf = (step: string, ...names: readonly string[]): Entries =>
  names.map((name) => [name, `\${{ steps.${step}.outputs.${name} }}`] as const);
