// Which jobs of an application's workflows are ours: calls of the reusable ones, and steps of the action.

import { readYaml } from '../../core/small-yaml.ts';
import { project } from '../../core/version.ts';
import { type Fields, isFields } from '../../kube/json.ts';

export interface WorkflowFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

export type Role = 'deploy' | 'pr-check' | 'rollback';

interface Found {
  readonly path: string;
  /** Key of the job. */
  readonly job: string;
  /** From the repository in `uses:`. */
  readonly owner: string;
  readonly fields: Fields;
  /** The job's, else the workflow's; undefined: the repository's default, which is not visible here. */
  readonly permissions: unknown;
  readonly on: unknown;
}

/** A job that calls a reusable workflow. */
export interface CalledJob extends Found {
  readonly role: Role;
}

/** A step of an ordinary job that uses the action; one job may have several. */
export interface ActionStep extends Found {
  /** Undefined where it is an expression. */
  readonly command: string | undefined;
  /** `with:`. */
  readonly inputs: Fields;
  readonly step: Fields;
}

export interface OwnJobs {
  readonly calls: readonly CalledJob[];
  readonly steps: readonly ActionStep[];
}

const repository = project.slice(project.indexOf('/') + 1).replaceAll('.', '\\.');
/** Of any owner: a fork's workflows count too. */
const calledName = new RegExp(
  `^([\\w.-]+)/${repository}/\\.github/workflows/(deploy|pr-check|rollback)\\.ya?ml@`,
);
const actionName = new RegExp(`^([\\w.-]+)/${repository}(?:/deploy)?@`);

/** The fields of a map; none where it is something else. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Undefined where the file is not valid YAML. */
export function jobsOf({ path, text: source }: WorkflowFile): OwnJobs | undefined {
  const read = readYaml(source);
  if ('problem' in read) return undefined;
  const workflow = fieldsOf(read.yaml.value);
  const jobs = Object.entries(fieldsOf(workflow['jobs'])).map(([job, value]) => {
    const fields = fieldsOf(value);
    const permissions = fields['permissions'] ?? workflow['permissions'];
    return { path, job, fields, permissions, on: workflow['on'] };
  });
  return {
    calls: jobs.flatMap((job) => {
      const [, owner, role] = calledName.exec(text(job.fields['uses'])) ?? [];
      return owner && isRole(role) ? [{ ...job, owner, role }] : [];
    }),
    steps: jobs.flatMap((job) => {
      const { steps } = job.fields;
      const all: readonly unknown[] = Array.isArray(steps) ? steps : [];
      return all.flatMap((each) => stepOf(fieldsOf(each), job));
    }),
  };
}

const isRole = (name: string | undefined): name is Role =>
  name === 'deploy' || name === 'pr-check' || name === 'rollback';

function stepOf(step: Fields, job: Omit<Found, 'owner'>): readonly ActionStep[] {
  const owner = actionName.exec(text(step['uses']))?.[1];
  if (owner === undefined) return [];
  const inputs = fieldsOf(step['with']);
  const command = inputs['command'] ?? 'deploy';
  const known = typeof command === 'string' && !command.includes('${{') ? command : undefined;
  return [{ ...job, owner, step, inputs, command: known }];
}

const roles: Readonly<Record<string, Role>> = {
  deploy: 'deploy',
  diff: 'pr-check',
  rollback: 'rollback',
};

/** The role of the step; undefined for one that only helps, such as a build. */
export const roleOf = ({ command }: ActionStep): Role | undefined =>
  command === undefined || !Object.hasOwn(roles, command) ? undefined : roles[command];

/** Whether a job's permissions, as written, include `level` of `right`. */
export function grants(granted: unknown, right: string, level: string): boolean {
  if (granted === 'write-all') return true;
  if (granted === 'read-all') return level === 'read';
  const has = fieldsOf(granted)[right];
  return has === level || has === 'write';
}

/** Given, and not literally empty: an expression may be empty, which is not visible here. */
export function isGiven(fields: Fields, name: string): boolean {
  const value = fields[name];
  return value !== undefined && value !== null && value !== '';
}
