// The jobs of a deploy and of a rollback, in either form.
import { deployEnvironment, expression, type Form } from './form.ts';
import { granted, group, type Jobs, live, outputsOf, render, source } from './job.ts';
import {
  account,
  checkout,
  checkRunner,
  checkSecrets,
  cluster,
  type Entries,
  passed,
  registryId,
  type Step,
  scan,
  tools,
  webgen,
} from './steps.ts';
import { suites, testJobs } from './test-jobs.ts';
import { entry, type Lines } from './yaml.ts';

function build(form: Form): Lines {
  const environment = deployEnvironment(form);
  const own = form.text('build-environment');
  const name = form.isReusable
    ? expression(`inputs.build-environment || ${environment}`)
    : own || expression(environment);
  // Whose secrets the job has; empty where there is nothing to deploy to.
  const reads = `(${environment}) && inputs.build-environment || ${environment}`;
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
      ...entry('name', name),
      'deployment: false # it only lends its secrets: the deployment is the job deploy',
    ],
    ...granted(form, source),
    outputs: [
      ['digest-lines', '${{ steps.build.outputs.digest-lines }}'],
      ...(form.isReusable ? ([['digests', '${{ steps.build.outputs.digests }}']] as const) : []),
    ],
    steps: [
      checkRunner(...(form.isReusable ? (['bash'] as const) : []), 'docker'),
      ...(form.isReusable ? [checkSecrets(reads, 'YC_SA_JSON_CREDENTIALS', 'YC_REGISTRY_ID')] : []),
      checkout,
      webgen(form, { name: 'Build and scan', id: 'build' }, inputs),
    ],
  });
}

/** For every job that was needed; one that was omitted on purpose counts as skipped. */
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

function imagesOf(form: Form, isBuilt: boolean): string | undefined {
  // A job that was omitted has no outputs, whatever is written here.
  const lines = form.isReusable
    ? "${{ needs.build.result == 'success' && needs.build.outputs.digest-lines || '' }}"
    : '${{ needs.build.outputs.digest-lines }}';
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
    // Without a condition GitHub requires every needed job to have succeeded.
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

/** Tests, build, approval, deploy; in the ordinary form only those that the application has. */
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
