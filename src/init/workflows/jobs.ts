// The jobs of a deploy, of a check and of a rollback, in either form.
import { baseEnvironment, deployEnvironment, expression, type Form } from './form.ts';
import { pinned } from './pins.ts';
import {
  account,
  checkout,
  checkRunner,
  checkSecrets,
  cluster,
  type Entries,
  entries,
  passed,
  registryId,
  renderStep,
  type Step,
  webgen,
} from './steps.ts';
import { block, entry, indent, type Lines } from './yaml.ts';

type Grants = Readonly<Record<string, readonly [level: 'read' | 'write', reason: string]>>;

interface Job {
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

const grants = (permissions: Grants): Lines =>
  Object.entries(permissions).map(([right, [level, reason]]) => `${right}: ${level} # ${reason}`);

// JSON names more than one label, or a group.
const runner = `\${{ (startsWith(inputs.runner, '[') || startsWith(inputs.runner, '{')) && fromJSON(inputs.runner) || inputs.runner }}`;

function render(form: Form, job: Job): Lines {
  const { name, needs, minutes, environment, concurrency, permissions, outputs, steps } = job;
  const none = permissions !== undefined && Object.keys(permissions).length === 0;
  const body = [
    `name: ${name}${permissions ? '' : ` ${callersGrant}`}`,
    ...(needs ? [`needs: [${needs.join(', ')}]`] : []),
    ...(job.if ?? []),
    ...entry('runs-on', form.isReusable ? runner : form.text('runner')),
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

const source: Grants = { contents: ['read', "the application's source"] };

/**
 * What a job may do that has the cloud's credentials. A called job that asks for a right which its
 * caller does not grant stops the whole run, so in the reusable form the caller's grant counts:
 * more of it (keyless, code scanning) is the caller's choice.
 * https://docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations
 */
const granted = (form: Form, permissions: Grants): Pick<Job, 'permissions'> =>
  form.isReusable ? {} : { permissions };

/** The linter wants a job's grants in its own file. */
export const callersGrant = '# zizmor: ignore[excessive-permissions]';

interface Suite {
  readonly id: string;
  readonly part: 'backend' | 'frontend';
  readonly setUp: (form: Form) => Step;
}

const suites: readonly Suite[] = [
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

function testJobs(form: Form): Jobs {
  // A folder that is not there leaves its job out: by a condition, or here.
  const own = suites.filter(({ part }) => form.isReusable || form.text(`${part}-path`) !== '');
  return Object.fromEntries(own.map((suite) => [suite.id, testJob(form, suite)]));
}

const scan = ['scan', 'scan-severity', 'scan-ignore-unfixed', 'scan-baseline'];
const tools = ['trivy-version', 'trivy-db-repository', 'tool-mirror'];

function build(form: Form): Lines {
  const environment = deployEnvironment(form);
  const name = form.isReusable ? `inputs.build-environment || ${environment}` : environment;
  const inputs: Entries = [
    ['command', 'build'],
    ...passed(form, 'build', 'registry', ...scan, ...tools),
    registryId(form),
    ...account(form),
  ];
  return render(form, {
    name: 'build and scan',
    ...(form.isReusable ? { if: ["if: ${{ inputs.build != '' }}"] } : {}),
    minutes: 60,
    environment: [
      ...entry('name', expression(name)),
      'deployment: false # it only lends its secrets: the deployment is the job deploy',
    ],
    ...granted(form, source),
    outputs: [
      ['digest-lines', '${{ steps.build.outputs.digest-lines }}'],
      ...(form.isReusable ? ([['digests', '${{ steps.build.outputs.digests }}']] as const) : []),
    ],
    steps: [
      checkRunner('bash', 'docker'),
      ...(form.isReusable
        ? [checkSecrets(environment, 'YC_SA_JSON_CREDENTIALS', 'YC_REGISTRY_ID')]
        : []),
      checkout,
      webgen(form, { name: 'Build and scan', id: 'build' }, inputs),
    ],
  });
}

/** Of every job that was needed; one that was left out on purpose is skipped. */
const good =
  "!cancelled() && !contains(needs.*.result, 'failure') && !contains(needs.*.result, 'cancelled')";

function approval(form: Form): Lines {
  return render(form, {
    name: 'approval',
    needs: [...suites.map(({ id }) => id), 'build'],
    if: [`if: \${{ inputs.approval-environment != '' && ${good} }}`],
    minutes: 5,
    environment: entry('name', form.text('approval-environment')),
    permissions: {},
    steps: [{ name: 'Approved', run: 'echo "The deploy has been approved."' }],
  });
}

/**
 * With the lock nothing else orders deploys: a job that waits for approval holds its group already,
 * for up to 30 days, and a rollback would wait with it. A name of its own is as good as no group.
 */
function group(form: Form, environment: string): Lines {
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

const live: Grants = { actions: ['read', 'whether the run that holds the lock has ended'] };

function verify(form: Form, after: string, environment?: string): Step {
  const named = { name: 'Verify', ...(environment === undefined ? {} : { environment }) };
  return webgen(form, named, [
    ['command', 'status'],
    ['namespace', `\${{ steps.${after}.outputs.namespace }}`],
    ['revision', `\${{ steps.${after}.outputs.revision }}`],
    ...cluster(form),
    ...account(form),
  ]);
}

const outputsOf = (step: string, ...names: readonly string[]): Entries =>
  names.map((name) => [name, `\${{ steps.${step}.outputs.${name} }}`] as const);

function imagesOf(form: Form, isBuilt: boolean): string | undefined {
  const lines = '${{ needs.build.outputs.digest-lines }}';
  if (!isBuilt) return form.value('images');
  const given = form.value('images');
  return given === undefined ? lines : `${given.trimEnd()}\n${lines}\n`;
}

function deploy(form: Form, needs: readonly string[]): Lines {
  const isBuilt = needs.includes('build');
  const inputs: Entries = [
    ['command', 'deploy'],
    ...passed(form, 'namespace', 'create-namespace', 'manifests'),
    ['images', imagesOf(form, isBuilt)],
    [
      'built',
      form.isReusable ? "${{ needs.build.result == 'success' }}" : isBuilt ? 'true' : undefined,
    ],
    ...passed(form, 'registry'),
    ...(isBuilt ? [registryId(form)] : []),
    ...passed(form, 'variables'),
    ['secrets', '${{ secrets.APPLICATION_SECRETS }}'],
    ...passed(form, 'timeout', 'patience', 'on-failure', 'prune', 'prune-confirm', 'take-over'),
    ...passed(form, 'allow-older', 'lock', 'lock-timeout', 'environment-url'),
    ...cluster(form),
    ...account(form),
  ];
  const environment = deployEnvironment(form);
  const approved = "(inputs.approval-environment == '' || needs.approval.result == 'success')";
  return render(form, {
    name: 'deploy and verify',
    ...(needs.length > 0 ? { needs } : {}),
    // Without a condition GitHub wants every needed job to have succeeded.
    ...(form.isReusable
      ? {
          if: [
            '# A job that was left out does not stop it; one that failed, was cancelled or timed out does.',
            'if: >-',
            `  \${{ ${good}`,
            `  && ${approved} }}`,
          ],
        }
      : {}),
    minutes: 150,
    environment: [
      ...entry('name', expression(environment)),
      ...(form.value('environment-url') ? entry('url', form.text('environment-url')) : []),
    ],
    concurrency: group(form, `${environment} || github.ref`),
    ...granted(form, {
      contents: ['read', 'the manifests, and which of two commits is older'],
      ...live,
    }),
    ...(form.isReusable
      ? { outputs: outputsOf('deploy', 'status', 'error-code', 'environment', 'revision') }
      : {}),
    steps: [
      ...(form.isReusable
        ? [
            checkRunner('bash'),
            checkSecrets(environment, 'YC_SA_JSON_CREDENTIALS', 'YC_K8S_CLUSTER_ID'),
          ]
        : []),
      checkout,
      webgen(form, { name: 'Deploy', id: 'deploy' }, inputs),
      verify(form, 'deploy'),
    ],
  });
}

/** Tests, build, approval, deploy; in the ordinary form only what the application has. */
export function deployJobs(form: Form): Jobs {
  const tests = testJobs(form);
  const isBuilt = form.isReusable || form.text('build') !== '';
  const needs = [
    ...Object.keys(tests),
    ...(isBuilt ? ['build'] : []),
    ...(form.isReusable ? ['approval'] : []),
  ];
  return {
    ...tests,
    ...(isBuilt ? { build: build(form) } : {}),
    ...(form.isReusable ? { approval: approval(form) } : {}),
    deploy: deploy(form, needs),
  };
}

const overlays = `shopt -s nullglob
overlays=(manifests/overlays/*/)
if [ "\${#overlays[@]}" -eq 0 ]; then
  echo '::error title=No overlay::There is no folder in manifests/overlays; name yours by the input manifests.'
  exit 1
fi
failed=0
for overlay in "\${overlays[@]}"; do
  printf 'overlay %q\\n' "$overlay"
  kubectl kustomize "$overlay" > /dev/null || failed=1
done
exit "$failed"
`;

const manifests = (form: Form): Lines =>
  render(form, {
    name: 'manifests',
    ...(form.isReusable ? { if: ["if: ${{ inputs.manifests == '' }}"] } : {}),
    minutes: 10,
    permissions: { contents: ['read', 'the manifests'] },
    steps: [
      checkRunner('bash', 'kubectl'),
      checkout,
      { name: 'Build every overlay', run: overlays },
    ],
  });

function preview(form: Form): Lines {
  const { isReusable, branches } = form;
  const byBase = baseEnvironment(branches);
  const inputs: Entries = [
    ['command', 'diff'],
    ...passed(form, 'namespace', 'manifests', 'images', 'variables', 'prune', ...scan, ...tools),
    ...passed(form, 'comment'),
    ...cluster(form),
    registryId(form),
    ...account(form),
  ];
  const bases = [branches.production, branches.staging].map(
    (name) => `github.base_ref == '${name}'`,
  );
  const goesSomewhere = [...(isReusable ? ["inputs.environment != ''"] : []), ...bases];
  return render(form, {
    name: 'preview',
    if: [
      '# Neither forks nor Dependabot get the secrets, and a stacked pull request has no environment.',
      'if: >-',
      "  ${{ github.event_name == 'pull_request'",
      '  && github.event.pull_request.head.repo.full_name == github.repository',
      "  && github.event.pull_request.user.login != 'dependabot[bot]'",
      `  && (${goesSomewhere.join(' || ')}) }}`,
    ],
    minutes: 20,
    environment: [
      ...entry('name', form.text('check-environment')),
      'deployment: false # nothing is deployed',
    ],
    ...granted(form, {
      contents: ['read', 'the manifests'],
      'pull-requests': ['write', 'one comment, kept up to date'],
    }),
    ...(isReusable ? { outputs: outputsOf('diff', 'status', 'changes') } : {}),
    steps: [
      ...(isReusable
        ? [
            checkRunner('bash'),
            checkSecrets('inputs.check-environment', 'YC_SA_JSON_CREDENTIALS', 'YC_K8S_CLUSTER_ID'),
          ]
        : []),
      checkout,
      webgen(
        form,
        {
          name: 'Preview',
          id: 'diff',
          environment: isReusable ? `inputs.environment || ${byBase}` : byBase,
        },
        inputs,
      ),
    ],
  });
}

export const checkJobs = (form: Form): Jobs => ({
  ...testJobs(form),
  ...(form.isReusable || form.text('manifests') === '' ? { manifests: manifests(form) } : {}),
  preview: preview(form),
});

export function rollbackJobs(form: Form): Jobs {
  const environment = 'inputs.environment';
  const inputs: Entries = [
    ['command', 'rollback'],
    ...passed(form, 'namespace'),
    ['to-release', '${{ inputs.to-release }}'],
    ...passed(form, 'timeout', 'patience', 'take-over', 'lock', 'lock-timeout', 'environment-url'),
    ...cluster(form),
    ...account(form),
  ];
  const job = render(form, {
    name: 'roll back and verify',
    minutes: 120,
    environment: [
      ...entry('name', expression(environment)),
      ...(form.value('environment-url') ? entry('url', form.text('environment-url')) : []),
    ],
    concurrency: group(form, environment),
    ...granted(form, live),
    ...(form.isReusable
      ? { outputs: outputsOf('rollback', 'status', 'error-code', 'revision') }
      : {}),
    steps: [
      ...(form.isReusable
        ? [
            checkRunner('bash'),
            checkSecrets(environment, 'YC_SA_JSON_CREDENTIALS', 'YC_K8S_CLUSTER_ID'),
          ]
        : []),
      webgen(form, { name: 'Roll back', id: 'rollback', environment }, inputs),
      verify(form, 'rollback', environment),
    ],
  });
  return { rollback: job };
}
