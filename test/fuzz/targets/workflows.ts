// Workflow files of an application's repository, as `doctor` and the summary read them.

import fc from 'fast-check';
import { doctorLines } from '../../../src/commands/doctor/report.ts';
import { checkRepository } from '../../../src/commands/doctor/repository.ts';
import { project } from '../../../src/core/version.ts';
import { rollbackBlock } from '../../../src/report/rollback-link.ts';
import { mutated, spliced, text, written, yamlTricks } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import { plainOutcome, run } from '../publish.ts';
import { target } from '../target.ts';

const choice = { type: 'choice', options: ['production', 'staging'] };
const dispatch = { inputs: { environment: choice, 'to-release': { type: 'string' } } };
const secrets = { YC_SA_JSON_CREDENTIALS: '${{ secrets.YC_SA_JSON_CREDENTIALS }}' };

const workflow = {
  on: {
    push: { branches: ['main', 'release/**', '!main*'], 'branches-ignore': ['x'] },
    pull_request: {},
    workflow_dispatch: dispatch,
  },
  permissions: { contents: 'read' },
  jobs: {
    deploy: {
      uses: `${project}/.github/workflows/deploy.yml@v1`,
      permissions: { contents: 'read', actions: 'read' },
      with: { build: '- {name: api}', 'yc-k8s-cluster-id': '${{ vars.YC_K8S_CLUSTER_ID }}' },
      secrets,
    },
    preview: {
      environment: { name: 'pr-check' },
      steps: [
        {
          uses: `${project}@v1`,
          with: { command: 'diff', 'yc-sa-id': 'aje1' },
          env: secrets,
        },
        { run: 'make test' },
      ],
    },
  },
};

const file = fc.oneof(
  { weight: 6, arbitrary: written(mutated(workflow)) },
  { weight: 1, arbitrary: spliced(yamlTricks) },
  { weight: 1, arbitrary: text },
);

export const workflowTargets = {
  workflows: target<Readonly<Record<string, unknown>>>(
    fc.record({
      path: text,
      file,
      name: text,
      branch: text,
      environment: fc.constantFrom('production', 'staging', 'qa'),
    }),
    (given) => {
      const [path, workflowText, name, branch, environment] = [
        given['path'],
        given['file'],
        given['name'],
        given['branch'],
        given['environment'],
      ].map(textOf);
      const checks = checkRepository({
        workflows: [{ path: path ?? '', text: workflowText ?? '' }],
        overlays: ['production'],
        name: name ?? '',
        defaultBranch: branch ?? '',
      });
      const lines = doctorLines({ code: 1, checks, findings: [] });
      const outcome = {
        status: 'failed',
        goodBefore: 3,
        environment: environment ?? '',
        changes: [{ object: 'Deployment/web', change: 'configured' }],
      } as const;
      const facts = { ...run, rollbackWorkflow: workflowText ?? '' };
      rollbackBlock({ ...plainOutcome, ...outcome }, facts);
      return { lines, outcome };
    },
  ),
};
