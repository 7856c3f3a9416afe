// The jobs that check a pull request, in either form.
import { baseEnvironment, type Form } from './form.ts';
import { granted, type Jobs, outputsOf, render } from './job.ts';
import {
  account,
  checkout,
  checkRunner,
  checkSecrets,
  cluster,
  type Entries,
  passed,
  registryId,
  scan,
  tools,
  webgen,
} from './steps.ts';
import { testJobs } from './test-jobs.ts';
import { entry, type Lines } from './yaml.ts';

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
