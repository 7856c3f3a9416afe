// The same jobs in two forms: for a reusable workflow, whose callers give the values, and for an
// application's own file, where the values are written out.
import { inputTable } from '../../../inputs/contract.ts';
import { contracts, type WorkflowName } from './inputs.ts';

/** The application's values for a workflow's inputs: name → text, which may be an expression. */
export type Settings = Readonly<Record<string, string>>;

export interface Branches {
  /** Its pushes, and tags, go to production. */
  readonly production: string;
  readonly staging: string;
}

export interface Form {
  readonly isReusable: boolean;
  /** The text after `uses:` for the project's action. */
  readonly action: string;
  readonly branches: Branches;
  /** The value for an input; undefined where it equals the action's default. */
  value(name: string): string | undefined;
  /** Like `value`, but empty where nothing is given: for inputs that the action does not have. */
  text(name: string): string;
}

export const usual: Branches = { production: 'main', staging: 'develop' };

const standard = (name: string): string =>
  (inputTable as Readonly<Record<string, { readonly default: string }>>)[name]?.default ?? '';

/** `$/deploy` is the action at the called workflow's own commit. */
export function reusableForm(workflow: WorkflowName): Form {
  const { inputs } = contracts[workflow];
  const text = (name: string) => (inputs[name] ? `\${{ inputs.${name} }}` : '');
  return {
    isReusable: true,
    action: '$/deploy',
    branches: usual,
    value: (name) => text(name) || undefined,
    text,
  };
}

/** `action` is the text after `uses:`, with its version. */
export function ordinaryForm(
  workflow: WorkflowName,
  {
    settings,
    action,
    branches,
  }: Pick<Form, 'action' | 'branches'> & { readonly settings: Settings },
): Form {
  const { inputs } = contracts[workflow];
  const text = (name: string) => settings[name] ?? inputs[name]?.default ?? '';
  const value = (name: string) => {
    const said = text(name);
    return said === '' || said === standard(name) ? undefined : said;
  };
  return { isReusable: false, action, branches, value, text };
}

export const expression = (inner: string): string => `\${{ ${inner} }}`;

const isBranch = (name: string) => `github.ref == 'refs/heads/${name}'`;

/** Whether a run deploys to production, by its trigger: also of a release and of a schedule. */
export const onProduction = ({ production }: Branches): string =>
  `(${isBranch(production)} || startsWith(github.ref, 'refs/tags/'))`;

/** Empty for any other branch: nothing reaches an environment by accident. */
export function environmentByRef(branches: Branches): string {
  const staging = `${isBranch(branches.staging)} && 'staging'`;
  return `${onProduction(branches)} && 'production' || ${staging} || ''`;
}

/** For a deploy: its environment, without `${{ }}`. */
export const deployEnvironment = ({ isReusable, branches }: Form): string =>
  isReusable ? `inputs.environment || ${environmentByRef(branches)}` : environmentByRef(branches);

/** For a pull request: the environment that it would be deployed to. */
export function baseEnvironment({ production, staging }: Branches): string {
  const isBase = (name: string) => `github.base_ref == '${name}'`;
  return `${isBase(production)} && 'production' || ${isBase(staging)} && 'staging' || ''`;
}
