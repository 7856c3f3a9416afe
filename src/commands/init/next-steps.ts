// What is left to do by hand after `init`: permissions, environments and secrets, as commands to paste.

import { docsPage } from '../../core/version.ts';
import { storeKey } from '../../inputs/many-lines.ts';
import { storeSecrets } from '../../inputs/secret-lines.ts';
import { cluster, registry } from '../doctor/secret-names.ts';
import type { Answers } from './answers.ts';
import type { WorkflowChoice } from './workflows.ts';

const environments = ['production', 'staging', 'pr-check'] as const;

const bind = 'yc managed-kubernetes cluster add-access-binding <cluster-id>';
const subject = '--service-account-name';

const ids = [
  [registry, '<registry-id>'],
  [cluster, '<cluster-id>'],
] as const;

/** Without a value gh would ask for it, and take the next line that is pasted as the answer. */
const storeId = ([name, id]: (typeof ids)[number], environment: string): string =>
  `gh variable set ${name} --env ${environment} --body ${id}`;

/** Lines of text; a command is on a line of its own, indented. */
export function nextSteps({ app }: Answers, choice: WorkflowChoice): readonly string[] {
  const { staging } = choice.branches;
  const [deployer, checker] = [`${app}-deploy`, `${app}-check`];
  const cloud = [
    'kubectl apply -f manifests/bootstrap',
    `yc iam service-account create --name ${deployer}`,
    `${bind} ${subject} ${deployer} --role k8s.viewer`,
    `${bind} ${subject} ${deployer} --role k8s.cluster-api.editor`,
    `yc cloud-registry registry add-access-binding <registry-id> ${subject} ${deployer} --role cloud-registry.artifacts.pusher`,
    `yc iam key create --service-account-name ${deployer} --output key.json`,
    `yc iam service-account create --name ${checker}`,
    `${bind} ${subject} ${checker} --role k8s.viewer`,
    `${bind} ${subject} ${checker} --role k8s.cluster-api.viewer`,
    `yc iam key create --service-account-name ${checker} --output check-key.json`,
  ];
  const github = environments.flatMap((environment) => [
    `gh api --method PUT "repos/{owner}/{repo}/environments/${environment}"`,
    storeKey(environment, environment === 'pr-check' ? 'check-key.json' : 'key.json'),
    // Ids are not secret: as variables every job can read them, and nothing in them is masked.
    ...ids.map((id) => storeId(id, environment)),
  ]);
  const build = choice.settings?.['build-environment'];
  if (build) {
    github.push(
      `gh api --method PUT "repos/{owner}/{repo}/environments/${build}"`,
      storeKey(build, 'key.json'),
      storeId(ids[0], build),
    );
  }
  const deployed = environments.filter((environment) => environment !== 'pr-check');
  const values = deployed.map(storeSecrets);
  const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
  return [
    'Once, by an administrator of the cluster and the folder:',
    ...indent(cloud),
    'Once, in this repository:',
    ...indent(github),
    'Where the manifests use Secrets: their values, a line SecretName/key=value each, as base64:',
    ...indent(values),
    `Then check all of it, and push to ${staging}:`,
    ...indent(['webgen-deploy doctor', 'git add .github manifests && git commit && git push']),
    `Step by step: ${docsPage('guide/start')}`,
  ];
}
