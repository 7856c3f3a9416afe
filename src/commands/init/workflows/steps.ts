// The steps that jobs are made of.
import { deployEnvironment, expression, type Form } from './form.ts';
import { pinned } from './pins.ts';
import { block, entry, indent, type Lines } from './yaml.ts';

export interface Step {
  readonly name: string;
  readonly id?: string;
  readonly uses?: string;
  readonly shell?: 'sh';
  readonly folder?: string;
  readonly with?: Entries;
  readonly env?: Entries;
  readonly run?: string;
}

/** Name and text; one without text is omitted. */
export type Entries = readonly (readonly [name: string, text: string | undefined])[];

export const entries = (all: Entries): Lines =>
  all.flatMap(([name, text]) => (text === undefined ? [] : entry(name, text)));

export function renderStep({ name, id, uses, shell, folder, with: inputs, env, run }: Step): Lines {
  const [first = '', ...rest] = [
    ...entry('name', name),
    ...(id ? entry('id', id) : []),
    // A pin has its version as a comment.
    ...(uses ? [`uses: ${uses}`] : []),
    ...(shell ? entry('shell', shell) : []),
    ...(folder ? entry('working-directory', folder) : []),
    ...block('with', entries(inputs ?? [])),
    ...block('env', entries(env ?? [])),
    ...(run ? entry('run', run) : []),
  ];
  return [`- ${first}`, ...indent(rest)];
}

export const checkout: Step = {
  name: 'Check out the application',
  uses: pinned('actions/checkout'),
  with: [['persist-credentials', 'false']],
};

const command = (name: string) => `if ! command -v ${name} > /dev/null; then
  echo "::error title=The runner has no ${name}::Install ${name} on it, or use another runner."
  exit 1
fi
`;

const buildx = `if ! docker buildx version > /dev/null; then
  echo "::error title=Docker has no buildx::Install its plugin buildx on the runner, or use another one."
  exit 1
fi
`;

/** A self-hosted runner may lack what GitHub's have. Run by `sh`, since bash may be what is missing. */
export function checkRunner(...tools: readonly ('bash' | 'docker' | 'kubectl')[]): Step {
  const run = tools.map(command).join('') + (tools.includes('docker') ? buildx : '');
  return { name: 'Check the runner', shell: 'sh', run };
}

const script = (names: readonly string[]) => `environment=\${ENVIRONMENT//[^A-Za-z0-9_.-]/?}
if [ -z "$environment" ]; then
  echo "::error title=No environment::main and tags go to production, develop to staging; anything else needs the input environment."
  exit 1
fi
missing=0
owner=\${CALLED%%/*}
for name in ${names.join(' ')}; do
  if [ "\${!name}" = true ]; then continue; fi
  missing=1
  if [ "$name" != YC_SA_JSON_CREDENTIALS ]; then
    fix="Set the variable in the GitHub environment $environment: gh variable set $name --env $environment"
  elif [ -n "$owner" ] && [ "\${owner,,}" != "\${GITHUB_REPOSITORY_OWNER,,}" ]; then
    fix="If it is set in the GitHub environment $environment, GitHub has left it out: this workflow is $CALLED's, and secrets of an environment reach only workflows of the same owner. Use ordinary jobs, npx github:$CALLED init --force, or a secret of the repository, jq -c . key.json | gh secret set $name"
  else
    fix="Set it in the GitHub environment $environment: jq -c . key.json | gh secret set $name --env $environment"
  fi
  echo "::error title=$name is missing::$fix"
done
exit "$missing"
`;

const idGiven = (input: string, name: string) =>
  `inputs.${input} != '' || vars.${name} != '' || secrets.${name} != ''`;

const given = {
  YC_SA_JSON_CREDENTIALS: "inputs.yc-sa-id != '' || secrets.YC_SA_JSON_CREDENTIALS != ''",
  YC_REGISTRY_ID: `inputs.registry != '' || ${idGiven('yc-registry-id', 'YC_REGISTRY_ID')}`,
  YC_K8S_CLUSTER_ID: idGiven('yc-k8s-cluster-id', 'YC_K8S_CLUSTER_ID'),
} as const;

/**
 * For a reusable workflow. GitHub passes an environment's secrets only to workflows of the same owner
 * (https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows), so one that is set may
 * still arrive empty. `environment` is an expression.
 */
export function checkSecrets(environment: string, ...names: readonly (keyof typeof given)[]): Step {
  return {
    name: 'Check the secrets',
    env: [
      ['ENVIRONMENT', expression(environment)],
      ['CALLED', expression('job.workflow_repository')],
      ...names.map((name) => [name, expression(given[name])] as const),
    ],
    run: script(names),
  };
}

const idOf = ({ isReusable }: Form, input: string, name: string) =>
  expression(`${isReusable ? `inputs.${input} || ` : ''}vars.${name} || secrets.${name}`);

export const registryId = (form: Form) =>
  ['yc-registry-id', idOf(form, 'yc-registry-id', 'YC_REGISTRY_ID')] as const;

/** The run's identity in Yandex Cloud. */
export function account(form: Form): Entries {
  const key = 'secrets.YC_SA_JSON_CREDENTIALS';
  return [
    [
      'yc-sa-json-credentials',
      expression(form.isReusable ? `inputs.yc-sa-id == '' && ${key} || ''` : key),
    ],
    ['yc-sa-id', form.value('yc-sa-id')],
    ['yc-oidc-audience', form.value('yc-oidc-audience')],
    ['yc-api-endpoint', form.value('yc-api-endpoint')],
  ];
}

/** How the cluster is reached. */
export const cluster = (form: Form): Entries => [
  ['cluster-endpoint', form.value('cluster-endpoint')],
  ['yc-k8s-cluster-id', idOf(form, 'yc-k8s-cluster-id', 'YC_K8S_CLUSTER_ID')],
];

/** Inputs under their own names. */
export const passed = (form: Form, ...names: readonly string[]): Entries =>
  names.map((name) => [name, form.value(name)] as const);

/** Inputs of a scan, and of its tools. */
export const scan = ['scan', 'scan-severity', 'scan-ignore-unfixed', 'scan-baseline'];
export const tools = ['trivy-version', 'trivy-db-repository', 'tool-mirror'];

/** A step of the project's action; `environment` is an expression, a deploy's by default. */
export function webgen(
  form: Form,
  step: Pick<Step, 'name' | 'id'> & { readonly environment?: string },
  inputs: Entries,
): Step {
  const { environment = deployEnvironment(form), ...named } = step;
  const [command, ...rest] = inputs;
  return {
    ...named,
    uses: form.action,
    with: [
      ...(command ? [command] : []),
      ['app', form.value('app')],
      ['environment', expression(environment)],
      ...rest,
    ],
  };
}
