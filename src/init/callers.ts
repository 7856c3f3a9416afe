// The three workflows of an application's repository, which call the reusable ones.
import { project } from '../version.ts';
import type { Answers } from './answers.ts';

const version = 'v1';
const key = 'YC_SA_JSON_CREDENTIALS';
const registry = 'YC_REGISTRY_ID';
const cluster = 'YC_K8S_CLUSTER_ID';

/** Names of the secrets, and the environments of GitHub that hold them. */
export const secretNames = [key, registry, cluster] as const;
/** Values of Secrets, for a deploy alone; an application without any leaves it unset. */
export const applicationSecrets = 'APPLICATION_SECRETS';
export const environments = ['production', 'staging', 'pr-check'] as const;

const uses = (name: string) => `    uses: ${project}/.github/workflows/${name}.yml@${version}`;

function secrets(...names: readonly string[]): readonly string[] {
  return ['    secrets:', ...names.map((name) => `      ${name}: \${{ secrets.${name} }}`)];
}

/** One branch or environment is production's, everything else is staging's. */
function namespaceLine(condition: string, { namespace }: Answers): string {
  return `      namespace: \${{ ${condition} && '${namespace}' || '${namespace}-staging' }}`;
}

/** Only what differs from the workflows' own defaults. */
function tests({ pytest = '', requirements, python, npm = '' }: Answers): readonly string[] {
  const quoted = (path: string) => (path === '' ? "''" : path);
  const pip = 'python -m pip install --disable-pip-version-check --requirement';
  const script = [`        ${pip} ${requirements}`, '        python -m pytest'];
  return [
    ...(pytest === 'backend' ? [] : [`      backend-path: ${quoted(pytest)}`]),
    ...(requirements ? ['      backend-test: |', ...script] : []),
    ...(python ? [`      python-version: '${python}'`] : []),
    ...(npm === 'frontend' ? [] : [`      frontend-path: ${quoted(npm)}`]),
  ];
}

function deploy(answers: Answers): readonly string[] {
  return [
    'name: deploy',
    'on:',
    '  push:',
    '    branches: [main, develop]',
    'permissions: {}',
    'jobs:',
    '  deploy:',
    '    name: deploy',
    uses('deploy'),
    '    permissions:',
    '      contents: read',
    '      actions: read # whether the run that holds the lock has ended',
    '    with:',
    ...appLine(answers),
    namespaceLine("github.ref_name == 'main'", answers),
    ...tests(answers),
    '      build: |',
    ...answers.services.map(
      ({ name, context }) => `        - {name: ${name}, context: ${context}}`,
    ),
    ...secrets(key, registry, cluster, applicationSecrets),
  ];
}

function check(answers: Answers): readonly string[] {
  return [
    'name: pr-check',
    'on: pull_request',
    'permissions: {}',
    'jobs:',
    '  pr-check:',
    '    name: pr-check',
    uses('pr-check'),
    '    permissions:',
    '      contents: read',
    '      pull-requests: write # one comment, kept up to date',
    '    with:',
    ...appLine(answers),
    namespaceLine("github.base_ref == 'main'", answers),
    ...tests(answers),
    ...secrets(key, registry, cluster),
  ];
}

function rollback(answers: Answers): readonly string[] {
  const about =
    "{description: 'Release number; empty: the newest good one before the live one', type: string}";
  return [
    'name: rollback',
    'on:',
    '  workflow_dispatch:',
    '    inputs:',
    '      environment: {description: What to roll back, type: environment, required: true}',
    `      to-release: ${about}`,
    'permissions: {}',
    'jobs:',
    '  rollback:',
    '    name: rollback',
    uses('rollback'),
    '    permissions:',
    '      actions: read # whether the run that holds the lock has ended',
    '    with:',
    ...appLine(answers),
    '      environment: ${{ inputs.environment }}',
    '      to-release: ${{ inputs.to-release }}',
    namespaceLine("inputs.environment == 'production'", answers),
    ...secrets(key, cluster),
  ];
}

const appLine = ({ app }: Answers) => [`      app: ${app}`];

/** Path → text. */
export function callers(answers: Answers): Readonly<Record<string, string>> {
  const all = { deploy, 'pr-check': check, rollback };
  return Object.fromEntries(
    Object.entries(all).map(([name, lines]) => [
      `.github/workflows/${name}.yml`,
      `${lines(answers).join('\n')}\n`,
    ]),
  );
}
