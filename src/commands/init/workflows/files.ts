// Whole workflow files: triggers, permissions and jobs.

import { checkJobs } from './check-jobs.ts';
import { deployJobs, rollbackJobs } from './deploy-jobs.ts';
import { expression, type Form, reusableForm } from './form.ts';
import { contracts, type WorkflowName } from './inputs.ts';
import { callersGrant, type Jobs } from './job.ts';
import type { WorkflowInput } from './shared-inputs.ts';
import { block, entry, indent, type Lines, scalar } from './yaml.ts';

const jobsOf: Readonly<Record<WorkflowName, (form: Form) => Jobs>> = {
  deploy: deployJobs,
  'pr-check': checkJobs,
  rollback: rollbackJobs,
};

const defaults: Lines = ['defaults:', '  run:', '    shell: bash'];

/** Parts of a file with an empty line between them. */
export const paragraphs = (...parts: readonly Lines[]): string =>
  `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;

function jobsBlock(jobs: Jobs): Lines {
  const each = Object.entries(jobs).map(([id, lines]) => block(id, lines));
  return ['jobs:', ...each.flatMap((lines, at) => [...(at === 0 ? [] : ['']), ...indent(lines)])];
}

const about: Readonly<Record<WorkflowName, Lines>> = {
  deploy: [
    '# Tests, builds, scans, deploys and verifies an application. Called by its own repository, whose',
    '# GitHub environments hold the secrets: they arrive where both repositories have the same owner.',
  ],
  'pr-check': [
    '# Checks a pull request: tests, manifests, and a preview of what a deploy would change. Pull requests',
    '# from forks get no secret and no preview; everything else runs for them as well.',
  ],
  rollback: [
    '# Puts back an earlier release. A person starts it; it waits for no test, no build and no approval',
    '# that a deploy is waiting for.',
  ],
};

const written = [
  '# Written by scripts/docs.ts from src/commands/init/workflows, which has the same jobs for `webgen-deploy init`:',
  '# change those.',
];

const permissions = [
  '# No `permissions` here, and none for jobs with credentials: those have what the caller grants, so that',
  '# it may grant more (`id-token: write`, `security-events: write`). A job that asked for more than its',
  '# caller grants would stop every run at its start.',
];

/** Below a file's trigger: why it has no `concurrency`, which linters ask for. */
export const noGroup: Lines = [
  '# No group around the runs: a job that waits for approval would hold it, and a rollback would wait',
  '# behind it. The lock in the cluster orders them.',
];
export const withoutGroup = '# zizmor: ignore[concurrency-limits]';

function input(name: string, { description, type, ...said }: WorkflowInput): Lines {
  const text = said.default ?? '';
  const standard = type === 'boolean' ? [`default: ${text}`] : entry('default', text);
  return block(name, [
    ...entry('description', description),
    ...entry('type', type ?? 'string'),
    ...(said.required ? ['required: true'] : standard),
  ]);
}

/** A question for a person: GitHub shows the text as it is. */
function inputByHand(name: string, { byHand = '', type, ...said }: WorkflowInput): Lines {
  return block(name, [
    ...entry('description', byHand),
    ...entry('type', type ?? 'string'),
    ...(said.required || name === 'environment' ? ['required: true'] : []),
    ...(said.default === undefined || said.required ? [] : [`default: ${scalar(said.default)}`]),
  ]);
}

function calls(name: WorkflowName): Lines {
  const { inputs, secrets, outputs } = contracts[name];
  const all = Object.entries(inputs);
  const byHand = all.filter(([, { byHand: asked }]) => asked !== undefined);
  return [
    'on:',
    ...(name === 'pr-check'
      ? ['  workflow_call:']
      : [...indent(noGroup), `  workflow_call: ${withoutGroup}`]),
    ...indent(
      block(
        'inputs',
        all.flatMap(([id, each]) => input(id, each)),
      ),
      4,
    ),
    ...indent(
      block(
        'secrets',
        Object.entries(secrets).flatMap(([id, text]) =>
          block(id, [...entry('description', text), 'required: false']),
        ),
      ),
      4,
    ),
    ...indent(
      block(
        'outputs',
        Object.entries(outputs).flatMap(([id, [text, value]]) =>
          block(id, [...entry('description', text), ...entry('value', expression(value))]),
        ),
      ),
      4,
    ),
    ...(name === 'pr-check'
      ? []
      : [
          '  workflow_dispatch:',
          ...indent(
            block(
              'inputs',
              byHand.flatMap(([id, each]) => inputByHand(id, each)),
            ),
            4,
          ),
        ]),
  ];
}

/** A newer push to a pull request makes the older check pointless. */
const checkGroup = (app: string): Lines => [
  '# A newer push to the pull request makes the older check pointless.',
  'concurrency:',
  `  group: webgen-pr-check-\${{ github.repository }}-${app}-\${{ github.event.pull_request.number || github.ref }}`,
  '  cancel-in-progress: true',
];

/** `.github/workflows/NAME.yml` of the project itself. */
export function reusableWorkflow(name: WorkflowName): string {
  const form = reusableForm(name);
  return paragraphs(
    [...about[name], ...written, `name: ${name} ${callersGrant}`],
    calls(name),
    name === 'pr-check' ? checkGroup(form.text('app')) : [],
    permissions,
    defaults,
    jobsBlock(jobsOf[name](form)),
  );
}

/** The same jobs in an application's own file; `head` is the text above them. */
export function ordinaryWorkflow(name: WorkflowName, form: Form, head: readonly Lines[]): string {
  const isScripted = name !== 'rollback';
  return paragraphs(
    ...head,
    ...(name === 'pr-check' ? [checkGroup(form.text('app'))] : []),
    ['permissions: {}'],
    ...(isScripted ? [defaults] : []),
    jobsBlock(jobsOf[name](form)),
  );
}
