// The workflows of an application's repository, as ordinary jobs or as callers of the reusable ones.
import { project, version } from '../../core/version.ts';
import type { Answers } from './answers.ts';
import { noGroup, ordinaryWorkflow, paragraphs, withoutGroup } from './workflows/files.ts';
import {
  type Branches,
  baseEnvironment,
  environmentByRef,
  expression,
  onProduction,
  ordinaryForm,
  type Settings,
  usual,
} from './workflows/form.ts';
import { contracts, type WorkflowName } from './workflows/inputs.ts';
import { block, entry, flow, indent, type Lines } from './workflows/yaml.ts';

export interface WorkflowChoice {
  readonly form: 'ordinary' | 'reusable';
  readonly branches: Branches;
  /** The project's commit; without it the moving tag. */
  readonly commit?: string;
  /** What callers would write as `with:` beyond what `init` finds out, for every workflow that has it. */
  readonly settings?: Settings;
}

const names = Object.keys(contracts) as readonly WorkflowName[];

/** The moving tag of this major version. */
const majorTag = `v${version.split('.')[0]}`;

/** `path` is empty for the action itself. */
function uses(path: string, { commit }: WorkflowChoice): string {
  return commit ? `${project}${path}@${commit} # v${version}` : `${project}${path}@${majorTag}`;
}

/** One branch, environment or base belongs to production, everything else to staging. */
const namespaceOf = (condition: string, { namespace }: Answers) =>
  expression(`${condition} && '${namespace}' || '${namespace}-staging'`);

/** Only what differs from the workflows' own defaults. */
function tests({ pytest = '', requirements, python, npm = '' }: Answers): Settings {
  const pip = 'python -m pip install --disable-pip-version-check --requirement';
  return {
    ...(pytest === 'backend' ? {} : { 'backend-path': pytest }),
    ...(requirements ? { 'backend-test': `${pip} ${requirements}\npython -m pytest\n` } : {}),
    ...(python ? { 'python-version': python } : {}),
    ...(npm === 'frontend' ? {} : { 'frontend-path': npm }),
  };
}

/** Both forms use the same inputs: a caller's `with:`, and the values of ordinary jobs. */
function settingsOf(name: WorkflowName, answers: Answers, choice: WorkflowChoice): Settings {
  const { branches } = choice;
  const { app, services } = answers;
  const isUsual = branches.production === usual.production && branches.staging === usual.staging;
  const more = Object.entries(choice.settings ?? {}).filter(
    ([input]) => contracts[name].inputs[input],
  );
  const builds = services.map(
    ({ name: image, context }) => `- {name: ${image}, context: ${flow(context)}}`,
  );
  const own: Readonly<Record<WorkflowName, Settings>> = {
    deploy: {
      app,
      ...(isUsual ? {} : { environment: expression(environmentByRef(branches)) }),
      namespace: namespaceOf(onProduction(branches), answers),
      ...tests(answers),
      build: `${builds.join('\n')}\n`,
    },
    'pr-check': {
      app,
      ...(isUsual ? {} : { environment: expression(baseEnvironment(branches)) }),
      namespace: namespaceOf(`github.base_ref == '${branches.production}'`, answers),
      ...tests(answers),
    },
    rollback: {
      app,
      environment: '${{ inputs.environment }}',
      'to-release': '${{ inputs.to-release }}',
      namespace: namespaceOf("inputs.environment == 'production'", answers),
    },
  };
  return { ...own[name], ...Object.fromEntries(more) };
}

function startedBy(name: WorkflowName, { branches, form }: WorkflowChoice): Lines {
  const isCaller = form === 'reusable';
  // The called workflow has its own concurrency rules.
  const ungrouped = (trigger: string) =>
    isCaller ? [`${trigger}:`] : [...noGroup, `${trigger}: ${withoutGroup}`];
  const start: Readonly<Record<WorkflowName, Lines>> = {
    deploy: [
      ...ungrouped('push'),
      `  branches: [${flow(branches.production)}, ${branches.staging}]`,
    ],
    // Stacked pull requests too: tests and manifests are checked, and only the preview is skipped.
    'pr-check': ['pull_request:', 'merge_group:'],
    rollback: [
      ...ungrouped('workflow_dispatch'),
      '  inputs:',
      '    environment:',
      '      description: What to roll back',
      // The type `environment` would also offer pr-check.
      '      type: choice',
      '      options: [production, staging]',
      '      required: true',
      '    to-release:',
      '      description: Number of the release; empty means the newest good one before the live one',
      '      type: string',
    ],
  };
  return block('on', start[name]);
}

const allowed: Readonly<Record<WorkflowName, Lines>> = {
  deploy: ['contents: read', 'actions: read # whether the run that holds the lock has ended'],
  'pr-check': ['contents: read', 'pull-requests: write # one comment, kept up to date'],
  rollback: ['actions: read # whether the run that holds the lock has ended'],
};

function caller(name: WorkflowName, answers: Answers, choice: WorkflowChoice): string {
  const settings = Object.entries(settingsOf(name, answers, choice));
  const { secrets } = contracts[name];
  const job = [
    `name: ${name}`,
    `uses: ${uses(`/.github/workflows/${name}.yml`, choice)}`,
    ...block('permissions', allowed[name]),
    ...block(
      'with',
      settings.flatMap(([input, text]) => entry(input, text)),
    ),
    ...block(
      'secrets',
      Object.keys(secrets).map((each) => `${each}: \${{ secrets.${each} }}`),
    ),
  ];
  return paragraphs([
    `name: ${name}`,
    ...startedBy(name, choice),
    'permissions: {}',
    'jobs:',
    ...indent(block(name, job)),
  ]);
}

const about: Readonly<Record<WorkflowName, string>> = {
  deploy: '# Tests, builds, scans, deploys and verifies the application.',
  'pr-check':
    '# Checks a pull request: tests, manifests, and a preview of what a deploy would change.',
  rollback: '# Puts back an earlier release; a person starts it.',
};

function ordinary(name: WorkflowName, answers: Answers, choice: WorkflowChoice): string {
  const settings = settingsOf(name, answers, choice);
  const form = ordinaryForm(name, {
    settings,
    branches: choice.branches,
    action: uses('', choice),
  });
  return ordinaryWorkflow(name, form, [[about[name], `name: ${name}`], startedBy(name, choice)]);
}

/** Dependabot reads either. A repository that has one keeps its own settings. */
export const dependabotFiles: readonly string[] = [
  '.github/dependabot.yml',
  '.github/dependabot.yaml',
];

const dependabot = `# Proposes newer versions of the actions in the workflows.
version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    # A version that turns out to be harmful is mostly withdrawn within days.
    cooldown:
      default-days: 7
`;

/** Path → text. */
export function workflows(
  answers: Answers,
  choice: WorkflowChoice,
): Readonly<Record<string, string>> {
  const write = choice.form === 'ordinary' ? ordinary : caller;
  const files = names.map(
    (name) => [`.github/workflows/${name}.yml`, write(name, answers, choice)] as const,
  );
  return { ...Object.fromEntries(files), '.github/dependabot.yml': dependabot };
}
