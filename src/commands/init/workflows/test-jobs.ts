// The jobs that test an application.
import type { Form } from './form.ts';
import { type Jobs, render, source } from './job.ts';
import { pinned } from './pins.ts';
import { checkout, checkRunner, type Step } from './steps.ts';
import type { Lines } from './yaml.ts';

interface Suite {
  readonly id: string;
  readonly part: 'backend' | 'frontend';
  readonly setUp: (form: Form) => Step;
}

export const suites: readonly Suite[] = [
  {
    id: 'backend-tests',
    part: 'backend',
    setUp: (form) => ({
      name: 'Set up Python',
      uses: pinned('actions/setup-python'),
      with: [['python-version', form.text('python-version')]],
    }),
  },
  {
    id: 'frontend-tests',
    part: 'frontend',
    setUp: (form) => ({
      name: 'Set up Node.js',
      uses: pinned('actions/setup-node'),
      with: [
        ['node-version', form.text('node-version')],
        ['package-manager-cache', 'false'],
      ],
    }),
  },
];

function testJob(form: Form, { part, setUp }: Suite): Lines {
  const test = form.text(`${part}-test`);
  const script: Pick<Step, 'env' | 'run'> = form.isReusable
    ? { env: [['SCRIPT', test]], run: 'bash -euo pipefail -c "$SCRIPT"' }
    : { run: test };
  const path = form.text(`${part}-path`);
  return render(form, {
    name: `${part} tests`,
    ...(form.isReusable ? { if: [`if: \${{ inputs.${part}-path != '' }}`] } : {}),
    minutes: 30,
    permissions: source,
    steps: [
      ...(form.isReusable ? [checkRunner('bash')] : []),
      checkout,
      setUp(form),
      { name: `Test the ${part}`, folder: path, ...script },
    ],
  });
}

export function testJobs(form: Form): Jobs {
  // A folder that does not exist leaves its job out: by a condition, or here.
  const own = suites.filter(({ part }) => form.isReusable || form.text(`${part}-path`) !== '');
  return Object.fromEntries(own.map((suite) => [suite.id, testJob(form, suite)]));
}
