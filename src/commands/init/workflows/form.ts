// The same jobs in two forms: of a reusable workflow, whose values its callers give, and in an
// application's own file, where they are written out.
import { inputTable } from '../../../inputs/contract.ts';
import { contracts, type WorkflowName } from './inputs.ts';

/** What an application says of an input of a workflow: name → text, which may be an expression. */
export type Settings = Readonly<Record<string, string>>;

export interface Branches {
  /** Its pushes, and tags, go to production. */
  readonly production: string;
  readonly staging: string;
}

export interface Form {
  readonly isReusable: boolean;
  /** What stands after `uses:` for the project's action. */
  readonly action: string;
  readonly branches: Branches;
  /** What is written for an input; undefined where the action does the same without a word. */
  value(name: string): string | undefined;
  /** As `value`, empty where nothing is given: of inputs that the action does not have. */
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

/** `action` is what stands after `uses:`, with its version. */
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

/** Whether a run deploys to production, by what it runs on: also of a release and of a schedule. */
export const onProduction = ({ production }: Branches): string =>
  `(${isBranch(production)} || startsWith(github.ref, 'refs/tags/'))`;

/** Empty for any other branch: nothing gets to an environment by accident. */
export function environmentByRef(branches: Branches): string {
  const staging = `${isBranch(branches.staging)} && 'staging'`;
  return `${onProduction(branches)} && 'production' || ${staging} || ''`;
}

/** Of a deploy: what environment it goes to, without `${{ }}`. */
export const deployEnvironment = ({ isReusable, branches }: Form): string =>
  isReusable ? `inputs.environment || ${environmentByRef(branches)}` : environmentByRef(branches);

/** Of a pull request: the environment that it would be deployed to. */
export function baseEnvironment({ production, staging }: Branches): string {
  const isBase = (name: string) => `github.base_ref == '${name}'`;
  return `${isBase(production)} && 'production' || ${isBase(staging)} && 'staging' || ''`;
}
